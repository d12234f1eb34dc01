# SPDX-License-Identifier: MIT
"""Debian's igt, unmodified, in the guest: igt_runner runs the tests, its results.json is read here."""

import fnmatch
import json
import re
import shlex
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
# Options that a test gets when the runner starts it, to suit a GPU that is emulated.
TEST_OPTIONS = {'gem_userptr_blits': ['-c', '16']}


@dataclass
class Outcome:
    """What igt_results says of one test."""
    name: str
    verdict: str  # igt's own word: pass, fail, dmesg-warn, timeout...
    seconds: float
    message: str

    @property
    def outcome(self):
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


def prepare(tree, work, names):
    """The runner's folder of tests: a wrapper for each, so that it looks at no others."""
    shutil.rmtree(work, ignore_errors=True)
    tests = work / 'tests'
    tests.mkdir(parents=True)
    for name in names:
        wrapper = tests / name
        wrapper.parent.mkdir(parents=True, exist_ok=True)
        options = shlex.join(TEST_OPTIONS.get(name, []))
        wrapper.write_text(f'#!/bin/sh\nexec /{TESTS}/{name} {options} "$@"\n', encoding='utf-8')
        wrapper.chmod(0o755)
    (tests / 'test-list.txt').write_text('TESTLIST\n' + ' '.join(names) + '\nEND TESTLIST\n', encoding='utf-8')


def run(guest, wanted, exclude=(), output=None):
    """Run these tests in this guest; (list of Outcome, vm.Result, the folder of igt's own results)."""
    with cache.lock('igt', base=paths.BUILD):
        return run_locked(guest, wanted, exclude, output)


def run_locked(guest, wanted, exclude, output):
    tree = newer.igt()
    work = paths.BUILD / 'igt'
    prepare(tree, work, binaries(tree, wanted))
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
        message = '\n'.join(test.get(part, '').strip() for part in ('out', 'err')
                            if test.get(part)) + '\n' + dmesg_of(test)
        outcomes.append(Outcome(name.removeprefix('igt@'), test['result'],
                                float(time.get('end', 0)) - float(time.get('start', 0)), message.strip()))
    return outcomes


def dmesg_of(test):
    if not test['result'].startswith('dmesg'):
        return ''
    return test.get('dmesg-warnings') or test.get('dmesg', '')
