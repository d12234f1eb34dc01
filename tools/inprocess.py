# SPDX-License-Identifier: MIT
"""Run a program on the virtual GPU without a VM: Mesa in the root, with libvgpu in the place of the kernel."""

import os
import subprocess

from . import build, mesa, proc, sandbox
from .errors import STATUS_TIMEOUT
from .report import say

LIBRARY = 'src/intel/vgpu/libvgpu_drm_shim.so'


# Preloaded before a library that is instrumented, or it finds its runtime too late.
ASAN_RUNTIME = 'libasan.so.8'


def library(kind='release'):
    """What a program gets preloaded, built; of kind 'asan' for programs of that build."""
    path = build.ninja(kind, [LIBRARY]) / LIBRARY
    return f'{ASAN_RUNTIME}:{path}' if kind == 'asan' else path


def environment(preload, trace=''):
    return {'LD_PRELOAD': str(preload), 'MESA_LOADER_DRIVER_OVERRIDE': 'crocus', 'PIGLIT_PLATFORM': 'surfaceless_egl',
            'VGPU_DRM_SHIM_TRACE': trace, 'VGPU_COPIES': os.environ.get('VGPU_COPIES', '')}


def command(argv, preload, env=None, **where):
    """The command that runs argv; the preloaded library is for it alone, not for what makes the sandbox."""
    variables = {**environment(preload), **(env or {})}
    return sandbox.command(['env', *(f'{name}={value}' for name, value in variables.items()), *argv], **where)


def run(argv, cwd=None, kind='debian', timeout_s=None):
    """Run argv to its end with our own standard streams and this Mesa (mesa.KINDS); its exit status."""
    prefix = mesa.get(kind)
    process = proc.spawn(command(argv, library(), mesa.environment(prefix) if prefix else None, cwd=cwd))
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        say(f'zerocopy: the command took longer than {timeout_s:g} s')
        return STATUS_TIMEOUT
    finally:
        proc.kill(process)


def capture(argv, preload, timeout_s, env=None):
    """(status, output) of argv; the status is None if it took longer."""
    return finish(command(argv, preload, env), timeout_s)


def software(driver):
    """What makes a program take Debian's softpipe or llvmpipe, and no GPU."""
    return {'LIBGL_ALWAYS_SOFTWARE': '1', 'GALLIUM_DRIVER': driver}


def capture_software(argv, driver, timeout_s):
    """As capture(), on a software driver."""
    return finish(sandbox.command(argv, env=software(driver)), timeout_s)


def finish(argv, timeout_s):
    process = proc.spawn(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors='replace')
    try:
        output, _ = process.communicate(timeout=timeout_s)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        proc.kill(process)
        return None, process.communicate()[0]
    finally:
        proc.kill(process)
