# SPDX-License-Identifier: MIT

import gzip
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

from tools import piglit
from tools.errors import Failure
from tools.results import FAIL, PASS, SKIP

KNOWN = '''
# a comment
fail  spec@a@broken # the filter is not there
flake spec@a@now and then # the clock
skip  spec@slow@* # hours
'''


class Piglit(unittest.TestCase):
    def setUp(self):
        self.known = self.expectations(KNOWN)

    def expectations(self, text):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / 'expectations.txt'
            file.write_text(text)
            return piglit.expectations(file)

    def test_expectations(self):
        self.assertEqual([(item.kind, item.name, item.reason) for item in self.known],
                         [('fail', 'spec@a@broken', 'the filter is not there'),
                          ('flake', 'spec@a@now and then', 'the clock'), ('skip', 'spec@slow@*', 'hours')])
        for wrong in ('fail spec@a', 'maybe spec@a # why', 'fail spec@a #'):
            with self.assertRaises(Failure):
                self.expectations(wrong)

    def test_the_projects_expectations(self):
        for file in (piglit.EXPECTATIONS, piglit.DEFECTS, piglit.UNMODELLED, piglit.SOFTWARE):
            self.assertTrue(piglit.expectations(file))

    def test_shard(self):
        self.assertEqual(piglit.shard(None, {}), (1, 1))
        self.assertEqual(piglit.shard(None, {'CI_NODE_INDEX': '2', 'CI_NODE_TOTAL': '3'}), (2, 3))
        self.assertEqual(piglit.shard('1/4', {'CI_NODE_INDEX': '2', 'CI_NODE_TOTAL': '3'}), (1, 4))
        for wrong in ('0/4', '5/4', '1', 'a/b'):
            with self.assertRaises(Failure):
                piglit.shard(wrong, {})

    def test_choose(self):
        names = ['spec@b@Pbo', 'spec@a@pbo', 'spec@slow@pbo', 'spec@c@clear', 'spec@a@x']
        self.assertEqual(piglit.choose(names, ['PBO', 'spec/c/'], ['/b/'], (1, 1), self.known),
                         ['spec@a@pbo', 'spec@c@clear'])
        shards = [piglit.choose(names, [], [], (index, 3), self.known) for index in (1, 2, 3)]
        self.assertEqual(sorted(sum(shards, [])), sorted(set(names) - {'spec@slow@pbo'}))

    def test_profile(self):
        tests = [xml.fromstring(f'<Test type="gl" name="{name}"><option name="command" value="[1]"/></Test>')
                 for name in 'ab']
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / 'profile.xml.gz'
            piglit.write_profile(tests, file)
            with gzip.open(file) as profile:
                root = xml.parse(profile).getroot()
        self.assertEqual((root.tag, root.get('count')), ('PiglitTestList', '2'))
        self.assertEqual([test.get('name') for test in root], ['a', 'b'])

    def test_window(self):
        test = '<Test type="gl" name="a"><option name="run_concurrent" value="%s"/></Test>'
        self.assertTrue(piglit.wants_window(xml.fromstring(test % False)))
        self.assertFalse(piglit.wants_window(xml.fromstring(test % True)))
        self.assertFalse(piglit.wants_window(xml.fromstring('<Test type="shader" name="a"/>')))

    def outcomes(self, **tests):
        results = {name.replace('_', ' '): {'result': verdict, 'time': {'start': 1, 'end': 3.5}, 'out': 'o', 'err': ''}
                   for name, verdict in tests.items()}
        return {outcome.name: outcome for outcome in piglit.read(results)}

    def test_verdicts(self):
        got = self.outcomes(a='pass', b='skip', c='fail', d='crash', e='timeout', f='warn', g='incomplete')
        self.assertEqual([outcome.outcome for outcome in got.values()], [PASS, SKIP] + [FAIL] * 5)
        self.assertEqual(got['a'].seconds, 2.5)

    def subtests(self, status, **verdicts):
        test = {'result': 'pass', 'returncode': status, 'time': {'start': 1, 'end': 2}, 'out': '', 'err': 'why',
                'subtests': {'__type__': 'Subtests', **verdicts}}
        return {outcome.name: outcome.outcome for outcome in piglit.read({'spec@a': test}, subtests=True)}

    def test_subtests(self):
        self.assertEqual(self.subtests(0, x='pass', y='skip'), {'spec@a@x': PASS, 'spec@a@y': SKIP})
        self.assertEqual(self.subtests(1, x='pass', y='fail'), {'spec@a@x': PASS, 'spec@a@y': FAIL})

    def test_a_test_that_dies_after_its_subtests_passed(self):
        for status in (-9, -6, None, 1, 2):
            self.assertEqual(self.subtests(status, x='pass'), {'spec@a@x': PASS, 'spec@a': FAIL})
        self.assertEqual(self.subtests(0, x='fail'), {'spec@a@x': FAIL, 'spec@a': FAIL})

    def test_a_test_without_subtests(self):
        self.assertEqual(self.subtests(0), {'spec@a': PASS})

    def test_unmet(self):
        outcomes = [piglit.Outcome('spec@a@other', 'pass', 0, '')]
        self.assertEqual([item.name for item in piglit.unmet(outcomes, self.known)], ['spec@a@broken'])
        outcomes.append(piglit.Outcome('spec@a@broken', 'fail', 0, ''))
        self.assertEqual(piglit.unmet(outcomes, self.known), [])

    def test_idle(self):
        passed, skipped = (piglit.Outcome('a', verdict, 0, '') for verdict in ('pass', 'skip'))
        self.assertTrue(piglit.Ran(0, None, '', 0).idle([passed, skipped]))
        self.assertFalse(piglit.Ran(0, None, '', 0).idle([skipped]))
        self.assertFalse(piglit.Ran(0, None, '', 7).idle([passed]))

    def test_judge(self):
        def judged(name, verdict):
            outcome, = piglit.judge([piglit.Outcome(name, verdict, 0, '')], self.known)
            return outcome.outcome

        self.assertEqual(judged('spec@a@broken', 'fail'), PASS)
        self.assertEqual(judged('spec@a@broken', 'crash'), PASS)
        self.assertEqual(judged('spec@a@broken', 'pass'), FAIL)
        self.assertEqual(judged('spec@a@broken', 'skip'), SKIP)
        self.assertEqual(judged('spec@a@now and then', 'pass'), PASS)
        self.assertEqual(judged('spec@a@now and then', 'fail'), PASS)
        self.assertEqual(judged('spec@a@other', 'fail'), FAIL)

    def test_faults(self):
        log = ('10 vgpu: info: hello\n'
               '11 vgpu: fault: rcs0: not modelled: 3DPRIMITIVE: stippling (at 0x00001000 of the batch, header 0x7b)\n'
               '12 vgpu: fault: rcs0: not modelled: 3DPRIMITIVE: stippling (at 0x00002000 of the batch, header 0x7b)\n'
               'vgpu in-process: fault: rcs0: a page at 0x12\n')
        self.assertEqual(piglit.faults(log), [(2, 'rcs0: not modelled: 3DPRIMITIVE: stippling'),
                                              (1, 'rcs0: a page at 0x...')])


if __name__ == '__main__':
    unittest.main()
