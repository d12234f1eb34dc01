# SPDX-License-Identifier: MIT
"""OpenGL on the virtual GPU: Debian's piglit and Debian's Mesa, whose crocus drives Debian's kernel, all unmodified.

A first step towards a whole piglit run: the six variants of amd_pinned_memory, and clears that are read back.
"""

import io
import json
import re
import shlex

from .. import build, dmesg, vm
from ..report import Stage

BIN = '/usr/lib/x86_64-linux-gnu/piglit/bin'
TESTS = [f'amd_pinned_memory {offset}{buffer}' for buffer in ('', ' map-buffer')
         for offset in ('offset=0', 'increment-offset', 'decrement-offset')]
TESTS += ['gl-1.0-scissor-clear', 'clear-varray-2.0', 'fcc-read-after-clear blit tex']
TEST_S = 120
MARK = '=== zerocopy gl'


def script(tests):
    lines = ['exec 2>&1', 'export PIGLIT_PLATFORM=surfaceless_egl MESA_LOADER_DRIVER_OVERRIDE=crocus',
             # Mesa could fall back on a software driver, with which the tests pass too: it runs no batch of the user's,
             # each of which is one of these events. (Interrupts do not show it: a short wait needs none.)
             'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing',
             'cd /sys/kernel/tracing && echo 1 > events/i915/i915_request_queue/enable']
    for test in tests:
        lines += [f'echo {shlex.quote(f"{MARK} {test}")}',
                  'echo > trace', f'timeout --kill-after=10 {TEST_S} {BIN}/{test} -auto -fbo; echo',
                  'echo "batches: $(grep -c i915_request_queue: trace)"']
    return '\n'.join(lines)


def outcome(output):
    """The `result` of piglit's last report, or what there is instead of one."""
    reports = re.findall(r'(?m)^PIGLIT: (\{.*\})$', output)
    results = [json.loads(report).get('result') for report in reports]
    return next((result for result in reversed(results) if result), 'no result')


def run(suite):
    build.ninja('release')
    on_mesa(suite, 'debian', TESTS)


def on_mesa(suite, mesa, tests, kernel='stock'):
    """Run these tests on this Mesa and this kernel."""
    out = io.BytesIO()
    guest = vm.Guest(kernel=kernel, vgpu=build.vgpu(), mesa=mesa, timeout_s=TEST_S * len(tests))
    with Stage(f'{suite.name}: {len(tests)} piglit tests on crocus ({mesa}) and the {kernel} kernel') as stage:
        def listen(data):
            out.write(data)
            stage.progress(note=data.decode(errors='replace').strip().splitlines()[-1:][0] if data.strip() else '')

        result = vm.run(guest, ['sh', '-c', script(tests)], listen, listen)
    for part in out.getvalue().decode(errors='replace').split(MARK + ' ')[1:]:
        name, _, output = part.partition('\n')
        suite.check(f'{kernel} kernel: piglit {name}', outcome(output) == 'pass', f'{outcome(output)}\n{output}')
        count = re.search(r'(?m)^batches: (\d+)$', output)
        suite.check(f'{kernel} kernel: {name}: on the GPU', bool(count and int(count.group(1))), output)
    problems = dmesg.problems(result.dmesg)
    suite.check(f'{kernel} kernel: dmesg', not problems, '\n'.join(problems))
    log = (result.folder / 'vgpu.log').read_text(encoding='utf-8', errors='replace')
    faults = re.findall(r'(?m)^.*vgpu: fault: .*$', log)
    suite.check(f'{kernel} kernel: vgpu met nothing unmodelled', not faults, '\n'.join(faults[:20]))
    suite.check(f'{kernel} kernel: vgpu', result.gpu_status == 0, f'status {result.gpu_status}\n{result.gpu_errors}')
