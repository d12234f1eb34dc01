# SPDX-License-Identifier: MIT
"""Debian's piglit tests that move pixels: what passes with Debian's Mesa passes with the patched one, tests and
subtests, where Mesa chooses when to transfer without a copy, and where it is told to do so whenever it can.

In-process each test runs on both Mesas. In the guest, those that work on Debian's, and those that want a window,
run on the patched Mesa, half of them on Debian's kernel and half on the built one, and are judged by
tests/piglit/expectations.txt, which says what Debian's Mesa does there. CI_NODE_INDEX and CI_NODE_TOTAL choose a part,
as with `zerocopy piglit`.
"""

import re
from dataclasses import dataclass, field

from .. import build, paths, piglit, vm
from ..report import say
from ..results import FAIL, PASS, SKIP
from .piglit import ALWAYS

NAMES = [
    'pbo', 'pinned', 'pixel', 'readpix|drawpix|copypix|bitmap', 'copytex|texsubimage|getteximage|get_texture|teximage',
    'subimage', '(?<!v-)clear', 'blit', 'copy.?image', '(?<!420)(?<!varying-)(?<!shading_language_)pack(?!ing/)',
    # These move pixels of every format and target there is.
    'mipmap', '^hiz/', 'opengl [0-9.]+/.*(tex|format)', '(arb|ext)_framebuffer_(object|srgb)/',
    'arb_(color|depth)_buffer_float/', 'arb_(depth_texture|direct_state_access)/',
    'image_load_store/(host|layer|level|unused|max|coher)',
    'arb_texture_(compression|compression_bptc|cube_map|float|rectangle|rg|rgb10_a2ui|stencil8|storage|view)/',
    r'ext_texture_(array|compression_\w+|integer|shared_exponent|snorm|srgb\w*)/', r'(3dfx|ati|khr|oes)_\w*texture\w*/',
]
# What a shader computes from a texture, and what has packing or teximage in its name for other reasons.
OTHERS = ['execution/', 'compiler/', 'glsl-', 'fragment_shader', 'fp64', 'vertex_attrib_64', 'gpu_shader5', '^glx']
PATHS = ('glReadPixels', 'glGetTexImage', 'glTexSubImage')
# Mesa says at the end of each context what its transfers have done: src/mesa/state_tracker/st_zerocopy.c.
SAYING = 'ST_DEBUG=zerocopy'
LIMIT_S = 5400
RANK = {PASS: 2, SKIP: 1, FAIL: 0}


@dataclass
class Comparison:
    """Names of tests and, as TEST: SUBTEST, of subtests."""
    regressed: dict = field(default_factory=dict)  # name: how
    better: dict = field(default_factory=dict)
    fail: list = field(default_factory=list)  # before and after
    skip: list = field(default_factory=list)
    same: list = field(default_factory=list)  # pass before and after


def verdicts(tests):
    """{name: piglit's verdict} of piglit's results, the subtests as names of their own."""
    found = {}
    for name, test in tests.items():
        found[name] = test['result']
        for part, verdict in (test.get('subtests') or {}).items():
            if part != '__type__':
                found[f'{name}: {part}'] = verdict
    return found


def rank(verdict):
    return RANK[piglit.GOOD.get(verdict, FAIL)]


def compare(before, after):
    """Compare two verdicts(). What is no longer there has regressed, too; what is new must not fail."""
    found = Comparison()
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        how = f'{was or "not there"} -> {now or "not there"}'
        if now is None or rank(now) < (RANK[SKIP] if was is None else rank(was)):
            found.regressed[name] = how
        elif was is not None and rank(now) > rank(was):
            found.better[name] = how
        else:
            (found.fail, found.skip, found.same)[rank(now)].append(name)
    return found


def expected(names, known, after):
    """What Debian's Mesa is known to do in the guest, as verdicts(); a test that skips does so there, too."""
    judged = piglit.judge([piglit.Outcome(name, 'pass', 0, '') for name in names], known)
    found = {}
    for item in judged:
        if item.expectation is not None and item.expectation.kind != 'skip':
            found[item.name] = item.expectation.kind
        else:
            found[item.name] = 'skip' if after.get(item.name) == 'skip' else 'pass'
    return found


@dataclass
class Transferred:
    """What Mesa says of the transfers of all tests together."""
    gpu: dict  # path: bytes
    cpu: dict
    wrapped: int  # how often client memory became a buffer
    tests: int  # how many tests did that

    def __str__(self):
        moved = ', '.join(f'{path} {self.gpu[path]} (CPU: {self.cpu[path]})' for path in PATHS)
        return f'client memory wrapped {self.wrapped} times by {self.tests} tests; bytes by the GPU: {moved}'


def transferred(tests):
    """Transferred of piglit's results."""
    found = Transferred(dict.fromkeys(PATHS, 0), dict.fromkeys(PATHS, 0), 0, 0)
    for test in tests.values():
        text = test.get('err') or ''
        for path, gpu, cpu in re.findall(r'(?m)^st/mesa: (\w+): (\d+) bytes by the GPU, (\d+) bytes by the CPU$', text):
            found.gpu[path] += int(gpu)
            found.cpu[path] += int(cpu)
        wrapped = sum(int(times) for times in re.findall(r'client memory was wrapped (\d+) times', text))
        found.wrapped += wrapped
        found.tests += bool(wrapped)
    return found


