# SPDX-License-Identifier: GPL-2.0-only
"""A kernel of four files, and a store, tree and person to try the queue with."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from patchqueue import verbs                     # noqa: E402
from patchqueue.errors import Refused            # noqa: E402
from patchqueue.git import FIXED                 # noqa: E402
from patchqueue.store import Store               # noqa: E402
from patchqueue.worktree import Worktree         # noqa: E402

CODE = "".join(f"int line{i};\n" for i in range(60))
BASE = {"Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n", ".gitignore": "/*\n",
        "drivers/iommu/core.c": CODE, "drivers/iommu/Makefile": "obj-y += core.o\n",
        "tool.sh": "#!/bin/sh\n"}


class Case(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        self.store = Store(self.place / "linux")
        self.store.patch_dir.mkdir(parents=True)
        self.tree = Worktree(self.place / "build/linux")
        self.said = []
        self.base = dict(BASE)
        os.environ.pop("LINUX_TARBALL", None)

    # The kernel's source
    def tarball(self, name="linux.tar"):
        top = self.place / "linux-6.12"
        for path, content in self.base.items():
            self.put(top / path, content)
        (top / "tool.sh").chmod(0o755)
        subprocess.run(["tar", "-cf", str(self.place / name), "-C", str(self.place),
                        top.name], check=True)
        return str(self.place / name), "Linux 6.12.1"

    # The person's side
    def put(self, path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def edit(self, path, content):
        self.put(self.tree.directory / path, content)

    def git(self, *words, check=True):
        return subprocess.run(["git", "-C", str(self.tree.directory), *words], check=check,
                              env={**os.environ, **FIXED}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True).stdout

    def commit(self, message, **files):
        """Commits files, given as path=content with __ for / and _dot_ for a dot."""
        for name, content in files.items():
            path = name.replace("__", "/").replace("_dot_", ".")
            self.edit(path, content)
            self.git("add", "-f", path)
        self.git("commit", "-q", "--allow-empty", "-m", message)

    # The verbs
    def make(self):
        verbs.make_tree(self.store, self.tree, self.tarball, self.said.append)

    def save(self, check=False):
        verbs.save_tree(self.store, self.tree, self.said.append, check)

    def refused(self, words, call, *args, **options):
        with self.assertRaises(Refused) as caught:
            call(*args, **options)
        self.assertIn(words, str(caught.exception))

    # What is there
    def stored(self):
        """{path: (content, executable)} of the whole store."""
        return {str(p.relative_to(self.store.directory)):
                (p.read_bytes(), bool(p.stat().st_mode & 0o100))
                for p in self.store.directory.rglob("*") if p.is_file()}

    def two_patches(self):
        """A tree with two saved patches: a new file with an edit, and an edit."""
        self.make()
        self.commit("iommu: Add a binding\n\nBecause a guest wants it.",
                    drivers__iommu__bind_dot_c="int bind;\n",
                    drivers__iommu__Makefile="obj-y += core.o\nobj-y += bind.o\n")
        self.commit("iommu: Change the core\n\nIt was wrong.",
                    drivers__iommu__core_dot_c=CODE.replace("line30", "thirty"))
        self.save()
        self.make()
