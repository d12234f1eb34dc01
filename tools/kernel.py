# SPDX-License-Identifier: MIT
"""The guest's kernels: Debian 13's source with kernel-patches/ built here, and Debian's own image.

'unpatched' is built like 'patched', so that what differs between them is the patches and nothing else; 'stock' is Debian's
image, with a configuration of its own.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import cache, debian, paths, rootfs, sandbox, series, sources
from .errors import Failure
from .report import say

PATCHES = paths.REPO / 'kernel-patches'
FRAGMENTS = {'patched': ['vm'], 'unpatched': ['vm'], 'debug': ['vm', 'debug']}
KINDS = ['patched', 'stock', 'unpatched', 'debug']
STOCK_META = 'linux-image-amd64'
# Objects that a build of vm.config compiles, for the progress bar.
OBJECTS = 2310


@dataclass(frozen=True)
class Kernel:
    """A kernel to boot."""
    image: Path
    modules: Path  # the folder lib/modules/RELEASE
    release: str
    built_in: bool  # virtio, 9p and overlay need no modules


def get(kind):
    return stock() if kind == 'stock' else built(kind)


def describe(folder, built_in):
    modules = debian.one(folder, 'lib/modules/*')
    return Kernel(debian.one(folder, 'vmlinuz*'), modules, modules.name, built_in)


def stock():
    """Debian's kernel image, extracted."""
    return describe(cache.artefact('kernel-stock', {'recipe': 1, 'suite': rootfs.SUITE}, make_stock, need_gib=1,
                                   stage=f'stock kernel: {STOCK_META}'), built_in=False)


def make_stock(folder, stage):
    rootfs.get()
    with debian.apt(rootfs.SUITE, folder) as apt:
        image = apt.dependency(STOCK_META, 'linux-image-')
        apt.get(folder, 'download', image, on_line=lambda line: stage.progress(note='downloading'))
    deb = debian.one(folder, 'linux-image-*.deb')
    debian.unpack(deb, folder / 'package')
    (folder / 'lib').mkdir()
    modules = debian.one(folder, 'package/usr/lib/modules/*')
    debian.one(folder, 'package/boot/vmlinuz-*').rename(folder / 'vmlinuz')
    (folder / 'lib/modules').mkdir()
    modules.rename(folder / 'lib/modules' / modules.name)
    shutil.rmtree(folder / 'package')
    deb.unlink()
    sandbox.run(['depmod', '--basedir', folder, modules.name], 'depmod', 'depmod-stock')


def fragments(kind):
    return [PATCHES / 'config' / f'{name}.config' for name in FRAGMENTS[kind]]


def patches(kind):
    return [] if kind == 'unpatched' else series.patches(PATCHES)


def built(kind):
    """A kernel built here: 'patched', 'unpatched' or 'debug'."""
    source = sources.linux()
    version = sources.version(source)
    inputs = {'recipe': 1, 'version': version, 'series': [] if kind == 'unpatched' else series.inputs(PATCHES),
              'config': [cache.file_digest(path) for path in fragments(kind)]}

    def make(folder, stage):
        with cache.lock(f'kernel-tree-{kind}'):
            build(kind, source / 'tree', version, folder, stage)

    return describe(cache.artefact(f'kernel-{kind}', inputs, make, need_gib=4,
                                   stage=f'kernel ({kind}): Linux {version}'), built_in=True)


def build(kind, pristine, version, folder, stage):
    """Build in a tree that is kept, so that the next series recompiles only what it touches."""
    work = paths.cache() / 'kernel-tree' / f'{kind}-{cache.digest([version])}'
    tree, objects = work / 'source', work / 'objects'
    objects.mkdir(parents=True, exist_ok=True)
    changed = series.update(tree, pristine, patches(kind), f'Linux {version}')
    if changed:
        say(f'    {len(changed)} files differ from the last build')
    make = ['make', '-C', tree, f'O={objects}', f'-j{os.cpu_count()}', 'CC=ccache gcc', 'ARCH=x86']
    env = {'KBUILD_BUILD_TIMESTAMP': '1970-01-01', 'KBUILD_BUILD_USER': 'zerocopy', 'KBUILD_BUILD_HOST': 'zerocopy'}
    configure(kind, make, env, objects)

    compiled = 0

    def on_line(line):
        nonlocal compiled
        compiled += bool(line and re.match(r'^\s+(CC|AS|LD|AR)\s', line))
        stage.progress(compiled, OBJECTS, (line or '').strip())

    sandbox.run(make + ['bzImage', 'modules'], f'building Linux {version}', f'kernel-{kind}', on_line, env=env)
    sandbox.run(make + ['modules_install', f'INSTALL_MOD_PATH={folder}', 'INSTALL_MOD_STRIP=1'],
                'installing the modules', f'kernel-{kind}-install', env=env)
    shutil.copy(objects / 'arch/x86/boot/bzImage', folder / 'vmlinuz')
    shutil.copy(objects / '.config', folder / 'config')
    for link in folder.glob('lib/modules/*/build'):
        link.unlink()


def configure(kind, make, env, objects):
    """Write .config from the fragments, and see that Kconfig took every line of them."""
    wanted = {}
    for path in fragments(kind):
        for name, value in re.findall(r'(?m)^(CONFIG_\w+)=(.*)$', path.read_text(encoding='utf-8')):
            wanted[name] = value
    text = ''.join(f'{name}={value}\n' for name, value in wanted.items())
    fragment = objects / 'zerocopy.config'
    fragment.write_text(text, encoding='utf-8')
    sandbox.run(make + ['allnoconfig'], 'configuring Linux', f'kernel-{kind}-config',
                env=dict(env, KCONFIG_ALLCONFIG=str(fragment)))
    got = dict(re.findall(r'(?m)^(CONFIG_\w+)=(.*)$', (objects / '.config').read_text(encoding='utf-8')))
    refused = [f'{name}={value}' for name, value in wanted.items() if got.get(name, 'n') != value]
    if refused:
        raise Failure('Kconfig did not take ' + ' '.join(refused), 'an option was renamed, or lacks what it depends on',
                      'mend kernel-patches/config/')
