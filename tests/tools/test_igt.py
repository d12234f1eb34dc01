# SPDX-License-Identifier: MIT

import json
import re
import tempfile
import unittest
from pathlib import Path

from tools import igt
from tools.errors import Failure
from tools.results import FAIL, PASS, SKIP
from tools.suites import igt as suite


class Igt(unittest.TestCase):
    def test_expressions(self):
        def matches(wanted, name):
            return bool(re.search(igt.expression(wanted), name))

        self.assertTrue(matches('gem_basic', 'igt@gem_basic'))
        self.assertTrue(matches('gem_basic', 'igt@gem_basic@create-close'))
        self.assertFalse(matches('gem_basic', 'igt@gem_basic_more@create-close'))
        self.assertTrue(matches('gem_wait@*@all-engines', 'igt@gem_wait@busy@all-engines'))
        self.assertFalse(matches('gem_wait@busy', 'igt@gem_wait@busy-hang'))
        self.assertFalse(matches('gem.basic@a', 'igt@gem_basic@a'))

    def outcomes(self, **tests):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / 'results.json'
            file.write_text(json.dumps({'tests': {f'igt@{name}': {'time': {'start': 1, 'end': 3.5}, **test}
                                                  for name, test in tests.items()}}))
            return {outcome.name: outcome for outcome in igt.read(file)}

    def test_verdicts(self):
        words = ('pass', 'skip', 'fail', 'dmesg-fail', 'dmesg-warn', 'crash', 'timeout', 'incomplete',
                 'notrun', 'abort')
        got = self.outcomes(**{word: {'result': word} for word in words})
        self.assertEqual({name for name, outcome in got.items() if outcome.outcome == PASS}, {'pass'})
        self.assertEqual({name for name, outcome in got.items() if outcome.outcome == SKIP}, {'skip'})
        self.assertEqual(len([outcome for outcome in got.values() if outcome.outcome == FAIL]), len(words) - 2)
        self.assertEqual(got['pass'].seconds, 2.5)

    def test_standstill_is_no_failure(self):
        still = '<4> [157.0] hrtimer: interrupt took 160063827 ns\n'
        gpu = '<4> [158.0] i915 0000:00:02.0: [drm] something is odd\n'
        got = self.outcomes(still={'result': 'dmesg-warn', 'dmesg-warnings': still},
                            both={'result': 'dmesg-warn', 'dmesg-warnings': still + gpu},
                            fails={'result': 'dmesg-fail', 'dmesg-warnings': still})
        self.assertEqual([got[name].outcome for name in ('still', 'both', 'fails')], [PASS, FAIL, FAIL])
        self.assertIn('something is odd', got['both'].message)

    def test_unknown_test(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / igt.TESTS
            folder.mkdir(parents=True)
            (folder / 'gem_basic').touch()
            self.assertEqual(igt.binaries(Path(scratch), ['gem_*@x', 'gem_basic']), ['gem_basic'])
            with self.assertRaises(Failure):
                igt.binaries(Path(scratch), ['gem_none'])

    def test_worse(self):
        before = {'passes': PASS, 'fails': FAIL, 'skips': SKIP, 'is gone': PASS}
        self.assertEqual(suite.worse_than(before, {'passes': PASS, 'fails': PASS, 'skips': SKIP}), ['is gone'])
        self.assertEqual(suite.worse_than(before, {'passes': FAIL, 'fails': FAIL, 'skips': FAIL, 'is gone': SKIP}),
                         ['passes', 'skips', 'is gone'])
        self.assertEqual(suite.worse_than(before, {'passes': PASS, 'skips': PASS, 'is gone': PASS}), [])
