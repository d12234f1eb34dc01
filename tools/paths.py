# SPDX-License-Identifier: MIT
"""Where things are. Nothing outside the cache folder and build/ is ever written."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
BUILD = REPO / 'build'
LOGS = BUILD / 'logs'
RESULTS = BUILD / 'results'


def cache():
    """The cache folder, shared by every clone of this user."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
    return Path(base).resolve() / 'zerocopy'
