# SPDX-License-Identifier: MIT

import unittest

from tools import kernel_docs

TOUCHED = {'Documentation/gpu/i915.rst', 'drivers/gpu/drm/i915/gem/i915_gem_userptr.c'}


class Warnings(unittest.TestCase):
    def find(self, line):
        return kernel_docs.warnings(f'Using a theme\n{line}\n', TOUCHED)

    def test_of_a_source_that_the_series_touches(self):
        line = '/x/source/drivers/gpu/drm/i915/gem/i915_gem_userptr.c:862: WARNING: Malformed table.'
        self.assertEqual(self.find(line), [line])

    def test_of_a_page_that_the_series_touches(self):
        line = '/x/pages/i915.rst:420: WARNING: Title underline too short.'
        self.assertEqual(self.find(line), [line])

    def test_of_other_pages_are_not_ours(self):
        self.assertEqual(self.find("/x/pages/drm-usage-stats.rst:188: WARNING: undefined label: 'xe'"), [])

    def test_nothing_was_built(self):
        self.assertTrue(self.find('WARNING: sphinx-build failed'))
