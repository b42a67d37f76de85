# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's source as the first commit of a tree."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import Refused
from .git import Git, text


def fetch(program):
    """(tarball, its version in words) from scripts/fetch, which says what it does."""
    done = subprocess.run([str(program)], stdout=subprocess.PIPE)
    if done.returncode:
        raise Refused("there is no kernel source to work on (the reason is above)")
    path, words = text(done.stdout).splitlines()
    return path, words


def key(tarball):
    """What tells one tarball from another without reading it."""
    facts = os.stat(tarball)
    return f"{tarball}:{facts.st_size}:{facts.st_mtime_ns}"


def unpack(tarball, directory):
    done = subprocess.run(["tar", "-xf", tarball, "-C", str(directory),
                           "--strip-components=1"], stderr=subprocess.PIPE)
    if done.returncode:
        raise Refused(f"{tarball} does not unpack: " + text(done.stderr).strip())


def import_base(tree, tarball, words, finish):
    """Adds the tarball's content to the tree's repository as a commit; returns its id.

    A tree that does not exist yet is made beside its place, completed by
    finish(directory, commit), and moved to its place whole.
    """
    tree = Path(tree)
    tree.parent.mkdir(parents=True, exist_ok=True)
    for left_over in tree.parent.glob(f".{tree.name}.new.*"):
        shutil.rmtree(left_over)
    work = Path(tempfile.mkdtemp(prefix=f".{tree.name}.new.", dir=tree.parent))
    work.chmod(0o755)
    try:
        unpack(tarball, work)
        git = Git(work)
        git.run("init", "--quiet", "--initial-branch=guest-stage")
        _configure(git)
        git.run("-c", "core.looseCompression=1", "add", "--force", "--all", ".")
        commit = git.out("commit-tree", git.out("write-tree"), stdin=words.encode() + b"\n")
        git.run("update-ref", "refs/heads/guest-stage", commit)
        if tree.exists():
            Git(tree).run("fetch", "--quiet", "--no-tags", str(work), commit)
        else:
            git.run("tag", "base", commit)
            finish(work, commit)
            work.rename(tree)
        return commit
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _configure(git):
    for name, value in (("gc.auto", "0"), ("core.autocrlf", "false"),
                        ("core.fileMode", "true"), ("advice.addIgnoredFile", "true")):
        git.run("config", name, value)
