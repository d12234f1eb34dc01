# SPDX-License-Identifier: MIT
"""Debian 13's sources of Linux, Mesa and piglit, unpacked."""

import shutil

from . import cache, debian, rootfs, sandbox

LINUX = 'linux-source-6.12'
MESA = 'mesa'
PIGLIT = 'piglit'


def linux():
    """The folder with tree/ (the source) and VERSION (Debian's version of it)."""
    return cache.artefact(LINUX, {'recipe': 1, 'suite': rootfs.SUITE}, make_linux, need_gib=3,
                          stage=f'source of Linux: {LINUX}')


def make_linux(folder, stage):
    rootfs.get()
    with debian.apt(rootfs.SUITE, folder) as apt:
        apt.get(folder, 'download', LINUX, on_line=lambda line: stage.progress(note='downloading'))
    deb = debian.one(folder, f'{LINUX}_*.deb')
    debian.unpack(deb, folder / 'package')
    tree = folder / 'tree'
    tree.mkdir()
    sandbox.run(['tar', '--extract', '--strip-components=1', '--directory', tree,
                 '--file', debian.one(folder, 'package/usr/src/*.tar.xz')],
                'unpacking Linux', 'unpack-linux', lambda line: stage.progress(note='unpacking'))
    (folder / 'VERSION').write_text(debian.version(deb) + '\n', encoding='utf-8')
    deb.unlink()
    shutil.rmtree(folder / 'package')


def mesa():
    """The folder with tree/ (the source with Debian's patches)."""
    return cache.artefact(MESA + '-source', {'recipe': 1, 'suite': rootfs.SUITE}, make_mesa, need_gib=1,
                          stage='source of Mesa')


def make_mesa(folder, stage):
    rootfs.get()
    with debian.apt(rootfs.SUITE, folder) as apt:
        apt.get(folder, 'source', '--download-only', MESA, on_line=lambda line: stage.progress(note='downloading'))
    dsc = debian.one(folder, f'{MESA}_*.dsc')
    sandbox.run(['dpkg-source', '--no-check', '--extract', dsc, folder / 'tree'],
                'unpacking Mesa', 'unpack-mesa', lambda line: stage.progress(note='unpacking'))
    (folder / 'VERSION').write_text(dsc.stem.split('_')[1] + '\n', encoding='utf-8')
    for archive in folder.glob(f'{MESA}_*'):
        archive.unlink()


def piglit():
    """The folder with tree/ (upstream's source; what Debian changes is packaging)."""
    return cache.artefact(PIGLIT + '-source', {'recipe': 1, 'suite': rootfs.SUITE}, make_piglit, need_gib=1,
                          stage='source of piglit')


def make_piglit(folder, stage):
    rootfs.get()
    with debian.apt(rootfs.SUITE, folder) as apt:
        # No .dsc: mirrors have answered 404 for its name. apt checks the archive against the package list all the same.
        apt.get(folder, 'source', '--tar-only', '--download-only', PIGLIT,
                on_line=lambda line: stage.progress(note='downloading'))
    archive = debian.one(folder, f'{PIGLIT}_*.orig.tar.*')
    tree = folder / 'tree'
    tree.mkdir()
    sandbox.run(['tar', '--extract', '--strip-components=1', '--directory', tree, '--file', archive],
                'unpacking piglit', 'unpack-piglit', lambda line: stage.progress(note='unpacking'))
    (folder / 'VERSION').write_text(archive.name.split('_')[1].partition('.orig')[0] + '\n', encoding='utf-8')
    archive.unlink()


def version(folder):
    return (folder / 'VERSION').read_text(encoding='utf-8').strip()
