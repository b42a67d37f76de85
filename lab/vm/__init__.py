# SPDX-License-Identifier: GPL-2.0-only
"""The emulated machine: how it is started, watched and judged."""
