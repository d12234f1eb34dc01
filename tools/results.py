# SPDX-License-Identifier: MIT
"""Test results: counted, shown, and written as JUnit XML. TAP is read here too."""

import re
import time
import xml.etree.ElementTree as xml
from dataclasses import dataclass

from . import paths
from .report import duration, say

PASS, FAIL, SKIP = 'pass', 'fail', 'skip'


@dataclass
class Case:
    name: str
    outcome: str
    seconds: float = 0.0
    message: str = ''


class Suite:
    """The results of one suite."""

    def __init__(self, name):
        self.name = name
        self.cases = []
        self.started = time.monotonic()

    def add(self, name, outcome, seconds=0.0, message=''):
        self.cases.append(Case(name, outcome, seconds, message))
        if outcome == FAIL:
            say(f'    FAIL {self.name}: {name}')
            for line in message.strip().splitlines()[-40:]:
                say(f'       | {line}')

    def check(self, name, condition, message=''):
        """One case that passes if the condition holds."""
        self.add(name, PASS if condition else FAIL, message='' if condition else message)

    def count(self, outcome):
        return sum(case.outcome == outcome for case in self.cases)

    def summary(self):
        return (f'{self.name}: {self.count(PASS)} passed, {self.count(FAIL)} failed, {self.count(SKIP)} skipped '
                f'in {duration(time.monotonic() - self.started)}')

    def write_junit(self):
        """Write build/results/NAME.xml."""
        root = xml.Element('testsuite', name=self.name, tests=str(len(self.cases)), failures=str(self.count(FAIL)),
                           skipped=str(self.count(SKIP)), time=f'{time.monotonic() - self.started:.3f}')
        for case in self.cases:
            element = xml.SubElement(root, 'testcase', classname=self.name, name=case.name, time=f'{case.seconds:.3f}')
            if case.outcome == FAIL:
                xml.SubElement(element, 'failure', message='failed').text = printable(case.message)
            elif case.outcome == SKIP:
                xml.SubElement(element, 'skipped', message=printable(case.message))
        paths.RESULTS.mkdir(parents=True, exist_ok=True)
        xml.ElementTree(root).write(paths.RESULTS / f'{self.name}.xml', encoding='utf-8', xml_declaration=True)


def printable(text):
    """The text without the characters that XML cannot hold."""
    return re.sub('[^\t\n\r\x20-\ud7ff\ue000-\ufffd]', '?', text)


def last_line(suites):
    """The line that a test run ends with."""
    passed, failed, skipped = (sum(suite.count(outcome) for suite in suites) for outcome in (PASS, FAIL, SKIP))
    return f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else '')


def add_tap(suite, prefix, text, status):
    """Add the cases of a TAP stream, and one for the program itself: its plan was kept and its status is 0."""
    planned = None
    cases = []
    notes = []
    for line in text.splitlines():
        plan = re.match(r'^1\.\.(\d+)(?:\s*#\s*(skip.*))?$', line, re.IGNORECASE)
        result = re.match(r'^(not )?ok\b\s*(\d*)\s*-?\s*(.*)$', line)
        if plan:
            planned = int(plan[1])
            if plan[2] and not planned:
                cases.append((prefix, SKIP, plan[2]))
        elif result:
            name, _, directive = result[3].partition('#')
            skipped = re.match(r'\s*skip\b', directive, re.IGNORECASE)
            outcome = FAIL if result[1] else SKIP if skipped else PASS
            cases.append((f'{prefix}/{name.strip() or result[2]}', outcome,
                          '\n'.join(notes) if outcome == FAIL else directive.strip()))
            notes = []
        else:
            notes.append(line)
    for name, outcome, message in cases:
        suite.add(name, outcome, message=message)
    ran = len([case for case in cases if case[0] != prefix])
    problem = None
    if status:
        problem = f'status {status}'
    elif planned is None:
        problem = 'no plan line (1..N): it ended early or printed no TAP'
    elif planned != ran:
        problem = f'{planned} tests were planned and {ran} ran'
    if problem and not (status and any(outcome == FAIL for _, outcome, _ in cases) and planned == ran):
        suite.add(prefix, FAIL, message='\n'.join([problem, *notes]))
