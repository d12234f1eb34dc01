# SPDX-License-Identifier: MIT
"""The user's terminal while it belongs to the guest."""

import os
import sys
import termios
import tty

from .errors import Failure

WAY_OUT = b'\x1d'  # Ctrl-]


class Terminal:
    """A context in which every key goes to the guest; Ctrl-] is the way out of one that hangs."""

    def __init__(self):
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise Failure('no terminal', 'shell is interactive', 'use run -- COMMAND')
        self.saved = None

    def __enter__(self):
        self.saved = termios.tcgetattr(sys.stdin)
        tty.setraw(sys.stdin)
        return self

    def __exit__(self, *_):
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.saved)

    @staticmethod
    def size():
        size = os.get_terminal_size(sys.stdout.fileno())
        return size.lines or 24, size.columns or 80

    @staticmethod
    def wants_out(typed):
        return WAY_OUT in typed

    @staticmethod
    def show(data):
        while data:
            data = data[os.write(sys.stdout.fileno(), data):]
