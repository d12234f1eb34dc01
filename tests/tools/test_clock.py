# SPDX-License-Identifier: MIT
"""A guest whose clock runs too fast is noticed before its command starts, and booted once more."""

import contextlib
import io
import time
import unittest
from pathlib import Path
from unittest import mock

from tools import vm


def run_of(elapsed):
    run = vm.Run(vm.Guest(), ['true'], Path('/nowhere'), {}, None, None)
    run.started = time.monotonic() - elapsed
    return run


class Clock(unittest.TestCase):
    def test_right(self):
        run = run_of(10)
        run._hear(b'clock 9.50\nready\n')
        self.assertIsNotNone(run.ready_at)

    def test_too_fast(self):
        run = run_of(10)
        with self.assertRaisesRegex(vm.WrongClock, '300 s of it passed in 10'):
            run._hear(b'clock 300.00\n')
        self.assertIsNone(run.ready_at)

    def boots(self, outcomes, **options):
        with mock.patch.object(vm, 'boot', side_effect=outcomes) as boot, contextlib.redirect_stderr(io.StringIO()):
            try:
                return vm.run(vm.Guest(), ['true'], print, print, **options), boot.call_count
            except vm.WrongClock:
                return 'failed', boot.call_count

    def test_boots_once_more(self):
        wrong = vm.WrongClock('the clock is wrong')
        self.assertEqual(self.boots([wrong, 'result']), ('result', 2))
        self.assertEqual(self.boots([wrong, wrong]), ('failed', 2))
        self.assertEqual(self.boots(['result']), ('result', 1))

    def test_input_is_not_fed_twice(self):
        self.assertEqual(self.boots([vm.WrongClock('wrong')], stdin=object()), ('failed', 1))
