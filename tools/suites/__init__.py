# SPDX-License-Identifier: MIT
"""The test suites, one file each, in the order in which `zerocopy test` runs them: cheap ones first.

A suite is a function run(suite) that adds its cases to a results.Suite. The suites in ON_REQUEST run only when named.
"""

from . import (demo, differential, fuzz, gl, guest, igt, in_process, kernel_debug, kernel_docs, kernel_patches,
               mesa_patches, mesa_series, operations, piglit, tools, transfers, unit, vm)

SUITES = {
    'tools': tools.run,
    'unit': unit.run,
    'in-process': in_process.run,
    'piglit': piglit.run,
    'differential': differential.run,
    'fuzz': fuzz.run,
    'vm': vm.run,
    'guest': guest.run,
    'gl': gl.run,
    'igt': igt.run,
    'demo': demo.run,
    'kernel': kernel_patches.run,
    'mesa': mesa_patches.run,
    'mesa-series': mesa_series.run,
    'operations': operations.run,
    'piglit-vm': piglit.run_vm,
    'transfers': transfers.run,
    'kernel-debug': kernel_debug.run,
    'kernel-docs': kernel_docs.run,
}

# These take long: see docs/ci.md.
ON_REQUEST = ('igt', 'kernel', 'kernel-debug', 'kernel-docs', 'mesa', 'mesa-series', 'operations',
              'piglit-vm', 'transfers')
