# SPDX-License-Identifier: MIT
"""Named stages with elapsed time: a bar on a terminal, a line now and then elsewhere."""

import sys
import time

QUIET_INTERVAL_S = 30
BAR_WIDTH = 24


def duration(seconds):
    minutes, rest = divmod(int(seconds), 60)
    return f'{minutes} min {rest:02} s' if minutes else f'{seconds:.1f} s'


def say(text):
    """One line for the person who waits; stdout belongs to the command's own result."""
    print(text, file=sys.stderr, flush=True)


class Stage:
    """One named step of the work.

    Used as a context manager. `progress()` may be called as often as is handy; it decides itself what is shown.
    """

    def __init__(self, name, stream=None):
        self.name = name
        self.stream = stream or sys.stderr
        self.tty = self.stream.isatty()
        self.started = self.shown = time.monotonic()
        self.bar_is_up = False

    def __enter__(self):
        self._line(f'==> {self.name}')
        return self

    def __exit__(self, kind, _value, _traceback):
        took = duration(time.monotonic() - self.started)
        self._line(f'    {self.name}: ' + (f'done in {took}' if kind is None else f'stopped after {took}'))

    def progress(self, done=None, total=None, note=''):
        """Show how far it is: `done` of `total` (total may be unknown or exceeded) and a short note."""
        now = time.monotonic()
        if now - self.shown < (0.1 if self.tty else QUIET_INTERVAL_S):
            return
        self.shown = now
        elapsed = duration(now - self.started)
        share = min(done / total, 0.99) if done is not None and total else None
        count = '' if done is None else f'{done}'
        if self.tty:
            bar = ''
            if share is not None:
                filled = int(share * BAR_WIDTH)
                bar = f'[{"#" * filled}{"." * (BAR_WIDTH - filled)}] '
            self.stream.write(f'\r\033[K    {bar}{elapsed}  {count} {note[:48]}')
            self.stream.flush()
            self.bar_is_up = True
        else:
            percent = '' if share is None else f'{share:.0%}, '
            self._line(f'    {self.name}: {percent}{elapsed}, {count} {note}'.rstrip(' ,'))

    def _line(self, text):
        if self.bar_is_up:
            self.stream.write('\r\033[K')
            self.bar_is_up = False
        self.stream.write(text + '\n')
        self.stream.flush()
