# SPDX-License-Identifier: MIT

import unittest
import xml.etree.ElementTree as xml
from unittest import mock
from pathlib import Path
import tempfile

from tools import paths, results
from tools.results import FAIL, PASS, SKIP, Suite, add_tap


class Tap(unittest.TestCase):
    def outcomes(self, text, status=0):
        suite = Suite('s')
        with mock.patch('tools.results.say'):
            add_tap(suite, 'p', text, status)
        return [(case.name, case.outcome) for case in suite.cases]

    def test_good(self):
        self.assertEqual(self.outcomes('1..3\nok 1 - one\nok 2\nok 3 - three # SKIP no hugepages\n'),
                         [('p/one', PASS), ('p/2', PASS), ('p/three', SKIP)])

    def test_failure(self):
        self.assertEqual(self.outcomes('ok 1 - one\n# because\nnot ok 2 - two\n1..2\n', 1),
                         [('p/one', PASS), ('p/two', FAIL)])

    def test_no_plan(self):
        self.assertEqual(self.outcomes('ok 1 - one\n'), [('p/one', PASS), ('p', FAIL)])

    def test_ended_early(self):
        self.assertEqual(self.outcomes('1..2\nok 1 - one\n'), [('p/one', PASS), ('p', FAIL)])

    def test_crash(self):
        self.assertEqual(self.outcomes('1..1\nok 1 - one\n', 139), [('p/one', PASS), ('p', FAIL)])

    def test_silence(self):
        self.assertEqual(self.outcomes(''), [('p', FAIL)])

    def test_skip_all(self):
        self.assertEqual(self.outcomes('1..0 # SKIP no GPU\n'), [('p', SKIP)])


class Counting(unittest.TestCase):
    def test_last_line(self):
        suite = Suite('s')
        suite.add('a', PASS)
        self.assertEqual(results.last_line([suite]), '1 passed, 0 failed')
        with mock.patch('tools.results.say'):
            suite.add('b', FAIL)
        suite.add('c', SKIP)
        self.assertEqual(results.last_line([suite, suite]), '2 passed, 2 failed, 2 skipped')

    def test_junit(self):
        suite = Suite('s')
        with mock.patch('tools.results.say'):
            suite.add('bad <&>', FAIL, message='control \x1b[0m and \0')
        with tempfile.TemporaryDirectory() as scratch, mock.patch.object(paths, 'RESULTS', Path(scratch)):
            suite.write_junit()
            root = xml.parse(Path(scratch) / 's.xml').getroot()
        self.assertEqual(root.get('failures'), '1')
        self.assertEqual(root.find('testcase').get('name'), 'bad <&>')
