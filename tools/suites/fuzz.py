# SPDX-License-Identifier: MIT
"""The libFuzzer targets, each for a bounded time: the executables of tests/vgpu that are named fuzz_* (a *_standalone
reads one input and is no target). A target's seeds are in tests/vgpu/fuzz/NAME; what it learns is kept in
build/fuzz-corpus.
"""

import os
import shutil
import subprocess
import time

from .. import build, paths, proc, sandbox
from ..errors import tail
from ..report import Stage
from ..results import FAIL, PASS

# CI spends this on each target; ZEROCOPY_FUZZ_SECONDS asks for more.
DEFAULT_S = 30
INPUT_S = 10
INPUT_MIB = 4096


class Fuzzer:
    """One target at work."""

    def __init__(self, name, path, seconds):
        self.name = name
        self.log = paths.LOGS / f'{name}.log'
        self.findings = paths.RESULTS / 'fuzz' / name
        shutil.rmtree(self.findings, ignore_errors=True)
        learned = paths.BUILD / 'fuzz-corpus' / name
        for folder in (self.findings, learned, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        seeds = paths.REPO / 'tests/vgpu/fuzz' / name
        command = [path, f'-max_total_time={seconds}', f'-timeout={INPUT_S}', f'-rss_limit_mb={INPUT_MIB}',
                   '-print_final_stats=1', f'-artifact_prefix={self.findings}/', learned,
                   *([seeds] if seeds.is_dir() else [])]
        self.started = time.monotonic()
        with open(self.log, 'wb') as log:
            self.process = proc.spawn(sandbox.command(command, env=build.SANITIZER_ENVIRONMENT),
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def report(self, suite):
        status = self.process.wait()
        inputs = ', '.join(str(path) for path in self.findings.iterdir()) or 'none'
        suite.add(self.name, FAIL if status else PASS, time.monotonic() - self.started,
                  f'status {status}, inputs that show it: {inputs}{tail(self.log, 40)}' if status else '')


def run(suite):
    seconds = int(os.environ.get('ZEROCOPY_FUZZ_SECONDS', DEFAULT_S))
    build.configure('fuzz')
    targets = {name: path for name, path in build.executables('fuzz', 'tests/vgpu').items()
               if name.startswith('fuzz_') and not name.endswith('_standalone')}
    build.ninja('fuzz', targets.values())
    with Stage(f'fuzz: {len(targets)} targets, {seconds} s each') as stage:
        at_once(suite, sorted(targets.items()), seconds, stage)


def at_once(suite, waiting, seconds, stage):
    """Run as many targets at a time as there are processors."""
    total = len(waiting)
    running = []
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                running.append(Fuzzer(*waiting.pop(0), seconds))
            for fuzzer in [fuzzer for fuzzer in running if fuzzer.process.poll() is not None]:
                running.remove(fuzzer)
                fuzzer.report(suite)
            stage.progress(total - len(waiting) - len(running), total, ' '.join(fuzzer.name for fuzzer in running))
            time.sleep(0.2)
    finally:
        for fuzzer in running:
            proc.kill(fuzzer.process)
