# SPDX-License-Identifier: MIT
"""tests/guest: programs that run in the guest against the real i915, on the built and on Debian's stock kernel.

The build's tests.list names them, one a line: NAME PATH KEY=VALUE..., see tests/guest/meson.build.
"""

import io
import shlex
import time
from dataclasses import dataclass, field

from .. import build, dmesg, vm
from ..errors import Failure
from ..report import Stage
from ..results import FAIL, add_tap

KERNELS = ('patched', 'stock')
MARK = '=== zerocopy test'
DEFAULT_S = 300
# What the boot and the programs' starts and ends may take beyond the programs' own limits.
SLACK_S = 120


@dataclass
class Program:
    """A line of tests.list."""
    name: str
    path: str
    timeout_s: int = DEFAULT_S
    dmesg: list = field(default_factory=list)  # patterns of what it provokes in the kernel's log


def parse(text):
    """The programs in a tests.list."""
    programs = []
    for line in text.splitlines():
        if not line.strip():
            continue
        name, path, *settings = line.split()
        program = Program(name, path)
        for setting in settings:
            key, _, value = setting.partition('=')
            if key == 'timeout':
                program.timeout_s = int(value)
            elif key == 'dmesg':
                program.dmesg.append(value)
            else:
                raise Failure(f'tests.list: {name} has an unknown setting {setting}')
        programs.append(program)
    return programs


def run(suite):
    build.configure('release')
    folder = build.ninja('release', build.executables('release', 'tests/guest').values())
    programs = parse((folder / 'tests/guest/tests.list').read_text(encoding='utf-8'))
    for kind in KERNELS:
        with Stage(f'guest: {len(programs)} programs on the {kind} kernel') as stage:
            on_kernel(suite, kind, programs, stage)


def script(programs, environment=None):
    """One script for all: marks in the output and in the kernel's log tell where each begins and ends."""
    lines = ['exec 2>&1'] + [f'export {name}={shlex.quote(value)}' for name, value in (environment or {}).items()]
    for program in programs:
        mark = shlex.quote(f'{MARK} {program.name}')
        lines += [f'echo {mark}', f'echo {mark} > /dev/kmsg',
                  f'timeout --kill-after=10 {program.timeout_s} {shlex.quote(program.path)}',
                  f'status=$?; echo; echo "{MARK} status $status"']
    return '\n'.join(lines)


def on_kernel(suite, kind, programs, stage):
    out = io.BytesIO()

    def listen(data):
        out.write(data)
        stage.progress(note=data.decode(errors='replace').strip().splitlines()[-1:][0] if data.strip() else '')

    guest = vm.Guest(kernel=kind, vgpu=build.vgpu(), timeout_s=SLACK_S + sum(program.timeout_s for program in programs))
    started = time.monotonic()
    result = None
    try:
        result = vm.run(guest, ['sh', '-c', script(programs)], listen)
    except Failure as failure:
        suite.add(f'{kind}: the guest', FAIL, time.monotonic() - started, str(failure))
    outputs = outputs_of(out.getvalue().decode(errors='replace'))
    logs = logs_of(result.dmesg if result else '')
    for program in programs:
        name = f'{kind}: {program.name}'
        text, status = outputs.get(program.name, ('', None))
        if status is None:
            suite.add(name, FAIL, message=f'did not end\n{text}')
            continue
        add_tap(suite, name, text, status)
        if result:
            problems = dmesg.problems(logs.get(program.name, ''), program.dmesg)
            suite.check(f'{name}: dmesg', not problems, '\n'.join(problems))
    if result:
        problems = dmesg.problems(logs[''])
        suite.check(f'{kind}: dmesg of the boot', not problems, '\n'.join(problems))
        suite.check(f'{kind}: vgpu', result.gpu_status == 0, f'status {result.gpu_status}\n{result.gpu_errors}')


def outputs_of(text):
    """{program: (output, status)}; the status is None for a program that did not end."""
    found = {}
    name, lines = None, []
    for line in text.splitlines():
        if line.startswith(MARK + ' status ') and name:
            found[name] = ('\n'.join(lines), int(line.split()[-1]))
            name = None
        elif line.startswith(MARK + ' '):
            name, lines = line[len(MARK) + 1:], []
            found[name] = ('', None)
        elif name:
            lines.append(line)
            found[name] = ('\n'.join(lines), None)
    return found


def logs_of(text):
    """{program: its part of the kernel's log}; '' is what stands before the first."""
    found = {'': ''}
    name = ''
    for line in text.splitlines():
        _, mark, rest = line.partition(MARK + ' ')
        if mark:
            name = rest
        found[name] = found.get(name, '') + line + '\n'
    return found
