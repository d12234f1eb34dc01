# SPDX-License-Identifier: MIT
"""What must not stand in a guest's kernel log."""

import re

BAD = [re.compile(pattern) for pattern in (
    r'\bWARNING:', r'\bBUG:', r'\*ERROR\*', r'\bOops\b', r'Call Trace:', r'\bKASAN:', r'possible circular locking',
    r'INFO: task .* blocked', r'rcu:.*(stall|self-detected)', r'soft lockup', r'GPU HANG', r'\bDMAR:.*fault',
    r'(?i)\b(i915|drm)\b.*\b(timed out|timeout|wedged)\b', r'(?i)\bgt\d.*\b(timed out|timeout)\b',
)]


def problems(text, allowed=()):
    """The lines that tell of trouble; `allowed` are patterns of lines that a test provokes on purpose."""
    return [line for line in text.splitlines()
            if any(bad.search(line) for bad in BAD) and not any(re.search(good, line) for good in allowed)]
