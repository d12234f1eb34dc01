# SPDX-License-Identifier: MIT
"""tests/differential: what a seed renders on the virtual GPU, compared with what the software drivers render.

Each driver's run writes a file: for each step what it does, GL errors, and pictures with the tolerance that the GL
allows. A step on the virtual GPU must agree, in all that it wrote, with softpipe or, where it does not, with llvmpipe:
where the two disagree, the GL or a defect of theirs leaves it open. A step in which a software driver did what no
driver may, such as write a byte beside the pixels, is no reference.
"""

import contextlib
import dataclasses
import math
import re
import struct
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import build, inprocess, paths
from .errors import Failure

DEVICE, ORACLES = 'crocus', ('softpipe', 'llvmpipe')
# What must be in GL_RENDERER.
RENDERERS = {'crocus': 'Intel', 'softpipe': 'softpipe', 'llvmpipe': 'llvmpipe'}
LIMIT_S = 300
DEFECTS = paths.REPO / 'tests/differential/defects.txt'

ELEMENTS = {'u8': 'B', 's8': 'b', 'u16': 'H', 's16': 'h', 'u32': 'I', 's32': 'i', 'f16': 'e', 'f32': 'f'}
# Packed types: element, and the width of each field from the most significant on.
PACKED = {'332': ('B', (3, 3, 2)), '565': ('H', (5, 6, 5)), '4444': ('H', (4, 4, 4, 4)), '5551': ('H', (5, 5, 5, 1)),
          '8888': ('I', (8, 8, 8, 8)), 'aaa2': ('I', (10, 10, 10, 2))}


@dataclass
class Picture:
    name: str
    width: int
    height: int
    layout: str
    tolerance: float
    relative: float
    pixel_bytes: int
    pixels: bytes
    mask: bytes  # of each pixel whether it is compared; empty: all are

    def pixel(self, index):
        """The components of a pixel as numbers; UNORM and SNORM ones from 0 or -1 to 1."""
        return decode(self.layout, self.pixels[index * self.pixel_bytes:(index + 1) * self.pixel_bytes])


@dataclass
class Step:
    number: int
    kind: str
    state: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    broken: list = field(default_factory=list)
    pictures: list = field(default_factory=list)


@dataclass
class Run:
    """What one driver did with a seed."""
    renderer: str
    steps: dict
    complete: bool


def small_float(bits, mantissa):
    """An unsigned float with a 5 bit exponent."""
    exponent, fraction = bits >> mantissa, bits & (1 << mantissa) - 1
    if exponent == 31:
        return math.nan if fraction else math.inf
    if not exponent:
        return math.ldexp(fraction, -14 - mantissa)
    return math.ldexp((1 << mantissa) + fraction, exponent - 15 - mantissa)


def decode(layout, data):
    """The components of a pixel of this layout, which is the C program's name of a type in memory."""
    integer = layout.endswith('i')
    name = layout.removesuffix('i')
    element, _, count = name.partition('x')
    if element in ELEMENTS:
        values = struct.unpack(f'<{int(count)}{ELEMENTS[element]}', data)
        if integer or element[0] == 'f':
            return list(values)
        most = (1 << int(element[1:]) - (element[0] == 's')) - 1
        return [max(value / most, -1.0) for value in values]
    if name == 'bbaf':
        word, = struct.unpack('<I', data)
        return [small_float(word & 2047, 6), small_float(word >> 11 & 2047, 6), small_float(word >> 22, 5)]
    if name == '999e5':
        word, = struct.unpack('<I', data)
        return [math.ldexp(word >> shift & 511, (word >> 27) - 24) for shift in (0, 9, 18)]
    if name == 'd24s8':
        word, = struct.unpack('<I', data)
        return [(word >> 8) / 16777215, word & 255]
    if name == 'f32s8':
        depth, stencil = struct.unpack('<fI', data)
        return [depth, stencil & 255]  # the other 24 bits are undefined
    letter, widths = PACKED[name.removesuffix('r')]
    word, = struct.unpack('<' + letter, data)
    values = []
    reverse = name.endswith('r')
    shift = 0 if reverse else 8 * len(data)
    for width in widths:
        if not reverse:
            shift -= width
        value = word >> shift & (1 << width) - 1
        values.append(value if integer else value / ((1 << width) - 1))
        if reverse:
            shift += width
    return values


