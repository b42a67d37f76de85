# SPDX-License-Identifier: GPL-2.0-only
"""The bench: what was measured, what it is compared with, and how it is shown."""
