# SPDX-License-Identifier: MIT
"""What went wrong, why, and what to do about it; and the exit statuses."""

import os
from pathlib import Path

# A guest command's own status is handed on by `run`; these lie where commands rarely go, as in timeout(1) and env(1).
STATUS_TIMEOUT = 124
STATUS_TOOL = 125
STATUS_INTERRUPTED = 130


class Failure(Exception):
    """zerocopy itself could not do its work."""

    def __init__(self, what, why='', todo='', status=STATUS_TOOL):
        super().__init__(what)
        self.what = what
        self.why = why
        self.todo = todo
        self.status = status

    def __str__(self):
        lines = [f'zerocopy: {self.what}']
        if self.why:
            lines += [f'  why: {self.why}']
        if self.todo:
            lines += [f'  do:  {self.todo}']
        return '\n'.join(lines)


def tail(path, count=15):
    """The last `count` lines of a log, indented, for the `why` of a Failure."""
    try:
        size_bytes = os.path.getsize(path)
        with open(path, 'rb') as log:
            log.seek(max(0, size_bytes - 64 * 1024))
            lines = log.read().decode(errors='replace').replace('\r', '').splitlines()
    except OSError:
        lines = []
    if not lines:
        return f'({Path(path).name} is empty)'
    return '\n' + '\n'.join('       | ' + line for line in lines[-count:])
