# SPDX-License-Identifier: MIT
"""The kernel's documentation of userptr: built from the patched source, complete, and without a warning."""

from .. import kernel_docs, paths
from ..report import Stage

# What a page must have.
EXPECTED = {'i915': 'Userptr Objects', 'driver-uapi': 'drm_i915_gem_userptr'}


def run(suite):
    with Stage('kernel-docs: the pages of i915'):
        text, touched = kernel_docs.build()
    problems = kernel_docs.warnings(text, touched)
    suite.check('no warning in what the patches touch', not problems, '\n'.join(problems))
    for page, words in EXPECTED.items():
        file = paths.BUILD / f'kernel-docs/html/{page}.html'
        suite.check(f'{page} has {words}', file.exists() and words in file.read_text(encoding='utf-8'), text)
