# SPDX-License-Identifier: MIT
"""Debian's piglit, unmodified, in the guest with Debian's crocus: its own runner runs the tests, its results are read here.

Tests run one after another, each in its own process: one that hangs the GPU takes no other one down.
"""

import collections
import gzip
import json
import os
import re
import shutil
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

from . import cache, paths, rootfs, sandbox, vm
from .errors import Failure
from .report import Stage
from .results import FAIL, PASS, SKIP

PROFILES = ('quick_gl', 'quick_shader')
TESTS = 'usr/lib/x86_64-linux-gnu/piglit/tests'
# Where tests that want a window get one; piglit's surfaceless_egl has none, and such tests abort.
PLATFORM = 'gbm'
EXPECTATIONS = paths.REPO / 'tests/piglit/expectations.txt'
TEST_S = 600  # by the guest's clock, which leaps ahead where the host is busy
KINDS = ('fail', 'flake', 'skip')
GOOD = {'pass': PASS, 'skip': SKIP}


@dataclass
class Expectation:
    """A line of the expectations: what is known of the tests of this name, and why."""
    kind: str
    name: str  # * stands for anything
    reason: str

    def __post_init__(self):
        self.pattern = re.compile('.*'.join(map(re.escape, self.name.split('*'))))

    def matches(self, name):
        return bool(self.pattern.fullmatch(name))


@dataclass
class Outcome:
    """What piglit says of one test, and whether that was expected."""
    name: str
    verdict: str  # piglit's own word: pass, fail, crash, timeout, warn, skip, incomplete...
    seconds: float
    message: str
    expectation: Expectation = field(default=None)

    @property
    def outcome(self):
        """FAIL where the expectations are not met."""
        now = GOOD.get(self.verdict, FAIL)
        if self.expectation is None or now == SKIP:
            return now
        if self.expectation.kind == 'flake':
            return PASS
        return PASS if now == FAIL else FAIL

    @property
    def note(self):
        if self.expectation is None:
            return ''
        if self.outcome == FAIL:
            return f'passes, though it was to fail: {self.expectation.reason}'
        return f'expected {self.expectation.kind}: {self.expectation.reason}'


def expectations(text):
    """The lines `fail|flake|skip NAME # REASON`."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        match = re.fullmatch(r'(\w+)\s+(\S.*?)\s+#\s+(\S.*)', line)
        if not match or match[1] not in KINDS:
            raise Failure(f'{EXPECTATIONS.name}, line {number}', 'not `fail|flake|skip NAME # REASON`', status=2)
        found.append(Expectation(*match.groups()))
    return found


def shard(text, environment=os.environ):
    """(i, n) of "i/n", or of what GitLab's CI says; (1, 1) means everything."""
    if not text:
        text = f'{environment.get("CI_NODE_INDEX") or 1}/{environment.get("CI_NODE_TOTAL") or 1}'
    match = re.fullmatch(r'(\d+)/(\d+)', text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise Failure(f'no shard: {text}', 'not i/n with i from 1 to n', status=2)
    return int(match[1]), int(match[2])


def elements():
    """Every test of the profiles as piglit's XML describes it: (name, element)."""
    for profile in PROFILES:
        with gzip.open(rootfs.get() / TESTS / f'{profile}.xml.gz') as file:
            for _, element in xml.iterparse(file):
                if element.tag == 'Test':
                    yield element.get('name'), element


def choose(names, patterns, exclude, part, known):
    """The tests of one shard: every nth, so that slow groups spread; those to skip are none.

    The patterns are piglit's regular expressions, but / separates as @ does.
    """
    def any_of(regexes, name):
        return any(re.search(regex.replace('/', '@'), name, re.IGNORECASE) for regex in regexes)

    found = [name for name in sorted(set(names))
             if (not patterns or any_of(patterns, name)) and not any_of(exclude, name) and
             not any(item.kind == 'skip' and item.matches(name) for item in known)]
    return found[part[0] - 1::part[1]]


def write_profile(tests, file):
    """A profile of these elements alone: the guest is slow at reading tens of thousands."""
    root = xml.Element('PiglitTestList', count=str(len(tests)), name='zerocopy')
    root.extend(tests)
    with gzip.open(file, 'wb') as out:
        xml.ElementTree(root).write(out, encoding='utf-8', xml_declaration=True)


def faults(log):
    """What the GPU process complained of: [(times, text without addresses)], the most frequent first."""
    lines = re.findall(r'(?m)vgpu: fault: (.*)$', log)
    plain = [re.sub(r'0x[0-9a-f]+', '0x...', re.sub(r' \(at 0x.*', '', line)) for line in lines]
    return [(times, text) for text, times in collections.Counter(plain).most_common()]


def run(guest, wanted, results):
    """Run the tests, {name: element}, in this guest; (list of Outcome without expectations, vm.Result)."""
    with cache.lock('piglit', base=paths.BUILD):
        shutil.rmtree(results.parent, ignore_errors=True)
        results.parent.mkdir(parents=True)
        profile = results.parent / 'profile.xml.gz'
        write_profile([wanted[name] for name in sorted(wanted)], profile)
        with Stage(f'piglit: {len(wanted)} tests') as stage:
            def listen(data):
                text = data.decode(errors='replace')
                count = re.findall(r'\[(\d+)/\d+\]', text)
                stage.progress(int(count[-1]) if count else None, len(wanted), text.strip()[-48:])

            argv = ['env', f'PIGLIT_PLATFORM={PLATFORM}', 'MESA_LOADER_DRIVER_OVERRIDE=crocus',
                    'PIGLIT_COMPRESSION=none', 'piglit', 'run', '--platform', PLATFORM, '--no-concurrency', '--sync',
                    '--timeout', str(TEST_S), profile, results]
            result = vm.run(guest, argv, listen, listen)
        file = results / 'results.json'
        if not file.exists():
            raise Failure(f'piglit left no results (status {result.status})', todo=f'see {result.folder}')
        sandbox.output(['piglit', 'summary', 'html', '--overwrite', results.parent / 'html', results],
                       'piglit\'s summary')
    return read(file), result


def read(file):
    """The outcomes in a results.json."""
    tests = json.loads(Path(file).read_text(encoding='utf-8', errors='replace'))['tests']
    return [Outcome(name, test['result'],
                    float(test['time']['end']) - float(test['time']['start']) if test.get('time') else 0.0,
                    '\n'.join(text.strip() for text in (test.get('out'), test.get('err')) if text))
            for name, test in sorted(tests.items())]


def judge(outcomes, known):
    """Put the first expectation that matches to each outcome."""
    for outcome in outcomes:
        outcome.expectation = next((item for item in known if item.matches(outcome.name)), None)
    return outcomes
