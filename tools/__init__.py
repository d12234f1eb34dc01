# SPDX-License-Identifier: MIT
"""The steps behind `zerocopy`, one file each."""
