# SPDX-License-Identifier: GPL-2.0-only
"""Lines of the kernel: how often they ran, and why not. See scripts/coverage."""
