# SPDX-License-Identifier: MIT
"""The guest's initramfs: busybox, the two scripts in guest/, the run's job, and the modules a stock kernel needs."""

import lzma
from pathlib import Path

from .errors import Failure

SCRIPTS = Path(__file__).parent / 'guest'
STOCK_MODULES = ('virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay', 'virtio_rng')


class Cpio:
    """A cpio archive in the "newc" format, which the kernel unpacks."""

    def __init__(self):
        self.parts = []
        self.inode = 0
        self.folders = set()

    def file(self, name, data, mode=0o644):
        parent = str(Path(name).parent)
        if parent != '.':
            self.folder(parent)
        self._entry(name, 0o100000 | mode, data)

    def folder(self, name):
        if name in self.folders:
            return
        parent = str(Path(name).parent)
        if parent != '.':
            self.folder(parent)
        self.folders.add(name)
        self._entry(name, 0o040755, b'')

    def _entry(self, name, mode, data):
        self.inode += 1
        path = name.encode() + b'\0'
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0]
        head = b'070701' + b''.join(b'%08x' % field for field in fields) + path
        self.parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]

    def bytes(self):
        done = Cpio()
        done._entry('TRAILER!!!', 0, b'')
        return b''.join(self.parts + done.parts)


def module_files(modules, names):
    """The files of these modules and of what they depend on, in loading order."""
    depends = {}
    for line in (modules / 'modules.dep').read_text(encoding='utf-8').splitlines():
        path, _, needs = line.partition(':')
        depends[Path(path).name.split('.')[0].replace('-', '_')] = [path, *needs.split()]
    built_in = {Path(line).name.split('.')[0].replace('-', '_')
                for line in (modules / 'modules.builtin').read_text(encoding='utf-8').splitlines()}
    order = []
    for name in names:
        if name in depends:
            # modules.dep lists what must be loaded later first
            order += [path for path in reversed(depends[name]) if path not in order]
        elif name not in built_in:
            raise Failure(f'the kernel {modules.name} has no module {name}', todo='choose another --kernel')
    return order


def module_bytes(path):
    if path.suffix == '.xz':
        return lzma.decompress(path.read_bytes())
    if path.suffix == '.ko':
        return path.read_bytes()
    raise Failure(f'{path.name}: a module compressed in a way that is not known', todo='use --kernel patched')


def make(busybox, kernel, files):
    """The archive's bytes; `files` maps names in /zerocopy to texts."""
    archive = Cpio()
    archive.file('init', (SCRIPTS / 'init').read_bytes(), 0o755)
    archive.file('bin/busybox', busybox.read_bytes(), 0o755)
    order = [] if kernel.built_in else module_files(kernel.modules, STOCK_MODULES)
    names = [Path(path).name.removesuffix('.xz') for path in order]
    archive.file('modules/order', ''.join(name + '\n' for name in names).encode())
    for path, name in zip(order, names):
        archive.file(f'modules/{name}', module_bytes(kernel.modules / path))
    archive.file('zerocopy/setup', (SCRIPTS / 'setup').read_bytes(), 0o755)
    for name, text in files.items():
        archive.file(f'zerocopy/{name}', text.encode(), 0o755)
    return archive.bytes()
