# SPDX-License-Identifier: MIT
"""The demo: a picture goes from malloc'ed memory through the GPU's blitter into other such memory, in the guest."""

import filecmp
import shlex
import shutil

from . import build, cache, paths, vm
from .errors import Failure

PICTURE = build.folder('release') / 'demo/picture.png'  # drawn by demo/make_picture.c
PRODUCTS = ('source.png', 'result.png', 'report.json')
LIMIT_S = 600


def run(guest, jobs):
    """Run demo/'s program on each (image, out) of the jobs in one guest; the list of its exit statuses.

    out gets source.png, result.png and report.json. A status is 0 only if the two pictures agree.
    """
    program = build.program('release', 'demo', 'zerocopy-demo', PICTURE)
    with cache.lock('demo', base=paths.BUILD):
        return run_locked(guest, program, jobs)


def run_locked(guest, program, jobs):
    """Images and products cross through build/demo, which the guest sees at its own path."""
    exchange = paths.BUILD / 'demo'
    shutil.rmtree(exchange, ignore_errors=True)
    script = []
    for index, (image, out) in enumerate(jobs):
        folder = exchange / str(index)
        folder.mkdir(parents=True)
        try:
            shutil.copyfile(image, folder / 'input.png')
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f'{error.filename}: {error.strerror}', todo='name another one', status=2) from error
        words = shlex.join([str(program), str(folder / 'input.png'), '--out', str(folder)])
        script.append(f'{words}; echo $? > {shlex.quote(str(folder / "status"))}')
    guest.timeout_s = guest.timeout_s or LIMIT_S * len(jobs)
    result = vm.run(guest, ['sh', '-c', '\n'.join(script)])
    return [take(exchange / str(index), out, result) for index, (_, out) in enumerate(jobs)]


def take(folder, out, result):
    """Copy a job's products to where they are wanted, and see that they are what its status says; the status."""
    file = folder / 'status'
    if not file.exists():
        raise Failure('the demo did not end', todo=f'see {result.folder}')
    status = int(file.read_text(encoding='utf-8'))
    for name in PRODUCTS:
        if (folder / name).exists():
            shutil.copyfile(folder / name, out / name)
    missing = [name for name in PRODUCTS if not (folder / name).exists()]
    if status == 0 and missing:
        raise Failure('the demo ended well and left no ' + ', '.join(missing), todo=f'see {result.folder}')
    # One encoder wrote both pictures: the same pixels are the same file.
    if status == 0 and not filecmp.cmp(folder / 'source.png', folder / 'result.png', shallow=False):
        raise Failure('the demo says that the pictures agree, and they differ', f'see {out}', status=1)
    return status
