# SPDX-License-Identifier: MIT
"""The libFuzzer targets, each for a bounded time: the executables of tests/vgpu that are named fuzz_* (a *_standalone
reads one input and is no target). A target's seeds are in tests/vgpu/fuzz/NAME; what it learns is kept in
build/fuzz-corpus.
"""

import os
import shutil
import time

from .. import build, paths, sandbox
from ..errors import Failure
from ..report import Stage
from ..results import FAIL, PASS

# CI spends this on each target; ZEROCOPY_FUZZ_SECONDS asks for more.
DEFAULT_S = 30


def run(suite):
    seconds = int(os.environ.get('ZEROCOPY_FUZZ_SECONDS', DEFAULT_S))
    build.configure('fuzz')
    targets = {name: path for name, path in build.executables('fuzz', 'tests/vgpu').items()
               if name.startswith('fuzz_') and not name.endswith('_standalone')}
    build.ninja('fuzz', targets.values())
    for name, path in sorted(targets.items()):
        fuzz(suite, name, path, seconds)


def fuzz(suite, name, path, seconds):
    seeds = paths.REPO / 'tests/vgpu/fuzz' / name
    found = paths.BUILD / 'fuzz-corpus' / name
    findings = paths.RESULTS / 'fuzz' / name
    shutil.rmtree(findings, ignore_errors=True)
    for folder in (found, findings):
        folder.mkdir(parents=True, exist_ok=True)
    corpora = [found] + ([seeds] if seeds.is_dir() else [])
    started = time.monotonic()
    try:
        with Stage(f'{name}, {seconds} s') as stage:
            sandbox.run([path, f'-max_total_time={seconds}', '-timeout=10', '-rss_limit_mb=4096',
                         '-print_final_stats=1', f'-artifact_prefix={findings}/', *corpora], name, name,
                        lambda line: stage.progress(note=line or ''), env=build.SANITIZER_ENVIRONMENT)
    except Failure as failure:
        inputs = ', '.join(str(path) for path in findings.iterdir()) or 'none'
        suite.add(name, FAIL, time.monotonic() - started, f'{failure}\ninputs that show it: {inputs}')
    else:
        suite.add(name, PASS, time.monotonic() - started)
