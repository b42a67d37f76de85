# SPDX-License-Identifier: GPL-2.0-only
"""Mutations: how they are stored, built and run. See scripts/mutate."""
