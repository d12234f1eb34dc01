# SPDX-License-Identifier: MIT
"""Artefacts kept in the cache folder, each under the hash of its inputs.

An artefact is made in a temporary folder and renamed when it is complete, so one that exists is whole, however often
the making of it was interrupted. A lock for each lets two zerocopy processes share the cache.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time

from . import paths, proc
from .errors import Failure
from .report import Stage, say

HASH_DIGITS = 16
INPUTS = '.inputs.json'
KEPT_DAYS = 60


def digest(inputs):
    """The hash of anything that json can say."""
    text = json.dumps(inputs, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def file_digest(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


@contextlib.contextmanager
def lock(name, wait=True, base=None):
    """Hold the lock `name` of the cache, or of the folder `base`.

    Yields False at once if it is taken and `wait` is not wanted.
    """
    folder = (base or paths.cache()) / 'locks'
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, 'w', encoding='utf-8') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            say(f'    waiting for another zerocopy that holds {name}')
            fcntl.flock(file, fcntl.LOCK_EX)
        yield True


def remove(path):
    """Remove a tree whose files may belong to users of our user namespace."""
    if not os.path.lexists(path):
        return
    if os.geteuid() == 0:
        shutil.rmtree(path, onerror=unless_gone)
    else:
        proc.output(proc.namespaces() + ['rm', '-rf', '--', path], f'removing {path}')


def unless_gone(_function, _path, info):
    """For rmtree: a file that is gone already, because what an ended run has left is still tidying up, is no error."""
    if not issubclass(info[0], FileNotFoundError):
        raise info[1]


def path_of(name, inputs):
    """Where the artefact is, or will be."""
    return paths.cache() / name / digest(inputs)


def artefact(name, inputs, make, need_gib=0, stage=None):
    """The folder of an artefact; make(folder, stage) fills it when the cache does not have it yet."""
    final = path_of(name, inputs)
    if final.exists():
        os.utime(final)
        return final
    key = f'{name}-{final.name}'
    with lock(key):
        if final.exists():
            return final
        partial = paths.cache() / 'partial' / key
        remove(partial)
        partial.mkdir(parents=True)
        check_space(need_gib)
        with Stage(stage or name) as progress:
            make(partial, progress)
        (partial / INPUTS).write_text(json.dumps(inputs, indent=1, sort_keys=True) + '\n', encoding='utf-8')
        final.parent.mkdir(exist_ok=True)
        partial.rename(final)
    return final


def check_space(need_gib):
    """Fail before the disk does."""
    free_gib = shutil.disk_usage(paths.cache()).free / 2**30
    if free_gib < need_gib:
        raise Failure(f'too little disk: {free_gib:.1f} GiB free, {need_gib} GiB needed', f'in {paths.cache()}',
                      'make room, or set XDG_CACHE_HOME to a folder on a larger disk')


def sweep():
    """Remove what interrupted runs left half made (not what a live one is making), and what has long not been used."""
    for left in paths.cache().glob('partial/*'):
        with lock(left.name, wait=False) as held:
            if held:
                remove(left)
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for inputs in paths.cache().glob(f'*/*/{INPUTS}'):
        unused = inputs.parent
        if unused.stat().st_mtime < oldest:
            with lock(f'{unused.parent.name}-{unused.name}', wait=False) as held:
                if held:
                    remove(unused)
