# SPDX-License-Identifier: GPL-2.0-only
"""The demo: what it saw (facts), what should be seen (expect), and the two compared."""
