# SPDX-License-Identifier: MIT
"""What Debian 13 has too old: QEMU and igt from the newer suite, as extracted trees run through their own loader."""

import re

from . import cache, host, mirror, proc, rootfs
from .errors import Failure

SUITE = 'sid'
LOADER = 'usr/lib64/ld-linux-x86-64.so.2'
LIBRARIES = ('usr/lib/x86_64-linux-gnu', 'usr/lib')
QEMU_NEEDED = (10, 1)


def tree(name, packages, need_gib):
    """The extracted tree of these packages and what they depend on."""
    def make(folder, stage):
        host.ready()
        target = folder / 'tree'
        proc.run(rootfs.mmdebstrap(SUITE, target, packages) + ['--variant=extract'], f'extracting {name} from {SUITE}',
                 f'extract-{name}', lambda line: stage.progress(note=line or ''), hint=mirror.HINT)

    inputs = {'recipe': 1, 'suite': SUITE, 'packages': packages}
    return cache.artefact(name, inputs, make, need_gib, stage=f'{name} from Debian {SUITE}') / 'tree'


def through_loader(folder, program):
    """The command that runs a program of the tree with the tree's own C library."""
    return [folder / LOADER, '--library-path', ':'.join(str(folder / place) for place in LIBRARIES), folder / program]


def qemu():
    """QEMU's command, with the folders of its firmware. Its version is checked."""
    folder = tree('qemu', ['qemu-system-x86'], need_gib=1)
    command = through_loader(folder, 'usr/bin/qemu-system-x86_64')
    check_version(proc.output(command + ['--version'], 'asking QEMU for its version'))
    return command + ['-L', folder / 'usr/share/qemu', '-L', folder / 'usr/share/seabios']


def check_version(text):
    match = re.search(r'version (\d+)\.(\d+)', text)
    if not match or (int(match[1]), int(match[2])) < QEMU_NEEDED:
        raise Failure(f'QEMU is too old: {text.splitlines()[0] if text else "no version"}',
                      'vfio-user-pci came with 10.1', f'the mirror has an old {SUITE}: use another, or wait for it')


def igt():
    """The tree with igt's tests and runner."""
    return tree('igt', ['igt-gpu-tools-tests'], need_gib=2)
