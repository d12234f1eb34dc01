# SPDX-License-Identifier: MIT
"""The demo: a picture goes from malloc'ed memory through the GPU's blitter into other malloc'ed memory, in the guest."""

import filecmp
import shutil

from . import build, paths, vm
from .errors import Failure

PICTURE = build.folder('release') / 'demo/picture.png'  # drawn by demo/make_picture.c
PRODUCTS = ('source.png', 'result.png', 'report.json')
LIMIT_S = 600


def run(guest, image, out, extra=()):
    """Run demo/'s program on an image; the exit status, 0 only if the two pictures agree.

    out gets source.png, result.png and report.json. Image and products cross through build/demo, which the guest sees.
    """
    program = build.program('release', 'demo', 'zerocopy-demo')
    exchange = paths.BUILD / 'demo'
    made = exchange / 'made'
    shutil.rmtree(exchange, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        shutil.copyfile(image, exchange / 'input.png')
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f'{error.filename}: {error.strerror}', status=2) from error
    guest.timeout_s = guest.timeout_s or LIMIT_S
    result = vm.run(guest, [program, exchange / 'input.png', '--out', made, *extra])
    for name in PRODUCTS:
        if (made / name).exists():
            shutil.copyfile(made / name, out / name)
    if result.status:
        return result.status
    missing = [name for name in PRODUCTS if not (made / name).exists()]
    if missing:
        raise Failure('the demo ended well and left no ' + ', '.join(missing), todo=f'see {result.folder}')
    # One encoder wrote both pictures: the same pixels are the same file.
    if not filecmp.cmp(out / 'source.png', out / 'result.png', shallow=False):
        raise Failure('the demo says that the pictures agree, and they differ', f'in {out}', status=1)
    return 0
