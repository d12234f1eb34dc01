# SPDX-License-Identifier: MIT
"""The kernel patches on a kernel with KASAN, lockdep and i915's own checks: the selftests of userptr, tests/guest/kernel,
and its stress for ZEROCOPY_STRESS_SECONDS. A report of any of these checkers in the kernel's log is a failure.
"""

import os
from dataclasses import replace

from .. import build
from ..report import Stage, say
from . import kernel_patches

KERNEL = 'debug'
STRESS = 'userptr_stress'
DEFAULT_STRESS_S = 600
# How much slower than on the patched kernel the boot, a program, and whatever a program waits for may be.
SLOWER = 6


def run(suite):
    for kind in kernel_patches.LOG_NAMES:
        with Stage(f'kernel-debug: {kind} selftests'):
            kernel_patches.selftests(suite, KERNEL, kind, SLOWER)
    stress_s = int(os.environ.get('ZEROCOPY_STRESS_SECONDS', DEFAULT_STRESS_S))
    folder = build.ninja('release')
    programs, _ = kernel_patches.parse((folder / 'tests/guest/kernel/tests.list').read_text(encoding='utf-8'))
    programs = [replace(program, timeout_s=program.timeout_s * SLOWER + (stress_s if program.name == STRESS else 0))
                for program in programs]
    with Stage(f'kernel-debug: {len(programs)} programs, one of them a stress of {stress_s} s') as stage:
        environment = {'STRESS_S': str(stress_s), 'TAP_SLOWER': str(SLOWER)}
        outputs = kernel_patches.on_kernel(suite, KERNEL, programs, {}, stage, environment, SLOWER)
    for line in outputs.get(STRESS, ('', None))[0].splitlines():
        if line.startswith('#'):
            say('    ' + line.lstrip('# '))
