# SPDX-License-Identifier: MIT
"""Debian's piglit, unmodified, or the project's own tests, on crocus in the guest or in-process.

piglit's own runner runs the tests, its results are read here. Tests run one after another, each in its own process:
one that hangs the GPU takes no other one down.
"""

import collections
import gzip
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

from . import cache, dmesg, inprocess, mesa, paths, piglit_build, proc, rootfs, sandbox, vm
from .errors import Failure
from .report import Stage
from .results import FAIL, PASS, SKIP

PROFILES = ('quick_gl', 'quick_shader')
TESTS = 'usr/lib/x86_64-linux-gnu/piglit/tests'
# gbm gives a window to the tests that want one. In-process, where tests run without, those are left out.
GUEST_PLATFORM = 'gbm'
IN_PROCESS_PLATFORM = 'surfaceless_egl'
EXPECTATIONS = paths.REPO / 'tests/piglit/expectations.txt'
# What Mesa without mesa-patches/ does wrong, as the project's tests show; with them nothing is known to be wrong.
DEFECTS = paths.REPO / 'tests/piglit/defects.txt'
# Which of the project's tests the virtual GPU cannot run yet.
UNMODELLED = paths.REPO / 'tests/piglit/unmodelled.txt'
# Which of them its in-process front end cannot run, because i915 has a part in them.
IN_PROCESS = paths.REPO / 'tests/piglit/in-process.txt'
# What Debian's llvmpipe does wrong. Else it passes them all, which shows that the tests ask for what is right.
SOFTWARE = paths.REPO / 'tests/piglit/llvmpipe.txt'
TEST_S = 600  # by the guest's clock, which leaps ahead where the host is busy
KINDS = ('fail', 'flake', 'skip')
GOOD = {'pass': PASS, 'skip': SKIP}
IDLE = 'the virtual GPU did nothing: Mesa fell back on a software driver'
# Mesa could fall back on a software driver, with which the tests pass too: it runs no batch of the user's, each of which is
# one of these events. (Interrupts do not show it: a short wait needs none.) The trace keeps the last ones.
WITH_BATCHES = '''
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
echo 1 > /sys/kernel/tracing/events/i915/i915_request_queue/enable
"$@"
status=$?
echo "i915 batches: $(grep -c i915_request_queue: /sys/kernel/tracing/trace)"
exit $status
'''


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


