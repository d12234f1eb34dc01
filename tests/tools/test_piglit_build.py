# SPDX-License-Identifier: MIT

import tempfile
import unittest
from pathlib import Path

from tools import piglit_build
from tools.errors import Failure

ADDED = '''
if (UNIX)
	piglit_add_executable (ext_one-a a.c)
	piglit_add_executable(ext_one-b b.c)
endif ()
'''


class PiglitBuild(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.pristine, self.tree, self.ours = (Path(scratch.name) / name for name in ('pristine', 'tree', 'ours'))
        for tree in (self.pristine, self.tree):
            self.write(tree / 'tests/spec/ext_one/CMakeLists.gl.txt', 'theirs\n')
        self.write(self.ours / 'spec/ext_one/CMakeLists.gl.add.txt', ADDED)
        self.write(self.ours / 'spec/ext_one/a.c', 'int a;\n')
        self.write(self.ours / 'spec/ext_one/common.h', '/* h */\n')
        self.write(self.ours / 'zerocopy.py', 'profile = 1\n')
        self.write(self.ours / 'defects.txt', 'fail x # y\n')

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def lay(self):
        piglit_build.lay(self.tree, self.pristine, self.ours)

    def test_targets(self):
        self.assertEqual(piglit_build.targets(self.ours), ['ext_one-a', 'ext_one-b'])

    def test_the_projects_targets(self):
        targets = piglit_build.targets()
        self.assertEqual(len(targets), len(set(targets)))
        self.assertIn('amd_pinned_memory-transfer', targets)

    def test_lay(self):
        self.lay()
        tests = self.tree / 'tests'
        self.assertEqual((tests / 'spec/ext_one/a.c').read_text(), 'int a;\n')
        self.assertEqual((tests / 'spec/ext_one/common.h').read_text(), '/* h */\n')
        self.assertEqual((tests / 'zerocopy.py').read_text(), 'profile = 1\n')
        self.assertEqual((tests / 'spec/ext_one/CMakeLists.gl.txt').read_text(), 'theirs\n\n' + ADDED)
        self.assertFalse((tests / 'defects.txt').exists())
        self.assertFalse((tests / 'spec/ext_one/CMakeLists.gl.add.txt').exists())

    def test_laid_twice(self):
        self.lay()
        files = [path for path in self.tree.rglob('*') if path.is_file()]
        before = [(path, path.stat().st_mtime_ns, path.read_text()) for path in files]
        self.lay()
        self.assertEqual([(path, path.stat().st_mtime_ns, path.read_text()) for path in files], before)

    def test_a_changed_file_is_laid_anew(self):
        self.lay()
        self.write(self.ours / 'spec/ext_one/a.c', 'int b;\n')
        self.lay()
        self.assertEqual((self.tree / 'tests/spec/ext_one/a.c').read_text(), 'int b;\n')

    def test_additions_to_nothing(self):
        self.write(self.ours / 'spec/ext_two/CMakeLists.gl.add.txt', ADDED)
        with self.assertRaises(FileNotFoundError):
            self.lay()

    def test_check(self):
        piglit_build.check(['a', 'b'], ['b', 'a', 'a'])
        for built, run in ((['a', 'b'], ['a']), (['a'], ['a', 'b'])):
            with self.assertRaises(Failure):
                piglit_build.check(built, run)


if __name__ == '__main__':
    unittest.main()
