# SPDX-License-Identifier: MIT
"""tests/vgpu: unit tests of the device model, under AddressSanitizer and UndefinedBehaviorSanitizer."""

import json

from .. import build, sandbox
from ..errors import Failure
from ..results import FAIL, PASS, SKIP

OUTCOMES = {'OK': PASS, 'EXPECTEDFAIL': PASS, 'SKIP': SKIP}


def run(suite):
    folder = build.ninja('asan', ['meson-test-prereq'])
    log = folder / 'meson-logs/testlog.json'
    log.unlink(missing_ok=True)
    try:
        sandbox.run(['meson', 'test', '-C', folder, '--no-rebuild', '--print-errorlogs'], 'meson test', 'unit',
                    env=build.SANITIZER_ENVIRONMENT)
    except Failure:
        if not log.exists():
            raise
    for line in log.read_text(encoding='utf-8').splitlines():
        test = json.loads(line)
        outcome = OUTCOMES.get(test['result'], FAIL)
        suite.add(test['name'], outcome, test['duration'],
                  '' if outcome == PASS else f'{test["result"]}\n{test.get("stdout", "")}\n{test.get("stderr", "")}')