def expectations(file):
    """The lines `fail|flake|skip NAME # REASON` of a file."""
    found = []
    for number, line in enumerate(file.read_text(encoding='utf-8').splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        match = re.fullmatch(r'(\w+)\s+(\S.*?)\s+#\s+(\S.*)', line)
        if not match or match[1] not in KINDS:
            raise Failure(f'{file.name}, line {number}', 'not `fail|flake|skip NAME # REASON`', status=2)
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


def profiles():
    """Debian's profiles: those of OpenGL."""
    return [rootfs.get() / TESTS / f'{name}.xml.gz' for name in PROFILES]


def elements(files):
    """Every test of these profiles as piglit's XML describes it: (name, element)."""
    for path in files:
        with gzip.open(path) as file:
            for _, element in xml.iterparse(file):
                if element.tag == 'Test':
                    yield element.get('name'), element


def wants_window(element):
    """Does piglit's runner give the test a window? Those without one run with -fbo, and so beside each other."""
    return any(option.get('name') == 'run_concurrent' and option.get('value') == 'False'
               for option in element.iter('option'))


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
    """What the GPU complained of: [(times, text without addresses)], the most frequent first."""
    lines = re.findall(r'(?m)vgpu(?: in-process)?: fault: (.*)$', log)
    plain = [re.sub(r'0x[0-9a-f]+', '0x...', re.sub(r' \(at 0x.*', '', line)) for line in lines]
    return [(times, text) for text, times in collections.Counter(plain).most_common()]


@dataclass
class Ran:
    """How a run of piglit went, apart from what its tests say."""
    status: int
    folder: Path  # where its logs are
    log: str  # what the GPU said
    worked: int = 0  # batches that the GPU executed, or in a guest the last of them
    problems: list = field(default_factory=list)  # what the kernel's log says, how the GPU process ended

    def idle(self, outcomes):
        """Did tests pass though the GPU did nothing?"""
        return not self.worked and any(outcome.verdict == 'pass' for outcome in outcomes)


def in_guest(guest, variables=()):
    """The function that runs piglit in this guest, with further `NAME=VALUE` in the environment."""
    def execute(argv, listen, _results):
        out = []

        def keep(data):
            out.append(data)
            listen(data)

        argv = ['sh', '-c', WITH_BATCHES, 'sh', 'env', 'MESA_LOADER_DRIVER_OVERRIDE=crocus', *variables, *argv]
        result = vm.run(guest, argv, keep, listen)
        counts = re.findall(rb'(?m)^i915 batches: (\d+)\r?$', b''.join(out))
        problems = [f'dmesg: {line}' for line in dmesg.problems(result.dmesg)]
        if result.gpu_status:
            problems.append(f'vgpu ended with status {result.gpu_status}\n{result.gpu_errors}')
        log = (result.folder / 'vgpu.log').read_text(encoding='utf-8', errors='replace')
        return Ran(result.status, result.folder, log, int(counts[-1]) if counts else 0, problems)

    execute.platform = GUEST_PLATFORM
    return execute


def in_process(kind, variables=()):
    """The same on the virtual GPU in each test's own process, with this Mesa (mesa.KINDS)."""
    prefix = mesa.get(kind)
    preload = inprocess.library()

    def execute(argv, listen, results):
        command = inprocess.command(['env', *variables, *argv], preload, mesa.environment(prefix) if prefix else None)
        status = watch(command, listen)
        log = '\n'.join(test.get('err') or '' for test in load(results).values())
        worked = sum(int(count) for count in re.findall(r'vgpu in-process: (\d+) batches executed', log))
        return Ran(status, results, log, worked)

    execute.platform = IN_PROCESS_PLATFORM
    return execute


def in_software():
    """The same on Debian's llvmpipe."""
    def execute(argv, listen, results):
        environment = ['LIBGL_ALWAYS_SOFTWARE=1', 'GALLIUM_DRIVER=llvmpipe']
        return Ran(watch(sandbox.command(['env', *environment, *argv]), listen), results, '')

    execute.platform = IN_PROCESS_PLATFORM
    return execute


def watch(command, listen):
    """Run a command to its end, handing on what it prints; its status."""
    process = proc.spawn(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while data := process.stdout.read1(1 << 16):
            listen(data)
        return process.wait()
    finally:
        proc.kill(process)


def run(execute, wanted, results, built=None):
    """Run the tests, {name: element}; (list of Outcome without expectations, Ran).

    execute is in_guest() or in_process(); built is the build folder of piglit that has the programs, if not Debian's.
    """
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

            # Without waffle's wflinfo piglit takes the OpenGL for 0.0 and leaves out what names a version.
            argv = ['env', f'PIGLIT_PLATFORM={execute.platform}', 'PIGLIT_COMPRESSION=none', 'PIGLIT_NO_FAST_SKIP=1',
                    *([f'PIGLIT_BUILD_DIR={built}'] if built else []),
                    'piglit', 'run', '--platform', execute.platform, '--no-concurrency', '--sync',
                    '--timeout', str(TEST_S), profile, results]
            ran = execute(argv, listen, results)
        outcomes = read(load(results), subtests=bool(built))
        if not outcomes:
            raise Failure(f'piglit left no results (status {ran.status})', todo=f'see {ran.folder}')
        sandbox.output(['piglit', 'summary', 'html', '--overwrite', results.parent / 'html', results],
                       'piglit\'s summary')
    return outcomes, ran


def load(results):
    """The tests of piglit's results; none if it left none."""
    file = results / 'results.json'
    return json.loads(file.read_text(encoding='utf-8', errors='replace'))['tests'] if file.exists() else {}


def read(tests, subtests=False):
    """The outcomes of the tests; with `subtests` those of each subtest, and of the test itself where it ended badly."""
    found = []
    for name, test in sorted(tests.items()):
        seconds = float(test['time']['end']) - float(test['time']['start']) if test.get('time') else 0.0
        message = '\n'.join(text.strip() for text in (test.get('out'), test.get('err')) if text)
        parts = {part: verdict for part, verdict in (test.get('subtests') or {}).items() if part != '__type__'}
        if not subtests or not parts:
            found.append(Outcome(name, test['result'], seconds, message))
            continue
        found += [Outcome(f'{name}@{part}', verdict, 0.0, message if GOOD.get(verdict, FAIL) == FAIL else '')
                  for part, verdict in parts.items()]
        # piglit reports the worst of the subtests, also where the test did not live to report the rest of them.
        status = test.get('returncode')
        bad = any(GOOD.get(verdict, FAIL) == FAIL for verdict in parts.values())
        if status != (1 if bad else 0):
            found.append(Outcome(name, 'crash', seconds, f'ended with status {status}\n{message}'))
    return found


def judge(outcomes, known):
    """Put the first expectation that matches to each outcome."""
    for outcome in outcomes:
        outcome.expectation = next((item for item in known if item.matches(outcome.name)), None)
    return outcomes


def unmet(outcomes, known):
    """The expectations of failures that no test was there to meet."""
    return [item for item in known if item.kind == 'fail' and not any(item.matches(out.name) for out in outcomes)]


def own(kind, without_guest=False):
    """The project's tests: ({name: element}, build folder, what is known of them on this Mesa, or on `llvmpipe`)."""
    files = {'patched': [UNMODELLED], 'llvmpipe': [SOFTWARE]}.get(kind, [UNMODELLED, DEFECTS])
    if without_guest and kind != 'llvmpipe':
        files = [*files, IN_PROCESS]
    folder = piglit_build.get()
    known = [item for file in files for item in expectations(file)]
    # A program that is left out meets none of the expectations of its subtests.
    skipped = tuple(f'{item.name}@' for item in known if item.kind == 'skip')
    known = [item for item in known if item.kind == 'skip' or not item.name.startswith(skipped)]
    return dict(elements([folder / piglit_build.PROFILE])), folder, known
