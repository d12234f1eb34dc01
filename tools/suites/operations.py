# SPDX-License-Identifier: MIT
"""Random operations of OpenGL on an application's memory, ZEROCOPY_OPERATIONS (100,000) of them from ZEROCOPY_SEED (1), on
the patched Mesa: in-process under ASan and UBSan, device model included, and on the kernel with KASAN and lockdep.
"""

import io
import os
import re

from .. import build, dmesg, inprocess, mesa, vm
from ..report import Stage, say
from . import mesa_patches

PROGRAM = 'mesa_operations'
DEFAULT_OPERATIONS = 100_000
# For a build with sanitizers, and a guest with KASAN, on a host that is busy.
OPERATIONS_A_SECOND = 30
DONE = re.compile(r'(?m)^# (\d+) operations from seed \d+, (\d+) bytes compared$')


def problem(status, output, operations):
    """What is wrong with a run, '' if nothing is."""
    done = DONE.search(output)
    if status != 0 or not re.search(r'(?m)^ok 1 ', output):
        return f'status {status}'
    if not done or int(done[1]) != operations or not int(done[2]):
        return 'it did less than it was told to'
    return ''


def run(suite):
    operations = int(os.environ.get('ZEROCOPY_OPERATIONS', DEFAULT_OPERATIONS))
    limit_s = 60 + operations // OPERATIONS_A_SECOND
    variables = {'OPERATIONS': str(operations), 'SEED': os.environ.get('ZEROCOPY_SEED', '1'), 'LIMIT_S': str(limit_s)}
    with Stage(f'operations: {operations} in-process, under ASan and UBSan'):
        program = build.program('asan', 'tests/mesa', PROGRAM)
        # Mesa, which is not instrumented, keeps some memory to its end.
        sanitizers = {**build.SANITIZER_ENVIRONMENT, 'ASAN_OPTIONS': 'detect_leaks=0', 'VGPU_DRM_SHIM_KERNEL': 'patched'}
        judge(suite, 'in-process', operations,
              *inprocess.capture([str(program)], inprocess.library('asan'), limit_s,
                                 {**mesa.environment(mesa.get('patched')), **sanitizers, **variables}))
    with Stage(f'operations: {operations} on the debug kernel') as stage:
        out = io.BytesIO()

        def listen(data):
            out.write(data)
            stage.progress()

        guest = vm.Guest(kernel='debug', vgpu=build.vgpu(), mesa='patched', boot_limit_s=vm.BOOT_S * 6,
                         timeout_s=60 + limit_s)
        words = [f'{name}={value}' for name, value in {**mesa_patches.ENVIRONMENT, **variables}.items()]
        result = vm.run(guest, ['env', *words, str(build.program('release', 'tests/mesa', PROGRAM))], listen, listen)
        judge(suite, 'debug kernel', operations, result.status, out.getvalue().decode(errors='replace'))
        problems = dmesg.problems(result.dmesg)
        suite.check('debug kernel: dmesg', not problems, '\n'.join(problems))


def judge(suite, where, operations, status, output):
    wrong = problem(status, output, operations)
    suite.check(f'{where}: {operations} operations', not wrong, f'{wrong}\n{output}')
    for line in re.findall(r'(?m)^# +(.*)$', output):
        say(f'    {line}')
