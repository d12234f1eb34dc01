# SPDX-License-Identifier: MIT
"""`zerocopy demo`, with and without --blitter, on pictures of every kind, and on one that is broken."""

import json
import shutil
import struct
import zlib

from .. import build, demo, paths, vm
from ..report import Stage

PAGE_BYTES = 4096
# failure.h: the picture cannot be read
BAD_PICTURE = 3
# PNG's colour types
GREY, RGB, RGBA = 0, 2, 6
CHANNELS = {GREY: 1, RGB: 3, RGBA: 4}
PICTURES = {
    'one pixel': (1, 1, RGBA, 8),
    'odd size': (1921, 1081, RGB, 8),
    'grey': (640, 480, GREY, 8),
    'rgba': (800, 600, RGBA, 8),
    '16 bit': (333, 77, RGB, 16),
    '8192 x 8192': (8192, 8192, RGBA, 8),
}
# Drawing 64 million pixels is too much for an interpreter of shaders.
NOT_DRAWN = ['8192 x 8192']


def png(width, height, colour, depth):
    """A PNG of noise that compresses: every row is another rotation of one row."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    row_bytes = width * CHANNELS[colour] * depth // 8
    pattern = bytes((x * x * 7 + (x >> 3)) & 255 for x in range(4096))
    long = pattern * (2 + row_bytes // len(pattern))
    packer = zlib.compressobj(1)
    rows = (b'\0' + long[y % 4096:y % 4096 + row_bytes] for y in range(height))
    data = b''.join(map(packer.compress, rows)) + packer.flush()
    header = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', data) + chunk(b'IEND', b'')


def run(suite):
    build.program('release', 'demo', demo.BLITTER, demo.PICTURE)
    folder = paths.BUILD / 'demo-test'
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    images = {'the bundled picture': demo.PICTURE}
    for name, shape in PICTURES.items():
        images[name] = folder / f'{name}.png'
        images[name].write_bytes(png(*shape))
    images['broken'] = folder / 'broken.png'
    images['broken'].write_bytes(png(640, 480, RGB, 8)[:5000])
    jobs = [(program, name) for program in (demo.OPENGL, demo.BLITTER) for name in images
            if program == demo.BLITTER or name not in NOT_DRAWN]
    with Stage(f'demo: {len(jobs)} pictures'):
        statuses = demo.run(vm.Guest(kernel='stock', vgpu=build.vgpu()),
                            [(program, images[name], folder / program / name) for program, name in jobs])
    for (program, name), status in zip(jobs, statuses):
        expected = BAD_PICTURE if name == 'broken' else 0
        suite.check(f'{program}: {name}', status == expected, f'status {status}, not {expected}')
    # What finds no page of pinned memory touched must find those of client memory, which Mesa does copy.
    report = json.loads((folder / demo.OPENGL / 'odd size' / 'report.json').read_text(encoding='utf-8'))
    pages = -(-report['upload_bytes'] // PAGE_BYTES)
    suite.check('touched pages are seen', report['client']['source_pages_touched'] == pages, f'not {pages}: {report}')
