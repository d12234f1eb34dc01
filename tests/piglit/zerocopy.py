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
    g(['amd_pinned_memory-bindings'], 'bindings')
    g(['amd_pinned_memory-busy'], 'busy')
    g(['amd_pinned_memory-client-memory'], 'client-memory')
    g(['amd_pinned_memory-client-upload'], 'client-upload')
    g(['amd_pinned_memory-clip'], 'clip')
    g(['amd_pinned_memory-contexts'], 'contexts')
    g(['amd_pinned_memory-errors'], 'errors')
    g(['amd_pinned_memory-feedback'], 'feedback')
    g(['amd_pinned_memory-fork'], 'fork')
    g(['amd_pinned_memory-formats'], 'formats')
    g(['amd_pinned_memory-gone'], 'gone')
    g(['amd_pinned_memory-indirect'], 'indirect')
    g(['amd_pinned_memory-kinds'], 'kinds')
    g(['amd_pinned_memory-lifetime'], 'lifetime')
    g(['amd_pinned_memory-maps'], 'maps')
    g(['amd_pinned_memory-parameters'], 'parameters')
    g(['amd_pinned_memory-respecify'], 'respecify')
    g(['amd_pinned_memory-sizes'], 'sizes')
    g(['amd_pinned_memory-sync'], 'sync')
    g(['amd_pinned_memory-threads'], 'threads')
    g(['amd_pinned_memory-transfer'], 'transfer')
