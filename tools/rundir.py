# SPDX-License-Identifier: MIT
"""A folder for each run of a VM under build/run: initramfs, GPU socket, console, logs. The last ones are kept."""

import contextlib
import fcntl
import os
import shutil
import time

from . import paths

KEPT = 20
# Logs stay; what only a live run needs goes when it ends.
TRANSIENT = ('initramfs', 'gpu.sock')


@contextlib.contextmanager
def new():
    base = paths.BUILD / 'run'
    base.mkdir(parents=True, exist_ok=True)
    sweep(base)
    folder = base / f'{time.strftime("%Y%m%d-%H%M%S")}-{os.getpid()}-{time.monotonic_ns() % 10**6:06}'
    folder.mkdir()
    with open(folder / 'lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            clean(folder)


def clean(folder):
    for name in TRANSIENT:
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()


def sweep(base):
    """Remove all but the last runs, and the litter of killed ones; live ones are left alone."""
    folders = sorted(path for path in base.iterdir() if path.is_dir())
    for index, folder in enumerate(folders):
        with contextlib.suppress(OSError), open(folder / 'lock', 'a', encoding='utf-8') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            clean(folder)
            if index < len(folders) - KEPT:
                shutil.rmtree(folder)
