# SPDX-License-Identifier: MIT
"""What `zerocopy bench transfers` makes of counts."""

import unittest

from bench.transfers import MOST_INSTRUCTIONS, Case, parse


def case(name, stock, patched, copied=0, ioctls=2, forced=False):
    return Case(name, {'instructions': stock, 'copied': 0, 'ioctls': 9},
                {'instructions': patched, 'copied': copied, 'ioctls': ioctls}, forced)


def missed(found):
    return {what for what, (value, most) in found.goals().items() if value > most}


class Parse(unittest.TestCase):
    def test_least_of_instructions_most_of_others(self):
        cases = parse('# Mesa\nreadpixels/memory/64x64/idle/instructions 30 20 900\n'
                      'readpixels/memory/64x64/idle/copied 0 16384\n')
        self.assertEqual(cases, {'readpixels/memory/64x64/idle': {'instructions': 20, 'copied': 16384}})


class Goals(unittest.TestCase):
    def test_small_memory_may_be_copied_but_not_slower(self):
        self.assertEqual(missed(case('readpixels/memory/64x64/idle', 100, 103, copied=16384, ioctls=5)), set())
        self.assertEqual(missed(case('readpixels/memory/64x64/idle', 1000, 1031)), {'ratio'})

    def test_large_memory(self):
        self.assertEqual(missed(case('readpixels/memory/256x256/busy', 100, 10, copied=1, ioctls=3)),
                         {'bytes copied', 'ioctls'})
        self.assertEqual(missed(case('texsubimage/memory/256x256/busy', 100, 10, copied=1, ioctls=3)), set())
        self.assertEqual(missed(case('texsubimage/memory/1920x1080/busy', 10 ** 6, MOST_INSTRUCTIONS + 1)),
                         {'instructions'})

    def test_buffers_are_never_copied(self):
        self.assertEqual(missed(case('getteximage/pinned/64x64/idle', 100, 100, copied=1)), {'bytes copied'})

    def test_forced(self):
        self.assertEqual(missed(case('texsubimage/memory/64x64/idle', 100, 500, ioctls=9, forced=True)), set())

    def test_line_names_what_is_missed(self):
        self.assertIn('NOT MET: ratio 1.031 > 1.03', case('readpixels/memory/64x64/idle', 1000, 1031).line())
        self.assertIn('goals: met', case('readpixels/memory/64x64/idle', 1000, 1000).line())


if __name__ == '__main__':
    unittest.main()