def parse(data):
    """The Run that a file says; one that ends early is not complete."""
    place = 0

    def line():
        nonlocal place
        end = data.find(b'\n', place)
        if end < 0:
            raise EOFError
        text, place = data[place:end].decode(), end + 1
        return text

    def take(size):
        nonlocal place
        if place + size > len(data):
            raise EOFError
        place += size
        return data[place - size:place]

    run = Run('', {}, False)
    step = None
    with contextlib.suppress(EOFError):
        word, _, run.renderer = line().partition(' 1 ')
        if word != 'differential':
            raise Failure('no file of the differential test')
        while True:
            word, _, rest = line().partition(' ')
            if word == 'end':
                run.complete = True
                break
            if word == 'step':
                number, kind = rest.split()
                step = run.steps[int(number)] = Step(int(number), kind)
            elif word in ('state', 'error', 'broken'):
                {'state': step.state, 'error': step.errors, 'broken': step.broken}[word].append(rest)
            elif word == 'picture':
                name, width, height, layout, tolerance, relative, size, masked = rest.split(' ')
                pixels = int(width) * int(height)
                data_of_it, mask = take(pixels * int(size)), take(pixels) if masked == '1' else b''
                step.pictures.append(Picture(name, int(width), int(height), layout, float(tolerance), float(relative),
                                             int(size), data_of_it, mask))
                take(1)
            else:
                raise Failure(f'a file of the differential test has a line {word!r}')
    return run


def near(a, b, tolerance, relative):
    if a == b or (math.isnan(a) and math.isnan(b)):
        return True
    return abs(a - b) <= tolerance + relative * max(abs(a), abs(b))  # False with a NaN or an infinity


def compare_pictures(ours, theirs):
    """What differs first, '' if nothing does."""
    for what in ('name', 'width', 'height', 'layout', 'mask'):
        if getattr(ours, what) != getattr(theirs, what):
            return f'{ours.name}: the {what} differs'
    tolerance, relative = max(ours.tolerance, theirs.tolerance), max(ours.relative, theirs.relative)
    if ours.pixels == theirs.pixels:
        return ''
    size, wrong, first = ours.pixel_bytes, 0, ''
    for index in range(ours.width * ours.height):
        if ours.mask and not ours.mask[index]:
            continue
        if ours.pixels[index * size:(index + 1) * size] == theirs.pixels[index * size:(index + 1) * size]:
            continue
        a, b = ours.pixel(index), theirs.pixel(index)
        if all(near(x, y, tolerance, relative) for x, y in zip(a, b)):
            continue
        wrong += 1
        first = first or f'{ours.name}: {ours.layout} pixel {index % ours.width},{index // ours.width} is {show(a)}, ' \
            f'not {show(b)} (tolerance {tolerance:.3g} + {relative:.3g} of it)'
    return f'{first}; {wrong} of {ours.width * ours.height} pixels differ' if wrong else ''


def show(values):
    return '(' + ' '.join(f'{value:.7g}' for value in values) + ')'


def compare_steps(ours, theirs):
    """What differs first between a step and its reference, '' if nothing does."""
    if ours.kind != theirs.kind or ours.state != theirs.state:
        return 'the two runs did not do the same'
    if ours.broken:
        return ours.broken[0]
    if ours.errors != theirs.errors:
        return f'GL errors {ours.errors}, not {theirs.errors}'
    if len(ours.pictures) != len(theirs.pictures):
        return f'{len(ours.pictures)} pictures, not {len(theirs.pictures)}'
    for pair in zip(ours.pictures, theirs.pictures):
        difference = compare_pictures(*pair)
        if difference:
            return difference
    return ''


@dataclass
class Outcome:
    seed: int
    step: int
    kind: str
    state: list
    differences: dict  # {oracle: what differs from it}, '' where nothing does

    @property
    def agrees(self):
        return not all(self.differences.values())

    def __str__(self):
        lines = [f'seed {self.seed} step {self.step} ({self.kind})', *('    ' + text for text in self.state)]
        return '\n'.join(lines + [f'  against {name}: {text or "agrees"}' for name, text in self.differences.items()])


