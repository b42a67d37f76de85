# SPDX-License-Identifier: GPL-2.0-only
"""Stored patches to commits, without touching anybody's working tree."""

import tempfile
from pathlib import Path

from .errors import Refused
from .git import raw, text


def compose(git, store, base, message=lambda patch: patch.message, env=None):
    """Makes one commit a patch on top of @base; returns the last one's id.

    Works on an index of its own. @message and @env let the mail series put its own
    words and author in.
    """
    with tempfile.TemporaryDirectory(prefix="guest-stage-") as scratch:
        index = Path(scratch) / "index"
        git.run("read-tree", base, index=index)
        commit = base
        for name, patch in store.patches():
            _apply_edits(git, index, name, patch)
            _add_files(git, index, store, name, patch)
            tree = git.out("write-tree", index=index)
            commit = git.out("commit-tree", tree, "-p", commit,
                             stdin=raw(message(patch)), env=env)
        return commit


def _apply_edits(git, index, name, patch):
    if not patch.edits:
        return
    code, _, words = git.run("apply", "--cached", "--whitespace=nowarn", "-",
                             stdin=raw(patch.edits), index=index, check=False)
    if code:
        raise Refused(f"{name} does not apply to this base:\n" + text(words).rstrip())


def _add_files(git, index, store, name, patch):
    if not patch.new:
        return
    there = git.fields("ls-files", "-z", "--", *patch.new, index=index)
    if there:
        raise Refused(f"{name} adds {there[0]}, which the base already has")
    entries = []
    for path in patch.new:
        mode, content = store.new_file(path)
        blob = git.out("hash-object", "-w", "--stdin", stdin=content)
        entries.append(f"{mode} {blob}\t{path}\0")
    git.run("update-index", "-z", "--add", "--index-info",
            stdin=raw("".join(entries)), index=index)
