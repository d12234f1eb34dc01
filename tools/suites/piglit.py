# SPDX-License-Identifier: MIT
"""The project's piglit tests, tests/piglit.

On Debian's Mesa every defect that mesa-patches/ mends must show, as tests/piglit/defects.txt says; on the patched Mesa
every test must pass. `piglit` runs them in-process on Debian's Mesa, which takes seconds, and on its llvmpipe, to show that
they ask for what is right; `piglit-vm` runs them in-process on the patched Mesa and in the guest: both Mesas on Debian's kernel, the patched one on the built kernel too.
"""

from .. import build, paths, piglit, vm
from ..results import FAIL

GUESTS = (('stock', 'debian'), ('stock', 'patched'), ('patched', 'patched'))
LIMIT_S = 3600
# Some for the tests of huge pages, which else skip.
HUGE_PAGES = 'hugepages=16'
# mesa-patches/0022: transfers without a copy wherever they are possible, and never
ALWAYS, NEVER = ([f'zerocopy_{call}={value}' for call in ('readpixels', 'getteximage', 'texsubimage')]
                 for value in (1, 0))


def run(suite):
    add(suite, 'llvmpipe', piglit.in_software(), 'llvmpipe')
    add(suite, 'debian, in-process', piglit.in_process('debian'), 'debian', without_guest=True)


def run_vm(suite):
    add(suite, 'patched, in-process', piglit.in_process('patched'), 'patched', without_guest=True)
    add(suite, 'patched, zero-copy always, in-process', piglit.in_process('patched', ALWAYS), 'patched',
        without_guest=True)
    add(suite, 'patched, zero-copy never, in-process', piglit.in_process('patched', NEVER), 'patched',
        without_guest=True)
    for kernel, mesa in GUESTS:
        guest = vm.Guest(kernel=kernel, vgpu=build.vgpu(), mesa=mesa, timeout_s=LIMIT_S, parameters=HUGE_PAGES)
        add(suite, f'{mesa}, {kernel} kernel', piglit.in_guest(guest), mesa)


def add(suite, where, execute, mesa, without_guest=False):
    every, built, known = piglit.own(mesa, without_guest)
    wanted = {name: every[name] for name in piglit.choose(every, [], [], (1, 1), known)}
    outcomes, ran = piglit.run(execute, wanted, paths.BUILD / 'piglit-own/results', built)
    for outcome in piglit.judge(outcomes, known):
        suite.add(f'{where}: {outcome.name}', outcome.outcome, outcome.seconds,
                  '\n'.join([outcome.note, outcome.message]))
    for item in piglit.unmet(outcomes, known):
        suite.add(f'{where}: {item.name}', FAIL, message=f'no such test, though it was to fail: {item.reason}')
    if mesa == 'llvmpipe':
        return
    suite.check(f'{where}: on the GPU', not ran.idle(outcomes), piglit.IDLE)
    faults = piglit.faults(ran.log)
    suite.check(f'{where}: the GPU met nothing unmodelled', not faults, '\n'.join(text for _, text in faults))
    suite.check(f'{where}: the kernel\'s log, the GPU process', not ran.problems, '\n'.join(ran.problems))
