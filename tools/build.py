# SPDX-License-Identifier: MIT
"""The project's C programs: meson builds under build/, made inside the Debian root."""

import contextlib
import json
import re
from pathlib import Path

from . import cache, paths, rootfs, sandbox, sources
from .errors import Failure
from .report import Stage

CLANG = {'CC': 'ccache clang-19', 'CC_LD': 'lld-19'}
SANITIZE = ['-Db_sanitize=address,undefined', '-Dbuildtype=debugoptimized']
KINDS = {
    'release': ([], {}),
    'asan': (SANITIZE, {}),
    'fuzz': (SANITIZE + ['-Dfuzz=true', '-Db_lundef=false'], CLANG),
}
# A report of a sanitizer ends the program: a test that goes on after undefined behaviour has not passed.
SANITIZER_ENVIRONMENT = {
    'ASAN_OPTIONS': 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
}


def folder(kind):
    return paths.BUILD / kind


def configure(kind):
    """Make the build folder ready: set up, and as the meson.build files say now."""
    options, env = KINDS[kind]
    rootfs.get()
    arguments = [*options, f'-Dmesa-source={sources.mesa() / "tree"}']
    where = folder(kind)
    stamp = where / 'zerocopy-arguments'
    with cache.lock(f'build-{kind}', base=paths.BUILD):
        if not stamp.exists() or stamp.read_text(encoding='utf-8') != repr((arguments, env)):
            wipe = ['--wipe'] if (where / 'meson-private').exists() else []
            with Stage(f'configure ({kind})'):
                sandbox.run(['meson', 'setup', *wipe, *arguments, where], f'configuring the {kind} build',
                            f'meson-{kind}', env=env)
            stamp.write_text(repr((arguments, env)), encoding='utf-8')
        sandbox.run(['ninja', '-C', where, 'build.ninja'], f'configuring the {kind} build', f'meson-{kind}', env=env)


def ninja(kind, targets=()):
    """Build these targets (files of the build folder, or all); the folder. Where nothing has changed, nothing is said."""
    configure(kind)
    where = folder(kind)
    names = [str(Path(target).relative_to(where)) if Path(target).is_absolute() else target for target in targets]
    with cache.lock(f'build-{kind}', base=paths.BUILD), contextlib.ExitStack() as stack:
        stage = None

        def on_line(line):
            nonlocal stage
            match = re.match(r'\[(\d+)/(\d+)\] (.*)', line or '')
            if match:
                stage = stage or stack.enter_context(Stage(f'build ({kind})'))
                stage.progress(int(match[1]), int(match[2]), match[3])

        sandbox.run(['ninja', '-C', where, *names], f'the {kind} build', f'ninja-{kind}', on_line, env=KINDS[kind][1])
    return where


def executables(kind, source_folder):
    """{name: path} of the executables that the meson.build files in and below `source_folder` define.

    The build folder must be configured; the executables need not be built yet.
    """
    top = paths.REPO / source_folder
    targets = json.loads((folder(kind) / 'meson-info/intro-targets.json').read_text(encoding='utf-8'))
    return {target['name']: Path(target['filename'][0]) for target in targets
            if target['type'] == 'executable' and Path(target['defined_in']).is_relative_to(top)}


def program(kind, source_folder, name, *further):
    """One executable, built, together with further targets."""
    configure(kind)
    found = executables(kind, source_folder).get(name)
    if not found:
        raise Failure(f'no meson.build in {source_folder} defines a program {name}')
    ninja(kind, [found, *further])
    return found


def vgpu(kind='release'):
    return program(kind, 'src/intel/vgpu', 'vgpu')
