# SPDX-License-Identifier: MIT
"""tests/tools: Python unit tests of the tools themselves, on the host."""

import time
import unittest

from .. import paths
from ..results import FAIL, PASS, SKIP


class Recorder(unittest.TestResult):
    """Hands each result to our suite."""

    def __init__(self, suite):
        super().__init__()
        self.suite = suite
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def record(self, test, outcome, message=''):
        self.suite.add(test.id(), outcome, time.monotonic() - self.began, message)

    def addSuccess(self, test):
        self.record(test, PASS)

    def addSkip(self, test, reason):
        self.record(test, SKIP, reason)

    def addFailure(self, test, err):
        self.record(test, FAIL, self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err:
            self.addFailure(subtest, err)


def run(suite):
    loader = unittest.TestLoader()
    tests = loader.discover(str(paths.REPO / 'tests/tools'), pattern='test_*.py', top_level_dir=str(paths.REPO))
    tests.run(Recorder(suite))
