# SPDX-License-Identifier: GPL-2.0-only
"""The stages of the check: what there is, what may run now, and one that runs. See
scripts/check."""
