# SPDX-License-Identifier: MIT

import tempfile
import unittest
from pathlib import Path

from tools import mirror
from tools.errors import Failure

DEB822 = '''
# a comment
Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 URIs: not a field
'''


class Mirror(unittest.TestCase):
    def folder(self, **files):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        apt = Path(scratch.name)
        (apt / 'sources.list.d').mkdir()
        for name, text in files.items():
            (apt / name.replace('__', '/').replace('_', '.')).write_text(text)
        return apt

    def test_deb822(self):
        apt = self.folder(**{'sources.list.d__debian_sources': DEB822})
        self.assertEqual(mirror.uri(apt), 'http://mirror.example/debian')

    def test_one_line(self):
        apt = self.folder(sources_list='# deb http://no.example/debian trixie main\n'
                          'deb http://third.example/repo trixie extras\n'
                          'deb [arch=amd64 signed-by=/x y] https://mirror.example/debian trixie main # note\n')
        self.assertEqual(mirror.uri(apt), 'https://mirror.example/debian')

    def test_cdrom_is_no_mirror(self):
        apt = self.folder(sources_list='deb cdrom:[Debian]/ trixie main\ndeb http://mirror.example/d trixie main\n')
        self.assertEqual(mirror.uri(apt), 'http://mirror.example/d')

    def test_disabled_stanza(self):
        disabled = DEB822.replace('Types: deb\n', 'Types: deb\nEnabled: no\n')
        apt = self.folder(**{'sources.list.d__debian_sources': disabled})
        with self.assertRaises(Failure):
            mirror.uri(apt)

    def test_sources_only(self):
        apt = self.folder(sources_list='deb-src http://mirror.example/debian trixie main\n')
        with self.assertRaises(Failure) as caught:
            mirror.uri(apt)
        self.assertIn('ZEROCOPY_MIRROR', str(caught.exception))

    def test_options_are_the_hosts(self):
        self.assertEqual(mirror.parse_options('APT "";\nAcquire::Check-Valid-Until "false";\nAcquire::Retries "3";\n'),
                         {'Acquire::Check-Valid-Until': 'false'})
        self.assertEqual(mirror.parse_options('Acquire::Check-Valid-Until "";\n'), {})