def texts(ran):
    return {text for _, text in piglit.faults(ran.log)}


def execute(where, how, wanted):
    """Run these tests; (piglit's results, Outcomes, Ran)."""
    results = paths.BUILD / 'transfers' / where.replace(', ', '-').replace(' ', '-') / 'results'
    outcomes, ran = piglit.run(how, wanted, results)
    return piglit.load(results), outcomes, ran


def run(suite):
    known = piglit.expectations(piglit.EXPECTATIONS)
    every = dict(piglit.elements(piglit.profiles()))
    chosen = {name: every[name] for name in piglit.choose(every, NAMES, OTHERS, piglit.shard(None), known)}
    left_out = in_process(suite, {name: element for name, element in chosen.items() if not piglit.wants_window(element)})
    # What the GPU does not model would hang it.
    names = [name for name in chosen if name not in left_out]
    for number, kernel in enumerate(('stock', 'patched')):
        in_guest(suite, kernel, {name: chosen[name] for name in names[number::2]}, known)


def in_process(suite, wanted):
    """Debian's Mesa, the patched one, and that with zero-copy wherever it is possible.

    Returns what fails on the first, or has the GPU meet what it does not model: a test may pass all the same.
    """
    stock, outcomes, ran = execute('debian, in-process', piglit.in_process('debian'), wanted)
    met = texts(ran)
    suite.check('debian, in-process: on the GPU', not ran.idle(outcomes), piglit.IDLE)
    moved = {}
    for where, variables in (('patched, in-process', []), ('patched, zero-copy always, in-process', ALWAYS)):
        tests, outcomes, ran = execute(where, piglit.in_process('patched', [*variables, SAYING]), wanted)
        add(suite, where, verdicts(stock), verdicts(tests), outcomes, ran)
        new = texts(ran) - met
        suite.check(f'{where}: the GPU met nothing that it does not meet with Debian\'s Mesa', not new, '\n'.join(new))
        moved[where] = transferred(tests)
        say(f'    {where}: {moved[where]}')
    check_moved(suite, where, *moved.values())
    return {name for name, test in stock.items()
            if rank(test['result']) == RANK[FAIL] or piglit.faults(test.get('err') or '')}


def in_guest(suite, kernel, wanted, known):
    """The patched Mesa with zero-copy wherever it is possible, on this kernel."""
    where = f'patched, zero-copy always, {kernel} kernel'
    guest = vm.Guest(kernel=kernel, vgpu=build.vgpu(), mesa='patched', timeout_s=LIMIT_S)
    tests, outcomes, ran = execute(where, piglit.in_guest(guest, [*ALWAYS, SAYING]), wanted)
    after = {name: test['result'] for name, test in tests.items()}
    add(suite, where, expected(wanted, known, after), after, outcomes, ran)
    suite.check(f'{where}: the kernel\'s log, the GPU process', not ran.problems, '\n'.join(ran.problems))
    moved = transferred(tests)
    suite.check(f'{where}: client memory was used in place', moved.wrapped and all(moved.gpu.values()), str(moved))
    say(f'    {where}: {moved}')


def check_moved(suite, where, chosen, always):
    """Told to transfer by the GPU whatever it can, Mesa has the GPU move more, and the CPU less, on each path."""
    suite.check(f'{where}: client memory was used in place', always.wrapped > chosen.wrapped, str(always))
    for path in PATHS:
        suite.check(f'{where}: {path}: more bytes by the GPU, fewer by the CPU',
                    always.gpu[path] > chosen.gpu[path] and always.cpu[path] < chosen.cpu[path],
                    f'{chosen}\n{always}')


def add(suite, where, before, after, outcomes, ran):
    """A case for each test, and for each subtest that has regressed; before and after are verdicts()."""
    found = compare(before, after)
    by_name = {outcome.name: outcome for outcome in outcomes}
    for name, how in found.regressed.items():
        outcome = by_name.get(name) or by_name.get(name.partition(': ')[0])
        suite.add(f'{where}: {name}', FAIL, outcome.seconds if outcome else 0,
                  '\n'.join([how, outcome.message if outcome else '']))
    for outcome in outcomes:
        if outcome.name not in found.regressed:
            suite.add(f'{where}: {outcome.name}', SKIP if outcome.verdict == 'skip' else PASS, outcome.seconds,
                      found.better.get(outcome.name, ''))
    suite.check(f'{where}: on the GPU', not ran.idle(outcomes), piglit.IDLE)
    say(f'    {where}, tests and subtests: {len(found.same)} pass as before, {len(found.skip)} skip, '
        f'{len(found.fail)} fail as before, {len(found.better)} are better, {len(found.regressed)} have regressed')
    for name, how in found.better.items():
        say(f'    better: {name}: {how}')
