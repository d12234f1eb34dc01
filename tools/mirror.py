# SPDX-License-Identifier: MIT
"""The Debian mirror and its options, as the host's apt is set up."""

import os
import re
import subprocess
from pathlib import Path

from .errors import Failure

KEYRING = Path('/usr/share/keyrings/debian-archive-keyring.gpg')
HINT = 'see that the network and the mirror in /etc/apt work (apt-get update)'
DEBIAN_SUITES = re.compile(r'^(bookworm|trixie|forky|duke|sid|unstable|testing|stable)$')
# What the host's administrator has decided about mirrors is kept; nothing is loosened that the host does not loosen.
HOST_OPTIONS = ('Acquire::Check-Valid-Until', 'Acquire::Check-Date', 'Acquire::http::Proxy', 'Acquire::https::Proxy')


def one_line_entries(text):
    """(uri, suite, components) of each `deb` line of a sources.list."""
    for line in text.splitlines():
        match = re.match(r'^\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)', line)
        if match:
            yield match[1], match[2], match[3].split()


def deb822_entries(text):
    """(uri, suite, components) of each combination in a .sources file."""
    for stanza in re.split(r'\n\s*\n', re.sub(r'(?m)^#.*\n?', '', text)):
        fields, name = {}, None
        for line in stanza.splitlines():
            if line[:1].isspace() and name:
                fields[name] += ' ' + line.strip()
            elif ':' in line:
                name, value = line.split(':', 1)
                name = name.strip().lower()
                fields[name] = value.strip()
        if 'deb' not in fields.get('types', '').split() or fields.get('enabled', 'yes').lower() in ('no', 'false'):
            continue
        for uri in fields.get('uris', '').split():
            for suite in fields.get('suites', '').split():
                yield uri, suite, fields.get('components', '').split()


def choose(entries):
    """The URI that serves a Debian suite's `main`; security and -updates are other archives or suites."""
    for uri, suite, components in entries:
        if DEBIAN_SUITES.match(suite) and 'main' in components and re.match(r'^(https?|file|copy|tor\+https?):', uri):
            return uri.rstrip('/')
    return None


def uri(apt=Path('/etc/apt')):
    """The mirror's URI."""
    if os.environ.get('ZEROCOPY_MIRROR'):
        return os.environ['ZEROCOPY_MIRROR'].rstrip('/')
    entries = []
    for path in [apt / 'sources.list', *sorted((apt / 'sources.list.d').glob('*'))]:
        if path.is_file():
            parse = deb822_entries if path.suffix == '.sources' else one_line_entries
            if path.suffix in ('.sources', '.list'):
                entries += parse(path.read_text(encoding='utf-8', errors='replace'))
    found = choose(entries)
    if not found:
        raise Failure('no Debian mirror found', f'no suite of Debian with `main` stands in the sources in {apt}',
                      'set ZEROCOPY_MIRROR to the URI of a mirror, the part before /dists')
    return found


def options():
    """{name: value} of the host's apt options that mirrors depend on."""
    try:
        dump = subprocess.run(['apt-config', 'dump'], check=True, text=True, stdout=subprocess.PIPE).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure('apt-config does not run', str(error), 'use a Debian 12 or 13 host') from error
    return parse_options(dump)


def parse_options(dump):
    found = dict(re.findall(r'(?m)^(\S+) "(.*)";$', dump))
    return {name: found[name] for name in HOST_OPTIONS if found.get(name)}


def keyring():
    if not KEYRING.exists():
        raise Failure(f'{KEYRING} is missing', todo='install the package debian-archive-keyring')
    return KEYRING


def sources(suite, source=False):
    """The sources.list of one suite."""
    kinds = ['deb', 'deb-src'] if source else ['deb']
    return [f'{kind} [signed-by={keyring()}] {uri()} {suite} main' for kind in kinds]
