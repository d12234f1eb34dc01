# SPDX-License-Identifier: MIT
"""tests/guest: programs that run in the guest against the real kernel, on the built and on Debian's stock kernel."""

import io
import shlex
import time

from .. import build, dmesg, vm
from ..errors import Failure
from ..report import Stage
from ..results import FAIL, SKIP, add_tap

KERNELS = ('patched', 'stock')
PROGRAM_S = 300
MARK = '=== zerocopy test'


def run(suite):
    build.ninja('release')
    programs = build.executables('release', 'tests/guest')
    if not programs:
        suite.add('tests/guest', SKIP, message='meson lists no executable')
        return
    vgpu = build.vgpu()
    for kind in KERNELS:
        with Stage(f'guest: {len(programs)} programs on the {kind} kernel'):
            on_kernel(suite, kind, vgpu, programs)


def on_kernel(suite, kind, vgpu, programs):
    """All programs in one boot; each one's output stands between marks."""
    script = '\n'.join(f'echo "{MARK} {name}"; timeout {PROGRAM_S} {shlex.quote(str(path))}; echo; echo "{MARK} status $?"'
                       .replace('; echo; echo', '; status=$?; echo; echo').replace('$?"', '$status"')
                       for name, path in sorted(programs.items()))
    out = io.BytesIO()
    started = time.monotonic()
    try:
        result = vm.run(vm.Guest(kernel=kind, vgpu=vgpu, timeout_s=PROGRAM_S * len(programs)),
                        ['sh', '-c', f'exec 2>&1\n{script}'], out.write)
    except Failure as failure:
        suite.add(f'{kind}: the guest', FAIL, time.monotonic() - started, str(failure))
        result = None
    seen = sections(out.getvalue().decode(errors='replace'))
    for name in sorted(programs):
        text, status = seen.get(name, ('', None))
        if status is None:
            suite.add(f'{kind}: {name}', FAIL, message=f'did not end\n{text}')
        else:
            add_tap(suite, f'{kind}: {name}', text, status)
    if result:
        problems = dmesg.problems(result.dmesg)
        suite.check(f'{kind}: dmesg', not problems, '\n'.join(problems))
        suite.check(f'{kind}: vgpu', result.gpu_status == 0, f'status {result.gpu_status}\n{result.gpu_errors}')


def sections(text):
    """{program: (output, status)}; the status is None for a program that did not end."""
    found = {}
    name, lines = None, []
    for line in text.splitlines():
        if line.startswith(MARK + ' status ') and name:
            found[name] = ('\n'.join(lines), int(line.split()[-1]))
        elif line.startswith(MARK + ' '):
            name, lines = line[len(MARK) + 1:], []
            found[name] = ('', None)
        else:
            lines.append(line)
            if name and found[name][1] is None:
                found[name] = ('\n'.join(lines), None)
    return found
