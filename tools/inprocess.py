# SPDX-License-Identifier: MIT
"""Run a program on the virtual GPU without a VM: Debian's Mesa in the root, with libvgpu in the place of the kernel."""

import subprocess

from . import build, proc, sandbox

LIBRARY = 'src/intel/vgpu/libvgpu_drm_shim.so'


def library():
    """The library that a program gets preloaded, built."""
    return build.ninja('release', [LIBRARY]) / LIBRARY


def environment(preload, trace=''):
    return {'LD_PRELOAD': str(preload), 'MESA_LOADER_DRIVER_OVERRIDE': 'crocus', 'PIGLIT_PLATFORM': 'surfaceless_egl',
            'VGPU_DRM_SHIM_TRACE': trace}


def command(argv, preload, env=None, **where):
    """The command that runs argv; the preloaded library is for it alone, not for what makes the sandbox."""
    variables = {**environment(preload), **(env or {})}
    return sandbox.command(['env', *(f'{name}={value}' for name, value in variables.items()), *argv], **where)


def run(argv, cwd=None):
    """Run argv to its end with our own standard streams; its exit status."""
    process = proc.spawn(command(argv, library(), cwd=cwd))
    try:
        return process.wait()
    finally:
        proc.kill(process)


def capture(argv, preload, timeout_s, env=None):
    """(status, output) of argv; the status is None if it took longer."""
    process = proc.spawn(command(argv, preload, env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, errors='replace')
    try:
        output, _ = process.communicate(timeout=timeout_s)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        proc.kill(process)
        return None, process.communicate()[0]
    finally:
        proc.kill(process)
