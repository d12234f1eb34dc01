# SPDX-License-Identifier: MIT
"""`zerocopy test`: the suites one after the other, a JUnit file for each, and the closing line."""

import traceback

from .errors import Failure
from .report import say
from .results import FAIL, Suite, last_line
from .suites import ON_REQUEST, SUITES


def run(names):
    """Run the suites with these names (without names all but those that run on request); the exit status."""
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise Failure('no suite named ' + ', '.join(unknown), todo='choose from: ' + ' '.join(SUITES), status=2)
    done = []
    for name in names or [name for name in SUITES if name not in ON_REQUEST]:
        suite = Suite(name)
        done.append(suite)
        try:
            SUITES[name](suite)
            if not suite.cases:
                suite.add(name, FAIL, message='the suite ran no test')
        except Failure as failure:
            suite.add(name, FAIL, message=str(failure))
        except Exception:  # a suite that breaks has failed, and the others still run
            suite.add(name, FAIL, message=traceback.format_exc())
        finally:
            suite.write_junit()
        say(suite.summary())
    print(last_line(done), flush=True)
    return 1 if any(suite.count(FAIL) for suite in done) else 0
