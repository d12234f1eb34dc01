# SPDX-License-Identifier: MIT
"""tests/guest/kernel: what kernel-patches/ changes, on a kernel with the patches and on one without.

tests.list of that folder names the programs, and with stock=TESTS those tests that fail without the patches. Such a test
must fail there: one that passes on both kernels proves nothing. The selftests of i915's userptr run as well.
"""

import io
import re

from .. import build, dmesg, vm
from ..errors import Failure
from ..report import Stage
from ..results import FAIL, PASS, add_tap
from ..results import Suite as Results
from . import guest

SELFTESTS_S = 600
# mock_selftests=-1 (or live_) runs them and leaves; the parameter of one suite, which has a line number in it, picks it.
SELFTESTS = '''
suite=$(modinfo -F parm i915 | sed -n 's/^\\(igt__[0-9]*__%(kind)s_userptr\\):.*/\\1/p')
[ "$suite" ] || { echo "i915 has no %(kind)s selftests of userptr"; exit 1; }
modprobe i915 %(kind)s_selftests=-1 "$suite=1"
'''
# the file's part of the function that runs them, as the log names it
LOG_NAMES = {'mock': 'i915_gem_userptr_mock_selftests', 'live': 'i915_gem_userptr_live_selftests'}


def parse(text):
    """The programs in the list, and for each the set of tests that fail on the stock kernel."""
    stock = {line.split()[0]: set(re.search(r' stock=(\S+)', line)[1].split(','))
             for line in text.splitlines() if ' stock=' in line}
    return guest.parse(re.sub(r' stock=\S+', '', text)), stock


def run(suite):
    folder = build.ninja('release')
    programs, stock = parse((folder / 'tests/guest/kernel/tests.list').read_text(encoding='utf-8'))
    for kind in guest.KERNELS:
        with Stage(f'kernel-patches: {len(programs)} programs on the {kind} kernel') as stage:
            on_kernel(suite, kind, programs, stock if kind == 'stock' else {}, stage)
    for selftest in LOG_NAMES:
        with Stage(f'kernel-patches: {selftest} selftests'):
            selftests(suite, 'patched', selftest)


def on_kernel(suite, kind, programs, expected, stage, environment=None, slower=1):
    """Run the programs and add their cases; {program: (output, status)}. slower: how much longer the boot may take."""
    out = io.BytesIO()

    def listen(data):
        out.write(data)
        stage.progress(note=data.decode(errors='replace').strip().splitlines()[-1:][0] if data.strip() else '')

    machine = vm.Guest(kernel=kind, vgpu=build.vgpu(), boot_limit_s=vm.BOOT_S * slower,
                       timeout_s=guest.SLACK_S + sum(program.timeout_s for program in programs))
    result = None
    try:
        result = vm.run(machine, ['sh', '-c', guest.script(programs, environment)], listen)
    except Failure as failure:
        suite.add(f'{kind}: the guest', FAIL, message=str(failure))
    outputs = guest.outputs_of(out.getvalue().decode(errors='replace'))
    logs = guest.logs_of(result.dmesg if result else '')
    for program in programs:
        text, status = outputs.get(program.name, ('', None))
        if status is None:
            suite.add(f'{kind}: {program.name}', FAIL, message=f'did not end\n{text}')
            continue
        cases = Cases()
        add_tap(cases, program.name, text, status)
        compare(suite, kind, program.name, cases, expected.get(program.name, set()))
        if result and kind != 'stock':
            problems = dmesg.problems(logs.get(program.name, ''), program.dmesg)
            suite.check(f'{kind}: {program.name}: dmesg', not problems, '\n'.join(problems))
    return outputs


class Cases(Results):
    """Cases that are looked at before they count."""

    def __init__(self):
        super().__init__('')

    def add(self, name, outcome, seconds=0.0, message=''):
        self.cases.append((name, outcome, message))


def compare(suite, kind, program, cases, must_fail):
    """Add the cases, where those in must_fail pass by failing."""
    seen = set()
    for name, outcome, message in cases.cases:
        test = name.removeprefix(f'{program}/')
        seen.add(test)
        if test not in must_fail:
            suite.add(f'{kind}: {name}', outcome, message=message)
        else:
            suite.check(f'{kind}: {name} fails', outcome == FAIL,
                        f'it is said to fail without the patches, and its outcome is: {outcome}')
    for test in sorted(must_fail - seen):
        suite.add(f'{kind}: {program}/{test}', FAIL, message='it did not run')


def selftests(suite, kernel, kind, slower=1):
    """Run the mock or the live selftests of userptr on a kernel built here."""
    out = io.BytesIO()
    machine = vm.Guest(kernel=kernel, vgpu=build.vgpu(), load_i915=False, boot_limit_s=vm.BOOT_S * slower,
                       timeout_s=SELFTESTS_S * slower)
    try:
        result = vm.run(machine, ['sh', '-c', SELFTESTS % {'kind': kind}], out.write, out.write)
    except Failure as failure:
        suite.add(f'{kind} selftests', FAIL, message=str(failure))
        return
    ran = re.findall(rf'Running {LOG_NAMES[kind]}/(\w+)', result.dmesg)
    failed = set(re.findall(rf'{LOG_NAMES[kind]}: (\w+) failed', result.dmesg))
    for test in ran:
        suite.add(f'{kind}: {test}', FAIL if test in failed else PASS, message=result.dmesg[-3000:])
    suite.check(f'{kind}: all ran', result.status == 0 and len(ran) > 0,
                f'status {result.status}\n{out.getvalue().decode(errors="replace")}\n{result.dmesg[-3000:]}')
    problems = dmesg.problems(result.dmesg)
    suite.check(f'{kind}: dmesg', not problems, '\n'.join(problems))
