# SPDX-License-Identifier: GPL-2.0-only
"""The git tree a person works in.

A small file beside its repository remembers what tree and store last agreed on, so
that neither side's work is ever overwritten.
"""

import contextlib
import fcntl
import json
from pathlib import Path

from .errors import Refused
from .git import Git

BRANCH = "guest-stage"
SOURCES = ("*.c", "*.h", "*.hx", "*meson.build", "*trace-events", "*.S", "*.rst", "*.sh", "*.py", "*.yaml", "*.dts",
           "*Makefile", "*Kconfig", "*/config", "*/settings", ":!*.mod.c", ":!usr/include", ":!include/config",
           ":(exclude,glob)**/generated/**")


class Worktree:
    def __init__(self, directory, store="linux"):
        self.directory = Path(directory)
        self.store = store
        self.git = Git(directory)
        self.notes = self.directory / ".git" / "guest-stage.json"

    def how(self, verb):
        """What to type for it."""
        return f"make {verb}" + ("" if self.store == "linux" else f" STORE={self.store}")

    def exists(self):
        return self.directory.exists()

    @contextlib.contextmanager
    def locked(self):
        """One verb at a time works on a tree."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        with open(self.directory.parent / f".{self.directory.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def state(self):
        """What was last agreed on: base, source, commit, files; {} if nothing was."""
        try:
            return json.loads(self.notes.read_text())
        except FileNotFoundError:
            return {}

    def remember(self, **state):
        work = self.notes.with_suffix(".new")
        work.write_text(json.dumps(state, indent=1, sort_keys=True) + "\n")
        work.replace(self.notes)

    def head(self):
        return self.git.resolve("HEAD")

    def check_branch(self):
        code, _, _ = self.git.run("symbolic-ref", "-q", "HEAD", check=False)
        name = "" if code else self.git.out("symbolic-ref", "--short", "HEAD")
        if name != BRANCH:
            what = f"on the branch {name}" if name else "on no branch (a rebase under way?)"
            raise Refused(f"{self.directory} is {what}: finish what was begun there, then "
                          f"git -C {self.directory} switch {BRANCH}")

    def changed(self):
        """Files that differ from HEAD, in the index or the working tree."""
        self.git.run("update-index", "-q", "--refresh", check=False)
        return self.git.fields("diff-index", "-z", "--name-only", "HEAD", "--")

    def check_clean(self):
        dirty = self.changed()
        if dirty:
            shown = ", ".join(dirty[:3]) + (" and others" if len(dirty) > 3 else "")
            raise Refused(f"{self.directory} has edits that are not committed ({shown}): "
                          "commit them (or git checkout them), then run it again")

    def untracked_sources(self):
        """Files that look like source and that git would forget."""
        return self.git.fields("ls-files", "-z", "--others", "--", *SOURCES)

    def switch(self, commit):
        """Moves the branch and the files to @commit, touching only files that differ.

        The tree is clean. An interruption is repaired by finish_switch().
        """
        head = self.head()
        if head == commit:
            return
        self._check_untracked(head, commit)
        self.remember(**{**self.state(), "switching": [head, commit]})
        self.git.run("read-tree", "-m", "-u", head, commit)
        self.git.run("update-ref", "-m", self.how("tree"), "refs/heads/" + BRANCH, commit)

    def finish_switch(self):
        """Completes a switch that was interrupted; its files were clean before it."""
        head, commit = self.state().get("switching", [None, None])
        if not commit:
            return
        (self.directory / ".git" / "index.lock").unlink(missing_ok=True)
        ours = set(self.git.fields("diff-tree", "-r", "-z", "--name-only", head, commit))
        others = set(self.changed()) - ours
        if others:
            raise Refused(f"an interrupted {self.how('tree')} left {self.directory} half-way, and "
                          f"{sorted(others)[0]} was edited since: git stash it first")
        self.git.run("reset", "--hard", "--quiet", commit)
        left = {k: v for k, v in self.state().items() if k not in ("switching", "made")}
        self.remember(**{**left, "commit": commit})

    def _check_untracked(self, head, commit):
        added = self.git.fields("diff-tree", "-r", "-z", "--name-only",
                                "--diff-filter=A", head, commit)
        for path in added:
            place = self.directory / path
            if not place.is_file():
                continue
            if place.read_bytes() != self.git.blob(f"{commit}:{path}"):
                raise Refused(f"{place} is in the way: it is not committed, and a patch "
                              "adds a file of that name. Move it away or remove it")
            place.unlink()
