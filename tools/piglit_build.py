# SPDX-License-Identifier: MIT
"""The project's piglit tests, built in a copy of Debian's piglit source over which tests/piglit/ is laid."""

import ast
import gzip
import re
import shutil
import xml.etree.ElementTree as xml

from . import cache, paths, rootfs, sandbox, sources
from .errors import Failure
from .report import Stage

OURS = paths.REPO / 'tests/piglit'
WORK = paths.BUILD / 'piglit-build'
PROFILE = 'zerocopy.xml.gz'
# What a folder of ours adds to the CMakeLists.gl.txt that piglit has at the same place.
ADDITIONS = 'CMakeLists.gl.add.txt'
OPTIONS = ['-G', 'Ninja', '-DCMAKE_BUILD_TYPE=RelWithDebInfo', '-DCMAKE_C_COMPILER_LAUNCHER=ccache',
           '-DPIGLIT_USE_WAFFLE=ON', '-DPIGLIT_USE_WAYLAND=OFF', '-DPIGLIT_USE_X11=OFF',
           *(f'-DPIGLIT_BUILD_{part}_TESTS=OFF'
             for part in ('GLES1', 'GLES2', 'GLES3', 'CL', 'VK', 'GLX', 'DMA_BUF'))]


def targets(ours=OURS):
    """The programs that our CMake additions name."""
    texts = [path.read_text(encoding='utf-8') for path in sorted(ours.rglob(ADDITIONS))]
    return [name for text in texts for name in re.findall(r'(?m)^\s*piglit_add_executable\s*\(\s*(\S+)', text)]


def lay(tree, pristine, ours=OURS):
    """Lay our tests over the tree; only what differs is written, so that ninja builds no more than that."""
    for path in sorted(path for path in ours.rglob('*') if path.is_file()):
        where = tree / 'tests' / path.relative_to(ours)
        text = path.read_text(encoding='utf-8')
        if path.name == ADDITIONS:
            where = where.with_name('CMakeLists.gl.txt')
            text = (pristine / where.relative_to(tree)).read_text(encoding='utf-8') + '\n' + text
        elif path.suffix not in ('.c', '.h', '.py'):
            continue
        where.parent.mkdir(parents=True, exist_ok=True)
        if not where.exists() or where.read_text(encoding='utf-8') != text:
            where.write_text(text, encoding='utf-8')


def get():
    """Build the tests; the build folder, which has the programs in bin/ and PROFILE, written from zerocopy.py."""
    rootfs.get()
    source = sources.piglit()
    tree, objects = WORK / 'tree', WORK / 'build'
    stamp = WORK / 'made-from'
    inputs = repr((sources.version(source), OPTIONS, str(rootfs.get())))
    with cache.lock('piglit', base=paths.BUILD), Stage('build (piglit)') as stage:
        if not stamp.exists() or stamp.read_text(encoding='utf-8') != inputs:
            shutil.rmtree(WORK, ignore_errors=True)
            WORK.mkdir(parents=True)
            shutil.copytree(source / 'tree', tree, symlinks=True)
        lay(tree, source / 'tree')
        if not stamp.exists():
            sandbox.run(['cmake', '-S', tree, '-B', objects, *OPTIONS], 'configuring piglit', 'cmake-piglit',
                        lambda line: stage.progress(note='configuring'))
            stamp.write_text(inputs, encoding='utf-8')

        def on_line(line):
            match = re.match(r'\[(\d+)/(\d+)\] (.*)', line or '')
            if match:
                stage.progress(int(match[1]), int(match[2]), match[3])

        sandbox.run(['ninja', '-C', objects, *(f'bin/{name}' for name in targets())], 'building piglit\'s tests',
                    'ninja-piglit', on_line)
        check(targets(), profile_programs(objects, tree))
    return objects


def profile_programs(objects, tree):
    """Write the profile as piglit's own build writes its profiles; the programs that it runs."""
    sandbox.run(['python3', tree / 'tests/serializer.py', 'zerocopy', tree / 'tests/zerocopy.py', objects / PROFILE],
                'writing the profile', 'piglit-profile', env={'PIGLIT_BUILD_DIR': str(objects)})
    with gzip.open(objects / PROFILE) as file:
        commands = [option.get('value') for option in xml.parse(file).iter('option') if option.get('name') == 'command']
    return [ast.literal_eval(command)[0] for command in commands]


def check(built, run):
    """A program that is built and in no profile would never run."""
    if set(built) != set(run):
        raise Failure('tests/piglit: CMake and zerocopy.py differ', ' '.join(sorted(set(built) ^ set(run))),
                      'each program needs an entry in both')
