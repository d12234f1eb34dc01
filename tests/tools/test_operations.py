# SPDX-License-Identifier: MIT
"""What the suite of random operations takes for passed."""

import unittest

from tools.suites import operations

GOOD = '1..1\n# 100 operations from seed 1, 4096 bytes compared\n#        3 map\nok 1 - 0003-random-operations\n'


class Problem(unittest.TestCase):
    def test_good(self):
        self.assertEqual(operations.problem(0, GOOD, 100), '')

    def test_status(self):
        self.assertIn('status 1', operations.problem(1, GOOD, 100))
        self.assertIn('status None', operations.problem(None, GOOD, 100))

    def test_skipped_or_failed(self):
        for output in ('1..1\nok 1 - 0003-random-operations # SKIP no GPU\n', GOOD.replace('ok 1', 'not ok 1'), ''):
            self.assertTrue(operations.problem(0, output, 100), output)

    def test_too_little(self):
        self.assertIn('less', operations.problem(0, GOOD, 101))
        self.assertIn('less', operations.problem(0, GOOD.replace('4096', '0'), 100))


if __name__ == '__main__':
    unittest.main()
