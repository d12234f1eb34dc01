# SPDX-License-Identifier: MIT
"""The profile of the project's tests; it belongs into piglit's tests/."""

from framework import grouptools
from framework.profile import TestProfile
from framework.test import PiglitGLTest

__all__ = ['profile']

profile = TestProfile()  # pylint: disable=invalid-name

with profile.test_list.group_manager(
        PiglitGLTest,
        grouptools.join('spec', 'amd_pinned_memory')) as g:
    g(['amd_pinned_memory-transfer'], 'transfer')
    g(['amd_pinned_memory-storage'], 'storage')
    g(['amd_pinned_memory-client-memory'], 'client-memory')
