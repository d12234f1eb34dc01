# SPDX-License-Identifier: MIT
"""The comparer of tests/differential: that it finds what a wrong device would render, and names it."""

import math
import struct
import tempfile
import unittest
from pathlib import Path

from tools import differential
from tools.errors import Failure

# A step as the C program writes it, of 2 x 2 pixels; the last pixel of the second picture is not compared.
PIXELS = bytes(range(16))
FLOATS = struct.pack('<4f', 0.5, 1.0, 2.0, 4.0)


def file(pixels=PIXELS, floats=FLOATS, state='a draw', further=b'', end=b'end\n', tolerance='0'):
    return (b'differential 1 Some GPU\nstep 3 blend\n' + f'state {state}\n'.encode() + further +
            f'picture colour 2 2 u8x4 {tolerance} 0 4 0\n'.encode() + pixels + b'\n' +
            b'picture more 2 2 f32x1 0.01 0 4 1\n' + floats + bytes([1, 1, 1, 0]) + b'\n' +
            b'step 4 clear\nstate nothing\n' + end)


def compare(device, oracle=None):
    """{step: what differs} of a device's file and an oracle's."""
    outcomes = differential.compare(7, differential.parse(device), 'softpipe', differential.parse(oracle or file()))
    return {outcome.step: outcome.differences['softpipe'] for outcome in outcomes}


def changed(data, at, value):
    return data[:at] + bytes([value]) + data[at + 1:]


class Comparer(unittest.TestCase):
    def test_the_same(self):
        self.assertEqual(compare(file()), {3: '', 4: ''})

    def test_any_wrong_byte_of_an_exact_picture(self):
        for at, byte in enumerate(PIXELS):
            found = compare(file(pixels=changed(PIXELS, at, byte ^ 1)))
            self.assertIn(f'colour: u8x4 pixel {at // 4 % 2},{at // 8} is', found[3])
            self.assertIn('1 of 4 pixels', found[3])
            self.assertEqual(found[4], '')

    def test_tolerance(self):
        one = changed(PIXELS, 5, PIXELS[5] + 1)
        self.assertEqual(compare(file(pixels=one, tolerance='0.004'))[3], '')
        # The wider of the two drivers' tolerances: one of them may have fewer bits.
        self.assertEqual(compare(file(pixels=one), file(tolerance='0.004'))[3], '')
        self.assertIn('pixel 1,0', compare(file(pixels=changed(PIXELS, 5, PIXELS[5] + 2), tolerance='0.004'))[3])
        self.assertEqual(compare(file(floats=struct.pack('<4f', 0.505, 1.0, 2.0, 4.0)))[3], '')
        self.assertIn('pixel 0,0', compare(file(floats=struct.pack('<4f', 0.52, 1.0, 2.0, 4.0)))[3])
        for wrong in (math.nan, math.inf, -math.inf):
            self.assertIn('pixel 1,0', compare(file(floats=struct.pack('<4f', 0.5, wrong, 2.0, 4.0)))[3])

    def test_mask(self):
        self.assertEqual(compare(file(floats=FLOATS[:12] + bytes(4)))[3], '')
        self.assertIn('pixel 0,1', compare(file(floats=FLOATS[:8] + bytes(8)))[3])

    def test_state_and_errors(self):
        self.assertIn('did not do the same', compare(file(state='another draw'))[3])
        self.assertIn('0x0502', compare(file(further=b'error 0x0502 the draw\n'))[3])
        self.assertIn('0x0502', compare(file(), file(further=b'error 0x0502 the draw\n'))[3])
        self.assertIn('a byte beside', compare(file(further=b'broken a byte beside\n'))[3])
        self.assertIn('no reference', compare(file(), file(further=b'broken a byte beside\n'))[3])

    def test_a_program_that_ended(self):
        whole = file()
        for length in range(whole.index(b'state') + 1, len(whole)):
            found = compare(whole[:length])
            self.assertTrue(found[4], f'the device\'s first {length} bytes')
            self.assertEqual(not found[3], length >= whole.index(b'step 4 clear\n') + len(b'step 4 clear\n'), length)
        self.assertIn('no reference', compare(file(), whole[:-4])[4])
        self.assertIn('ended in it', compare(whole[:-4])[4])

    def test_one_oracle_is_enough(self):
        outcome = differential.Outcome(7, 3, 'blend', [], {'softpipe': 'a pixel', 'llvmpipe': ''})
        self.assertTrue(outcome.agrees)
        outcome.differences['llvmpipe'] = 'another'
        self.assertFalse(outcome.agrees)
        self.assertIn('seed 7 step 3', str(outcome))

    def test_insensitive(self):
        self.assertEqual(differential.insensitive(differential.parse(file())), [])
        self.assertEqual(differential.insensitive(differential.parse(file(tolerance='1'))), [(3, 'colour')])

    def test_decode(self):
        for layout, data, values in (
                ('u8x2', b'\xff\0', [1, 0]), ('s8x2', b'\x80\x81', [-1, -1]), ('u8x2i', b'\xff\1', [255, 1]),
                ('s16x1i', b'\xfe\xff', [-2]), ('f16x1', b'\0\x3c', [1]), ('565', b'\x1f\xf8', [1, 0, 1]),
                ('565r', b'\x1f\0', [1, 0, 0]), ('5551', b'\1\0', [0, 0, 0, 1]), ('332', b'\x03', [0, 0, 1]),
                ('aaa2ri', struct.pack('<I', 1 | 2 << 10 | 3 << 20 | 3 << 30), [1, 2, 3, 3]),
                ('bbaf', struct.pack('<I', 15 << 6 | 16 << 17 | 14 << 27), [1, 2, 0.5]),
                ('999e5', struct.pack('<I', 256 | 16 << 27), [1, 0, 0]),
                ('d24s8', b'\7\xff\xff\xff', [1, 7]), ('f32s8', struct.pack('<fI', 0.5, 0xffffff09), [0.5, 9])):
            self.assertEqual(differential.decode(layout, data), values, layout)

    def test_defects(self):
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch) / 'defects.txt'
            place.write_text('# comment\n\n12 3 # why\n')
            self.assertEqual(differential.defects(place), [differential.Defect(12, 3, 'why')])
            for wrong in ('12 3', '12 3 #', 'a 3 # why'):
                place.write_text(wrong)
                with self.assertRaises(Failure):
                    differential.defects(place)
        differential.defects()
