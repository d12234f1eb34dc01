# SPDX-License-Identifier: MIT
"""tests/differential: random state, formats and transfers on the virtual GPU against the software drivers.

ZEROCOPY_DIFFERENTIAL_SEEDS, `FIRST-LAST`, runs others than the fixed seeds. What tests/differential/defects.txt lists
must differ, and nothing else may.
"""

import collections
import os
import re
import time

from .. import differential, inprocess
from ..errors import Failure
from ..report import Stage
from ..results import FAIL, PASS

SEEDS = (1, 8)
SUMMARY = re.compile(r'(?m)^vgpu in-process: (\d+) batches executed, (\d+) commands not modelled$')
# Of the pixels of each kind of step: the edges of triangles, and lines, are left out.
LEAST_COMPARED_PERCENT = 30


def seeds():
    text = os.environ.get('ZEROCOPY_DIFFERENTIAL_SEEDS')
    if not text:
        return range(SEEDS[0], SEEDS[1] + 1)
    match = re.fullmatch(r'(\d+)-(\d+)', text)
    if not match:
        raise Failure(f'ZEROCOPY_DIFFERENTIAL_SEEDS is no FIRST-LAST: {text}', status=2)
    return range(int(match[1]), int(match[2]) + 1)


def gpu_problem(output):
    """What is wrong with what the in-process GPU said, '' if nothing is."""
    counts = SUMMARY.search(output)
    if not counts or not int(counts[1]):
        return 'nothing was executed on the virtual GPU'
    if int(counts[2]) or 'vgpu in-process: fault' in output or 'GPU HANG' in output:
        return 'the virtual GPU met what it does not model, or hung'
    return ''


def run(suite):
    binary, preload = differential.program(), inprocess.library()
    known = {(defect.seed, defect.step): defect.reason for defect in differential.defects()}
    compared, pixels = collections.Counter(), collections.Counter()
    wanted = seeds()
    with Stage(f'differential: seeds {wanted[0]} to {wanted[-1]}') as stage:
        for number, seed in enumerate(wanted):
            stage.progress(number, len(wanted), f'seed {seed}')
            began = time.monotonic()
            outcomes, device, output = differential.check_seed(binary, preload, seed)
            wrong = []
            for outcome in outcomes:
                reason = known.get((seed, outcome.step))
                if reason:
                    suite.check(f'seed {seed} step {outcome.step} ({outcome.kind}): {reason}', not outcome.agrees,
                                'agrees now: take it out of defects.txt')
                elif not outcome.agrees:
                    wrong.append(f'{outcome}\n  {differential.minimise(binary, preload, outcome)}')
            problem = gpu_problem(output)
            if problem:
                wrong.append(f'{problem}\n{output}')
            suite.add(f'seed {seed}', FAIL if wrong else PASS, time.monotonic() - began, '\n'.join(wrong))
            for step in device.steps.values():
                for picture in step.pictures:
                    count = picture.width * picture.height
                    pixels[step.kind] += count
                    compared[step.kind] += sum(map(bool, picture.mask)) if picture.mask else count
            if number == 0:
                blind = differential.insensitive(device)
                suite.check('a wrong pixel in any picture is seen', not blind, f'not in {blind}')
    for kind, count in pixels.items():
        suite.check(f'{kind}: {LEAST_COMPARED_PERCENT} % of the pixels are compared',
                    100 * compared[kind] >= LEAST_COMPARED_PERCENT * count, f'{compared[kind]} of {count}')
