# SPDX-License-Identifier: MIT

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from tools import mesa


class Mesa(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.base = Path(scratch.name)
        for name in ('src/intel/userptr/intel_userptr.c', 'src/intel/vgpu/main.c', 'src/mesa/state_tracker/new.c'):
            path = self.base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)

    def test_overlay(self):
        """Only the new files of Mesa are laid over its tree, not what else stands in src/."""
        self.assertEqual(mesa.overlay(self.base), {name: self.base / name for name in (
            'src/intel/userptr/intel_userptr.c', 'src/mesa/state_tracker/new.c')})

    def test_stock_has_no_layers(self):
        self.assertEqual(mesa.layers('stock'), ([], {}))

    def test_both_kinds_lie_alike(self):
        """ccache takes paths relative to what contains the tree, so the layout below it must not name the kind."""
        pristine = self.base / 'pristine'
        pristine.mkdir()
        with mock.patch.object(mesa.paths, 'cache', lambda: self.base / 'cache'), \
                mock.patch.object(mesa, 'layers', lambda kind: ([], {})):
            trees = [mesa.update(kind, pristine, '1') for kind in mesa.BUILT]
        self.assertNotEqual(trees[0], trees[1])
        for tree, objects in trees:
            self.assertEqual((tree.name, objects.name, tree.parent), ('source', 'objects', objects.parent))

    def test_environment(self):
        values = mesa.environment('/there')
        self.assertEqual(values['LD_LIBRARY_PATH'], '/there/lib')
        self.assertEqual(values['__EGL_VENDOR_LIBRARY_FILENAMES'], '/there/share/glvnd/egl_vendor.d/50_mesa.json')


if __name__ == '__main__':
    unittest.main()
