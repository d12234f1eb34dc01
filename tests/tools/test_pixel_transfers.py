# SPDX-License-Identifier: MIT
"""What the suite `transfers` makes of piglit's results."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from tools import piglit
from tools.results import FAIL, PASS, SKIP, Suite
from tools.suites import transfers


def report(moved, wrapped):
    """What Mesa says at the end of a context that moved (bytes by the GPU, bytes by the CPU) on each path."""
    lines = [f'st/mesa: {path}: {moved[0]} bytes by the GPU, {moved[1]} bytes by the CPU' for path in transfers.PATHS]
    return '\n'.join([*lines, f'st/mesa: client memory was wrapped {wrapped} times', ''])


def test(verdict, error='', **subtests):
    return {'result': verdict, 'time': {'start': 1, 'end': 2}, 'out': '', 'err': error,
            'subtests': {'__type__': 'Subtests', **subtests}}


BEFORE = {'a': test('pass'), 'b': test('pass'), 'c': test('pass', x='pass', y='pass'),
          'd': test('fail', x='fail', y='pass'), 'e': test('fail'), 'f': test('skip'), 'g': test('pass'),
          'h': test('warn')}


class Compare(unittest.TestCase):
    def regressed(self, **changes):
        after = {name: run for name, run in {**BEFORE, **changes}.items() if run}
        return transfers.compare(transfers.verdicts(BEFORE), transfers.verdicts(after))

    def test_nothing_changed(self):
        found = self.regressed()
        self.assertEqual(found.regressed, {})
        self.assertEqual(found.better, {})
        self.assertEqual(found.same, ['a', 'b', 'c', 'c: x', 'c: y', 'd: y', 'g'])
        self.assertEqual(found.fail, ['d', 'd: x', 'e', 'h'])
        self.assertEqual(found.skip, ['f'])

    def test_a_test(self):
        for verdict in ('fail', 'crash', 'timeout', 'warn', 'incomplete', 'skip'):
            self.assertEqual(self.regressed(a=test(verdict)).regressed, {'a': f'pass -> {verdict}'})
        self.assertEqual(self.regressed(f=test('crash')).regressed, {'f': 'skip -> crash'})

    def test_a_test_that_vanished(self):
        self.assertEqual(self.regressed(b=None).regressed, {'b': 'pass -> not there'})
        self.assertEqual(self.regressed(e=None).regressed, {'e': 'fail -> not there'})

    def test_a_subtest(self):
        found = self.regressed(c=test('fail', x='pass', y='fail'))
        self.assertEqual(found.regressed, {'c': 'pass -> fail', 'c: y': 'pass -> fail'})
        # The test fails as it did before.
        self.assertEqual(self.regressed(d=test('fail', x='fail', y='fail')).regressed, {'d: y': 'pass -> fail'})
        self.assertEqual(self.regressed(d=test('crash', x='fail')).regressed, {'d: y': 'pass -> not there'})

    def test_what_is_new(self):
        self.assertEqual(self.regressed(c=test('pass', x='pass', y='pass', z='pass')).regressed, {})
        self.assertEqual(self.regressed(d=test('fail', x='fail', y='pass', z='fail')).regressed,
                         {'d: z': 'not there -> fail'})

    def test_better(self):
        found = self.regressed(e=test('pass'), f=test('pass'), h=test('skip'))
        self.assertEqual(found.regressed, {})
        self.assertEqual(found.better, {'e': 'fail -> pass', 'f': 'skip -> pass', 'h': 'warn -> skip'})

    def test_expected_of_the_guest(self):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / 'expectations.txt'
            file.write_text('fail  bad* # why\n')
            known = piglit.expectations(file)
        after = {'bad 1': 'fail', 'bad 2': 'pass', 'good': 'fail', 'none': 'skip'}
        before = transfers.expected([*after, 'gone'], known, after)
        self.assertEqual(before, {'bad 1': 'fail', 'bad 2': 'fail', 'good': 'pass', 'none': 'skip', 'gone': 'pass'})
        found = transfers.compare(before, after)
        self.assertEqual(found.regressed, {'good': 'pass -> fail', 'gone': 'pass -> not there'})
        self.assertEqual(found.better, {'bad 2': 'fail -> pass'})


class Add(unittest.TestCase):
    def cases(self, worked=1, **changes):
        suite = Suite('transfers')
        after = {name: run for name, run in {**BEFORE, **changes}.items() if run}
        ran = piglit.Ran(0, None, '', worked)
        with mock.patch('tools.results.say'), mock.patch('tools.suites.transfers.say'):
            transfers.add(suite, 'w', transfers.verdicts(BEFORE), transfers.verdicts(after), piglit.read(after), ran)
        return {case.name: case.outcome for case in suite.cases}

    def test_cases(self):
        expected = {**{f'w: {name}': PASS for name in BEFORE}, 'w: f': SKIP, 'w: on the GPU': PASS}
        self.assertEqual(self.cases(), expected)
        self.assertEqual(self.cases(a=test('fail'), b=None, d=test('fail', x='fail', y='fail')),
                         {**expected, 'w: a': FAIL, 'w: b': FAIL, 'w: d: y': FAIL})

    def test_idle(self):
        self.assertEqual(self.cases(worked=0)['w: on the GPU'], FAIL)


class Transferred(unittest.TestCase):
    def test_sum(self):
        found = transfers.transferred({'a': test('pass', report((1, 7), 2)), 'b': test('pass'),
                                       'c': test('pass', report((3, 0), 0)), 'd': test('fail', report((5, 1), 1) * 2)})
        self.assertEqual(found.gpu, dict.fromkeys(transfers.PATHS, 14))
        self.assertEqual(found.cpu, dict.fromkeys(transfers.PATHS, 9))
        self.assertEqual((found.wrapped, found.tests), (4, 2))

    def failed(self, chosen, always):
        suite = Suite('transfers')
        with mock.patch('tools.results.say'):
            transfers.check_moved(suite, 'w', transfers.transferred({'a': test('pass', chosen)}),
                                  transfers.transferred({'a': test('pass', always)}))
        return [case.name for case in suite.cases if case.outcome == FAIL]

    def test_zero_copy_must_be_seen(self):
        copied, moved = report((0, 9), 0), report((9, 0), 3)
        self.assertEqual(self.failed(copied, moved), [])
        self.assertEqual(len(self.failed(copied, copied)), 4)
        self.assertEqual(len(self.failed(copied, '')), 4)
        self.assertEqual(len(self.failed(moved, moved)), 4)

    def test_on_each_path(self):
        half = report((0, 9), 3).replace('glGetTexImage: 0 bytes by the GPU, 9', 'glGetTexImage: 9 bytes by the GPU, 0')
        self.assertEqual(self.failed(report((0, 9), 0), half),
                         [f'w: {path}: more bytes by the GPU, fewer by the CPU'
                          for path in ('glReadPixels', 'glTexSubImage')])


if __name__ == '__main__':
    unittest.main()
