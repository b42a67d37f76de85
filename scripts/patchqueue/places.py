# SPDX-License-Identifier: GPL-2.0-only
"""Where the parts of each series are in the checkout."""

from pathlib import Path

from . import base
from .store import Store
from .worktree import Worktree

ROOT = Path(__file__).resolve().parent.parent.parent
FETCH = {"linux": "fetch", "qemu": "fetch-qemu"}


def add_argument(parser):
    parser.add_argument("store", nargs="?", choices=FETCH, default="linux",
                        help="whose series: the kernel's (default), or that of QEMU")


def store_of(name):
    return Store(ROOT / name)


def tree_of(name, directory=None):
    return Worktree((directory or ROOT / "build" / name).absolute(), name)


def fetch_of(name):
    return lambda: base.fetch(ROOT / "scripts" / FETCH[name])


def mails_of(name):
    return ROOT / ("out/series" if name == "linux" else f"out/{name}-series")
