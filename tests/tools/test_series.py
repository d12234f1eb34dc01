# SPDX-License-Identifier: MIT

import tempfile
import unittest
from pathlib import Path

from tools import series
from tools.errors import Failure

CHANGE = '''From: someone
Subject: change b

--- a/dir/b
+++ b/dir/b
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
'''
CREATE = '''diff --git a/new b/new
new file mode 100644
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+fresh
'''
DELETE = '''diff --git a/a b/a
deleted file mode 100644
--- a/a
+++ /dev/null
@@ -1 +0,0 @@
-alpha
'''


class Series(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.base = Path(scratch.name)
        self.pristine, self.tree = self.base / 'pristine', self.base / 'work/tree'
        (self.pristine / 'dir').mkdir(parents=True)
        (self.pristine / 'a').write_text('alpha\n')
        (self.pristine / 'dir/b').write_text('one\ntwo\nthree\n')

    def patch(self, name, text):
        path = self.base / name
        path.write_text(text)
        return path

    def update(self, *patches):
        return series.update(self.tree, self.pristine, patches, 'Linux 0.1')

    def contents(self):
        return {str(path.relative_to(self.tree)): path.read_text() for path in self.tree.rglob('*') if path.is_file()}

    def test_follows_the_series(self):
        pristine = {'a': 'alpha\n', 'dir/b': 'one\ntwo\nthree\n'}
        self.assertEqual(self.update(), [])
        self.assertEqual(self.contents(), pristine)
        untouched = (self.tree / 'a').stat().st_mtime_ns
        self.assertEqual(self.update(self.patch('1', CHANGE), self.patch('2', CREATE)), ['dir/b', 'new'])
        self.assertEqual(self.contents(), {**pristine, 'dir/b': 'one\nTWO\nthree\n', 'new': 'fresh\n'})
        self.assertEqual((self.tree / 'a').stat().st_mtime_ns, untouched)
        self.assertEqual(self.update(self.patch('1', CHANGE), self.patch('2', CREATE)), [])
        self.assertEqual(self.update(self.patch('3', DELETE)), ['a', 'dir/b', 'new'])
        self.assertEqual(self.contents(), {'dir/b': pristine['dir/b']})
        self.update()
        self.assertEqual(self.contents(), pristine)

    def test_lays_new_files(self):
        def update(patches=(), **overlay):
            overlay = {name.replace('_', '/'): file for name, file in overlay.items()}
            return series.update(self.tree, self.pristine, patches, 'Mesa 0.1', overlay)

        ours = self.patch('ours', 'first\n')
        self.assertEqual(update(dir_ours=ours), ['dir/ours'])
        self.assertEqual(self.contents()['dir/ours'], 'first\n')
        self.assertEqual(update([self.patch('1', CHANGE)], dir_ours=ours), ['dir/b'])
        ours.write_text('second\n')
        self.assertEqual((self.tree / 'dir/ours').read_text(), 'first\n', 'the tree shares no inode with our file')
        self.assertEqual(update([self.patch('1', CHANGE)], dir_ours=ours), ['dir/ours'])
        self.assertEqual(update(), ['dir/b', 'dir/ours'])
        self.assertNotIn('dir/ours', self.contents())
        for name in ('a', 'new'):  # one that the pristine source has, one that a patch makes
            with self.assertRaises(Failure) as caught:
                update([self.patch('2', CREATE)], **{name: ours})
            self.assertIn(f'{name} is not new in Mesa 0.1', caught.exception.what)

    def test_pristine_stays(self):
        self.update(self.patch('1', CHANGE), self.patch('3', DELETE))
        self.assertEqual((self.pristine / 'dir/b').read_text(), 'one\ntwo\nthree\n')
        self.assertEqual((self.pristine / 'a').read_text(), 'alpha\n')

    def test_a_reverted_file_is_newer(self):
        """make compares time stamps: going back to the old bytes must look like a change."""
        self.update(self.patch('1', CHANGE))
        before = (self.tree / 'dir/b').stat().st_mtime_ns
        self.update()
        self.assertGreater((self.tree / 'dir/b').stat().st_mtime_ns, before)

    def test_no_fuzz(self):
        (self.pristine / 'dir/b').write_text('ONE\ntwo\nthree\n')
        with self.assertRaises(Failure) as caught:
            self.update(self.patch('0001-change-b.patch', CHANGE))
        self.assertIn('0001-change-b.patch does not apply to Linux 0.1', caught.exception.what)

    def test_reads_series(self):
        (self.base / 'series').write_text('# comment\n\n0002-b.patch  # why\n0001-a.patch\n')
        self.assertEqual([path.name for path in series.patches(self.base)], ['0002-b.patch', '0001-a.patch'])
