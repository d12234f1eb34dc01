# SPDX-License-Identifier: MIT
"""Debian's igt, unmodified, in the guest: igt_runner runs the tests, its results.json is read here."""

import fnmatch
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import cache, newer, paths, vm
from .errors import Failure
from .results import FAIL, PASS, SKIP

TESTS = 'usr/libexec/igt-gpu-tools'
GUEST_SCRIPT = Path(__file__).parent / 'guest/igt'
INACTIVITY_S = 120
TEST_S = 600
GOOD = {'pass': PASS, 'skip': SKIP}
# The kernel's word on a guest whose processors stood still for a while, as emulated ones do on a busy host. A warning of
# nothing else is none about the GPU.
STANDSTILL = re.compile(r'hrtimer: interrupt took|clocksource: |TSC found unstable|sched_clock: |perf: interrupt took')


@dataclass
class Outcome:
    """What igt_results says of one test."""
    name: str
    verdict: str  # igt's own word: pass, fail, dmesg-warn, timeout...
    seconds: float
    message: str
    warnings: str = ''  # the lines of the kernel's log that made igt say dmesg-warn

    @property
    def outcome(self):
        if self.verdict == 'dmesg-warn' and self.warnings.strip() and all(map(STANDSTILL.search,
                                                                              self.warnings.strip().splitlines())):
            return PASS
        return GOOD.get(self.verdict, FAIL)


def expression(wanted):
    """The runner's regular expression for TEST or TEST@SUBTEST, where * and ? are wildcards."""
    name, _, subtest = wanted.partition('@')
    pattern = re.escape(name) + ('(@.*)?' if not subtest else '@' + glob(subtest))
    return f'^igt@{pattern}$'


def glob(text):
    return re.escape(text).replace(r'\*', '.*').replace(r'\?', '.')


def binaries(tree, wanted):
    """The test programs that these patterns name."""
    folder = tree / TESTS
    known = sorted(str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file() and path.suffix == '')
    found = []
    for pattern in wanted:
        names = fnmatch.filter(known, pattern.partition('@')[0])
        if not names:
            raise Failure(f'igt has no test {pattern.partition("@")[0]}', todo=f'the tests are in {folder}', status=2)
        found += [name for name in names if name not in found]
    return found


def prepare(work, names):
    """The runner's folder of tests: links to the wanted ones, so that it looks at no others."""
    shutil.rmtree(work, ignore_errors=True)
    tests = work / 'tests'
    tests.mkdir(parents=True)
    for name in names:
        link = tests / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f'/{TESTS}/{name}')
    (tests / 'test-list.txt').write_text('TESTLIST\n' + ' '.join(names) + '\nEND TESTLIST\n', encoding='utf-8')


def run(guest, wanted, exclude=(), output=None):
    """Run these tests in this guest; (list of Outcome, vm.Result, the folder of igt's own results)."""
    with cache.lock('igt', base=paths.BUILD):
        return run_locked(guest, wanted, exclude, output)


def run_locked(guest, wanted, exclude, output):
    tree = newer.igt()
    work = paths.BUILD / 'igt'
    prepare(work, binaries(tree, wanted))
    options = ['--inactivity-timeout', str(INACTIVITY_S), '--per-test-timeout', str(TEST_S)]
    for pattern in wanted:
        options += ['-t', expression(pattern)]
    for pattern in exclude:
        options += ['-x', expression(pattern)]
    guest.shares.append(tree)
    result = vm.run(guest, ['sh', GUEST_SCRIPT, tree, work, *options], output, output)
    file = work / 'results/results.json'
    if not file.exists():
        raise Failure(f'igt left no results (status {result.status})', todo=f'see {result.folder}')
    outcomes = read(file)
    if not outcomes:
        raise Failure('igt ran no test', 'no subtest matches ' + ' '.join(wanted), status=2)
    return outcomes, result, work / 'results'


def read(file):
    """The outcomes in a results.json."""
    tests = json.loads(file.read_text(encoding='utf-8', errors='replace'))['tests']
    outcomes = []
    for name, test in sorted(tests.items()):
        time = test.get('time', {})
        warnings = test.get('dmesg-warnings', '')
        message = '\n'.join(text.strip() for text in (test.get('out', ''), test.get('err', ''), warnings) if text)
        outcomes.append(Outcome(name.removeprefix('igt@'), test['result'],
                                float(time.get('end', 0)) - float(time.get('start', 0)), message, warnings))
    return outcomes
