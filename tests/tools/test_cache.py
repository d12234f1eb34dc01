# SPDX-License-Identifier: MIT

import os
import signal
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from tools import cache
from tools.errors import Failure


class Cache(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        for patch in (mock.patch('tools.paths.cache', return_value=Path(scratch.name)), mock.patch('tools.cache.say'),
                      mock.patch('tools.report.Stage._line')):
            patch.start()
            self.addCleanup(patch.stop)
        self.folder = Path(scratch.name)

    @staticmethod
    def make(folder, _stage):
        (folder / 'file').write_text('whole')

    def test_made_once(self):
        first = cache.artefact('thing', {'a': 1}, self.make)
        self.assertEqual((first / 'file').read_text(), 'whole')
        again = cache.artefact('thing', {'a': 1}, lambda *_: self.fail('made twice'))
        self.assertEqual(first, again)
        self.assertNotEqual(cache.artefact('thing', {'a': 2}, self.make), first)

    def test_failure_leaves_nothing(self):
        def broken(folder, _stage):
            (folder / 'file').write_text('half')
            raise Failure('broken')

        with self.assertRaises(Failure):
            cache.artefact('thing', {}, broken)
        self.assertFalse(cache.path_of('thing', {}).exists())
        self.assertEqual((cache.artefact('thing', {}, self.make) / 'file').read_text(), 'whole')

    def test_kill_leaves_no_artefact(self):
        begun, tell = os.pipe()
        child = os.fork()
        if child == 0:
            def endless(folder, _stage):
                (folder / 'file').write_text('half')
                os.write(tell, b'x')
                time.sleep(60)
            cache.artefact('thing', {}, endless)
            os._exit(0)
        os.read(begun, 1)
        cache.sweep()  # the maker lives: nothing of its may go
        self.assertTrue((self.folder / 'partial').glob('*/file'))
        self.assertEqual(len(list((self.folder / 'partial').iterdir())), 1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.assertFalse(cache.path_of('thing', {}).exists())
        cache.sweep()
        self.assertEqual(list((self.folder / 'partial').iterdir()), [])
        os.close(begun)
        os.close(tell)

    def test_unused_goes(self):
        new = cache.artefact('thing', {'a': 'new'}, self.make)
        old = cache.artefact('thing', {'a': 'old'}, self.make)
        used = cache.artefact('thing', {'a': 'used'}, self.make)
        for folder in (old, used):
            os.utime(folder, (0, 0))
        cache.artefact('thing', {'a': 'used'}, self.make)
        cache.sweep()
        self.assertEqual([folder.exists() for folder in (new, old, used)], [True, False, True])

    def test_two_makers(self):
        made = []

        def slow(folder, _stage):
            made.append(1)
            time.sleep(0.2)
            self.make(folder, _stage)

        threads = [threading.Thread(target=cache.artefact, args=('thing', {}, slow)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(made), 1)

    def test_no_space(self):
        with self.assertRaises(Failure) as caught:
            cache.artefact('thing', {}, self.make, need_gib=10**9)
        self.assertIn('too little disk', caught.exception.what)

    @unittest.skipIf(os.geteuid(), 'another way removes what belongs to users of a user namespace')
    def test_remove_what_is_going_away(self):
        tree = self.folder / 'tree'
        tree.mkdir()
        for name in ('first', 'second'):
            (tree / name).write_text('')
        unlink = os.unlink

        def unlink_after_somebody_else(path, **where):
            unlink(path, **where)
            unlink(path, **where)

        with mock.patch('os.unlink', unlink_after_somebody_else):
            cache.remove(tree)
        self.assertFalse(tree.exists())

    @unittest.skipIf(os.geteuid(), 'another way removes what belongs to users of a user namespace')
    def test_remove_what_cannot_be(self):
        tree = self.folder / 'tree'
        tree.mkdir()
        (tree / 'file').write_text('')
        with mock.patch('os.unlink', side_effect=PermissionError), self.assertRaises(PermissionError):
            cache.remove(tree)
