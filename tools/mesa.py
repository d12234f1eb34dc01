# SPDX-License-Identifier: MIT
"""The guest's Mesa: Debian 13's source with mesa-patches/ and the new files under src/, built here, or Debian's own.

'patched' and 'stock' are built alike, so that what differs between them is the patches and nothing else; 'debian' is
what the root has installed.
"""

import os
import re

from . import cache, paths, sandbox, series, sources
from .errors import Failure
from .report import say

PATCHES = paths.REPO / 'mesa-patches'
BUILT = ['patched', 'stock']
KINDS = BUILT + ['debian']
# Where new files of Mesa are kept: each is laid over the tree at the path that it has here.
OVERLAY = ['src/intel/userptr', 'src/gallium', 'src/mesa']
PREFIX = 'usr'
OPTIONS = [
    f'--prefix=/{PREFIX}', '--libdir=lib', '--wrap-mode=nofallback', '-Dbuildtype=debugoptimized',
    # as Debian builds it
    '-Db_ndebug=true', '-Dglvnd=enabled',
    '-Dgallium-drivers=crocus,softpipe', '-Dvulkan-drivers=', '-Dplatforms=', '-Degl=enabled', '-Dgbm=enabled',
    '-Dglx=disabled', '-Dgles1=disabled', '-Dgles2=enabled', '-Dvideo-codecs=', '-Dintel-rt=disabled',
    '-Dllvm=disabled', '-Dgallium-va=disabled', '-Dgallium-vdpau=disabled', '-Dlmsensors=disabled',
    '-Dvalgrind=disabled', '-Dlibunwind=disabled', '-Dbuild-tests=false',
]


def overlay(repo=paths.REPO):
    """{path in Mesa's tree: our file} of the new files."""
    found = {}
    for folder in OVERLAY:
        for path in sorted((repo / folder).rglob('*')):
            if path.is_file():
                found[str(path.relative_to(repo))] = path
    return found


def environment(prefix):
    """What makes programs take the Mesa that is installed in this folder."""
    return {'LD_LIBRARY_PATH': f'{prefix}/lib', 'LIBGL_DRIVERS_PATH': f'{prefix}/lib/dri',
            'GBM_BACKENDS_PATH': f'{prefix}/lib/gbm',
            '__EGL_VENDOR_LIBRARY_FILENAMES': f'{prefix}/share/glvnd/egl_vendor.d/50_mesa.json'}


def layers(kind):
    """The patches and the new files of this kind."""
    return (series.patches(PATCHES), overlay()) if kind == 'patched' else ([], {})


def get(kind):
    """The folder in which Mesa is installed, or None for what the root has."""
    if kind == 'debian':
        return None
    source = sources.mesa()
    version = sources.version(source)
    patches, files = layers(kind)
    inputs = {'recipe': 1, 'version': version, 'options': OPTIONS,
              'series': [[patch.name, cache.file_digest(patch)] for patch in patches],
              'overlay': {name: cache.file_digest(path) for name, path in files.items()}}

    def make(folder, stage):
        with cache.lock(f'mesa-tree-{kind}'):
            build(kind, source / 'tree', version, folder, stage)

    return cache.artefact(f'mesa-{kind}', inputs, make, need_gib=3, stage=f'Mesa ({kind}): {version}') / PREFIX


def lay(kind):
    """Make the kept source tree of this kind what the series and the new files say now; (tree, objects)."""
    source = sources.mesa()
    with cache.lock(f'mesa-tree-{kind}'):
        return update(kind, source / 'tree', sources.version(source))


def update(kind, pristine, version):
    work = paths.cache() / 'mesa-tree' / f'{kind}-{cache.digest([version])}'
    tree, objects = work / 'source', work / 'objects'
    objects.mkdir(parents=True, exist_ok=True)
    patches, files = layers(kind)
    changed = series.update(tree, pristine, patches, f'Mesa {version}', files)
    if changed:
        say(f'    {len(changed)} files differ from the last build')
    return tree, objects


def build(kind, pristine, version, folder, stage):
    """Build in a tree that is kept, so that the next series recompiles only what it touches."""
    tree, objects = update(kind, pristine, version)
    # Both kinds lie alike below this folder, so that what they have in common is compiled once.
    env = {'CC': 'ccache gcc', 'CXX': 'ccache g++', 'CCACHE_BASEDIR': str(tree.parent)}
    stamp = objects / 'zerocopy-arguments'
    if not stamp.exists() or stamp.read_text(encoding='utf-8') != repr((OPTIONS, env)):
        wipe = ['--wipe'] if (objects / 'meson-private').exists() else []
        sandbox.run(['meson', 'setup', *wipe, *OPTIONS, objects, tree], 'configuring Mesa', f'mesa-{kind}-config',
                    lambda line: stage.progress(note=line or ''), env=env)
        stamp.write_text(repr((OPTIONS, env)), encoding='utf-8')

    def on_line(line):
        match = re.match(r'\[(\d+)/(\d+)\] (.*)', line or '')
        if match:
            stage.progress(int(match[1]), int(match[2]), match[3])

    sandbox.run(['ninja', '-C', objects, f'-j{os.cpu_count()}'], f'building Mesa {version}', f'mesa-{kind}', on_line,
                env=env)
    sandbox.run(['meson', 'install', '-C', objects, '--no-rebuild', '--quiet', f'--destdir={folder}'],
                'installing Mesa', f'mesa-{kind}-install', env=env)
    vendor = folder / PREFIX / 'share/glvnd/egl_vendor.d/50_mesa.json'
    if not vendor.exists():
        raise Failure(f'Mesa {version} installed no {vendor.name}', 'it was built without libglvnd',
                      'mend the options in tools/mesa.py')
