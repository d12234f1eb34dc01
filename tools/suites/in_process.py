# SPDX-License-Identifier: MIT
"""The in-process front end: the ioctls that it plays, and piglit on Debian's crocus without a VM."""

import re
import time

from .. import build, inprocess
from ..report import Stage
from ..results import FAIL, PASS
from . import gl

TESTS = [test for test in gl.TESTS if test.startswith('amd_pinned_memory ')]
# Draws into a window, and reads it.
WINDOW_TEST = 'fbo-blit'
TEST_S = 60
SUMMARY = re.compile(r'(?m)^vgpu in-process: (\d+) batches executed, (\d+) commands not modelled$')


def problem(status, output):
    """What is wrong with a piglit run, '' if nothing is. A software driver would pass too, but submits no batch."""
    counts = SUMMARY.search(output)
    if status is None:
        return f'no end after {TEST_S} s'
    if gl.outcome(output) != 'pass' or status:
        return f'{gl.outcome(output)}, status {status}'
    if not counts or not int(counts[1]):
        return 'nothing was executed on the virtual GPU'
    if int(counts[2]) or 'vgpu in-process: fault' in output or 'GPU HANG' in output:
        return 'the virtual GPU met what it does not model, or hung'
    return ''


def run(suite):
    preload = inprocess.library()
    ioctls = build.program('release', 'tests/vgpu/drm_shim', 'test_drm_shim')
    status, output = inprocess.capture([ioctls], preload, TEST_S)
    cases = re.findall(r'(?m)^\[\s+(OK|FAILED)\s+\] (test_\w+)$', output)
    for name, verdict in {name: verdict for verdict, name in cases}.items():
        suite.check(name, verdict == 'OK', output)
    suite.check('test_drm_shim', status == 0 and len(cases) > 0, f'status {status}\n{output}')
    runs = [(f'{test} -auto -fbo', None) for test in TESTS] + [(f'{WINDOW_TEST} -auto', {'PIGLIT_PLATFORM': 'gbm'})]
    with Stage(f'in-process: {len(runs)} piglit tests on Debian\'s crocus') as stage:
        for number, (test, environment) in enumerate(runs):
            stage.progress(number, len(runs), test)
            began = time.monotonic()
            status, output = inprocess.capture(f'{gl.BIN}/{test}'.split(), preload, TEST_S, environment)
            wrong = problem(status, output)
            suite.add(f'piglit {test}', FAIL if wrong else PASS, time.monotonic() - began,
                      f'{wrong}\n{output}' if wrong else '')
