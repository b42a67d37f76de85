# SPDX-License-Identifier: GPL-2.0-only
"""A program's source as the first commit of a tree."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import Refused
from .git import FIXED, Git, clean_environment, text


def fetch(program):
    """(tarball, its version in words) from a program of scripts/, which says what it does."""
    done = subprocess.run([str(program)], stdout=subprocess.PIPE)
    if done.returncode:
        raise Refused("there is no source to work on (the reason is above)")
    path, words = text(done.stdout).splitlines()
    return path, words


def key(tarball):
    """What tells one tarball from another without reading it."""
    facts = os.stat(tarball)
    return f"{tarball}:{facts.st_size}:{facts.st_mtime_ns}"


class Progress:
    """How far an import is, for scripts/stage: two passes over the files."""

    def __init__(self, files):
        self.total = 2 * files
        self.place = os.environ.get("STAGE_PROGRESS", os.devnull)
        self.done = 0

    def follow(self, lines):
        for _ in lines:
            self.done += 1
            if self.done % 1000 == 0:
                with open(self.place, "w", encoding="ascii") as file:
                    file.write(f"{self.done}/{self.total}\n")


def run_counted(words, progress, **options):
    """Runs a program that prints a line a file; returns (exit code, its last words)."""
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors,
                              **options) as running:
            progress.follow(running.stdout)
        errors.seek(0)
        return running.returncode, text(errors.read())[-1000:].strip()


def unpack(tarball, directory, progress):
    code, words = run_counted(["tar", "-xvf", tarball, "-C", str(directory),
                               "--strip-components=1"], progress)
    if code:
        raise Refused(f"{tarball} does not unpack: {words}")


def add_all(git_dir, directory, index, progress):
    """Puts all files of the directory into an index of that repository."""
    environment = clean_environment({**FIXED, "GIT_INDEX_FILE": str(index)})
    code, words = run_counted(
        ["git", f"--git-dir={git_dir}", f"--work-tree={directory}", "-c",
         "core.looseCompression=1", "add", "--verbose", "--force", "--all", "."],
        progress, cwd=directory, env=environment)
    if code:
        raise Refused(f"git add failed: {words}")


def import_base(tree, tarball, words, files, finish):
    """Adds the tarball's content, about so many files, to the tree's repository as a
    commit; returns its id.

    A tree that does not exist yet is made beside its place, completed by
    finish(directory, commit), and moved to its place whole.
    """
    tree = Path(tree)
    tree.parent.mkdir(parents=True, exist_ok=True)
    for left_over in tree.parent.glob(f".{tree.name}.new.*"):
        shutil.rmtree(left_over)
    scratch = Path(tempfile.mkdtemp(prefix=f".{tree.name}.new.", dir=tree.parent))
    work = scratch / "source"
    work.mkdir()
    try:
        progress = Progress(files)
        unpack(tarball, work, progress)
        git = Git(tree if tree.exists() else work)
        if not tree.exists():
            git.run("init", "--quiet", "--initial-branch=guest-stage")
            _configure(git)
        index = scratch / "index" if tree.exists() else work / ".git/index"
        add_all(Path(git.directory) / ".git", work, index, progress)
        commit = git.out("commit-tree", git.out("write-tree", index=index),
                         stdin=words.encode() + b"\n")
        if not tree.exists():
            git.run("update-ref", "refs/heads/guest-stage", commit)
            git.run("tag", "base", commit)
            finish(work, commit)
            work.rename(tree)
        return commit
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _configure(git):
    for name, value in (("gc.auto", "0"), ("core.autocrlf", "false"),
                        ("core.fileMode", "true"), ("advice.addIgnoredFile", "true")):
        git.run("config", name, value)