def compare(seed, device, name, oracle):
    """The Outcome of each step of a seed on the device, of which only the oracle of that name is known so far."""
    found = []
    last = max(device.steps, default=None)
    for number in sorted({*device.steps, *oracle.steps}):
        ours, theirs = device.steps.get(number), oracle.steps.get(number)
        if not ours or (number == last and not device.complete):
            difference = 'the program ended in it' if ours else 'the program ended before it'
        elif not theirs or theirs.broken or (number == max(oracle.steps) and not oracle.complete):
            difference = 'is no reference: ' + (theirs.broken[0] if theirs and theirs.broken else 'the program ended')
        else:
            difference = compare_steps(ours, theirs)
        step = ours or theirs
        found.append(Outcome(seed, number, step.kind, step.state, {name: difference}))
    return found


def insensitive(run):
    """The pictures of a run of which a wrong pixel would not be seen, as (step, name)."""
    def seen(picture):
        size = picture.pixel_bytes
        for index in range(picture.width * picture.height):
            wrong = bytearray(picture.pixels)
            wrong[index * size:(index + 1) * size] = (byte ^ 0xff for byte in wrong[index * size:(index + 1) * size])
            if compare_pictures(dataclasses.replace(picture, pixels=bytes(wrong)), picture):
                return True
        return False

    return [(step.number, picture.name) for step in run.steps.values() for picture in step.pictures
            if not seen(picture)]


# ---- running ----

def program():
    """The C program, built."""
    return build.program('release', 'tests/differential', 'differential')


def render(driver, binary, seed, steps=(), preload=None):
    """(Run, what the program printed) of a seed, or of some steps of it, by this driver."""
    folder = paths.BUILD / 'differential'
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        argv = [str(word) for word in (binary, RENDERERS[driver], file.name, seed, *steps)]
        if driver == DEVICE:
            status, output = inprocess.capture(argv, preload or inprocess.library(), LIMIT_S)
        else:
            status, output = inprocess.capture_software(argv, driver, LIMIT_S)
        data = Path(file.name).read_bytes()
    if not data:
        raise Failure(f'the differential test did not start on {driver} (status {status})', output.strip())
    run = parse(data)
    run.complete = run.complete and status == 0
    return run, output


def check_seed(binary, preload, seed, steps=()):
    """(Outcomes of a seed's steps, the device's Run, what the program printed on the device)."""
    device, output = render(DEVICE, binary, seed, steps, preload)
    first, second = ORACLES
    outcomes = compare(seed, device, first, render(first, binary, seed, steps)[0])
    doubtful = [outcome for outcome in outcomes if not outcome.agrees]
    if doubtful:
        other, _ = render(second, binary, seed, [outcome.step for outcome in doubtful])
        of_other = {outcome.step: outcome for outcome in compare(seed, device, second, other)}
        for outcome in doubtful:
            outcome.differences |= of_other[outcome.step].differences
    return outcomes, device, output


def minimise(binary, preload, outcome):
    """Which steps show the difference of a step: itself alone, or with all those before it."""
    again, _, _ = check_seed(binary, preload, outcome.seed, [outcome.step])
    if all(not other.agrees for other in again):
        return f'alone: ./zerocopy differential --seed {outcome.seed} --step {outcome.step}'
    return 'only after the steps before it'


# ---- what is known ----

@dataclass
class Defect:
    """A step that is known to differ, and why."""
    seed: int
    step: int
    reason: str


def defects(file=DEFECTS):
    """What the file of known defects says: lines `SEED STEP # REASON`."""
    found = []
    for number, text in enumerate(file.read_text(encoding='utf-8').splitlines(), 1):
        if not text.strip() or text.startswith('#'):
            continue
        match = re.fullmatch(r'(\d+)\s+(\d+)\s+#\s*(\S.*)', text.strip())
        if not match:
            raise Failure(f'{file}:{number}: no SEED STEP # REASON', text)
        found.append(Defect(int(match[1]), int(match[2]), match[3]))
    return found
