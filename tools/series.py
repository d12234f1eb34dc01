# SPDX-License-Identifier: MIT
"""A patch series, and a source tree that follows it.

The tree is a farm of hard links to the pristine source. When the series changes, only the files that the old or the new
series touches are looked at, and only those whose bytes differ are written, with a new time stamp: so a build in that
tree recompiles what changed and nothing else.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import cache, proc
from .errors import Failure


def patches(folder):
    """The patches that `folder`/series lists, in order."""
    lines = (folder / 'series').read_text(encoding='utf-8').splitlines()
    names = [line.split('#', 1)[0].strip() for line in lines]
    return [folder / name for name in names if name]


def inputs(folder):
    """What an artefact made with this series depends on."""
    return [[patch.name, cache.file_digest(patch)] for patch in patches(folder)]


def touched(patch):
    """The files that a patch reads or writes, relative to the tree."""
    files = set()
    text = patch.read_text(encoding='utf-8', errors='replace')
    for line in text.splitlines():
        match = re.match(r'^(?:---|\+\+\+) [ab]/([^\t]+)', line) or re.match(r'^(?:rename|copy) (?:from|to) (.+)', line)
        if match:
            files.add(match[1])
    return files


def apply(pristine, series, into, version):
    """Copy what the series touches from `pristine` to the empty folder `into` and patch it there."""
    for patch in series:
        for name in touched(patch):
            source, target = pristine / name, into / name
            if source.exists() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
    for patch in series:
        # git apply allows no fuzz and undoes nothing half way; outside a repository it needs no index.
        done = subprocess.run(['git', 'apply', '--whitespace=nowarn', str(patch.resolve())], cwd=into, text=True,
                              env=dict(os.environ, GIT_CEILING_DIRECTORIES=str(into.parent), GIT_DIR='/nonexistent'),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise Failure(f'{patch.name} does not apply to {version}', done.stdout.strip(),
                          f'rebase {patch.name} onto this version')


def lay(overlay, pristine, into, version):
    """Put the new files of `overlay`, {name: file}, into the folder `into`."""
    for name, file in overlay.items():
        if (pristine / name).exists() or (into / name).exists():
            raise Failure(f'{name} is not new in {version}', f'{file} would replace it',
                          'change that file by a patch, or give the new one another name')
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, into / name)


def update(tree, pristine, series, version, overlay=None):
    """Make `tree` the pristine source with the series applied and the new files of `overlay`, {name: file}, laid over it.

    Returns the files that changed.
    """
    state = tree.with_name(tree.name + '.series')
    scratch = tree.with_name(tree.name + '.patched')
    if not state.exists():
        cache.remove(tree)
        tree.parent.mkdir(parents=True, exist_ok=True)
        proc.output(['cp', '--archive', '--link', pristine, tree], f'linking {pristine}')
    before = set(json.loads(state.read_text(encoding='utf-8'))) if state.exists() else set()
    cache.remove(scratch)
    scratch.mkdir()
    apply(pristine, series, scratch, version)
    lay(overlay or {}, pristine, scratch, version)
    after = set(overlay or {}).union(*[touched(patch) for patch in series])
    # Said before the tree is changed: an interrupted update is finished by the next one.
    state.write_text(json.dumps(sorted(before | after)), encoding='utf-8')
    changed = [name for name in sorted(before | after) if settle(tree, pristine, scratch, name, after)]
    state.write_text(json.dumps(sorted(after)), encoding='utf-8')
    cache.remove(scratch)
    return changed


def settle(tree, pristine, scratch, name, after):
    """Bring one file of the tree to what it should be; True if that changed it."""
    wanted, present = (scratch if name in after else pristine) / name, tree / name
    want = wanted.read_bytes() if wanted.exists() else None
    have = present.read_bytes() if present.exists() else None
    if want == have:
        return False
    if want is None:
        present.unlink()
        return True
    present.parent.mkdir(parents=True, exist_ok=True)
    replacement = Path(f'{present}.new')  # never written in place: the pristine source shares the inode
    replacement.write_bytes(want)
    shutil.copymode(wanted, replacement)
    replacement.rename(present)
    return True
