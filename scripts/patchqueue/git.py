# SPDX-License-Identifier: GPL-2.0-only
"""The git program, run so that nobody's own configuration changes its answers."""

import os
import subprocess

from .errors import Refused

WHO = "guest-stage"
MAIL = "guest-stage@localhost"
DATE = "2000-01-01T00:00:00+0000"

FIXED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": WHO,
    "GIT_AUTHOR_EMAIL": MAIL,
    "GIT_AUTHOR_DATE": DATE,
    "GIT_COMMITTER_NAME": WHO,
    "GIT_COMMITTER_EMAIL": MAIL,
    "GIT_COMMITTER_DATE": DATE,
    "LC_ALL": "C.UTF-8",
}


def text(data):
    return data.decode("utf-8", "surrogateescape")


def raw(string):
    return string.encode("utf-8", "surrogateescape")


def clean_environment(extra=FIXED):
    """The environment without what a hook or a person set for git, and with @extra."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return {**kept, **extra}


class GitError(Refused):
    """Git itself failed; its words are in the sentence."""


class Git:
    """One repository. Commits made through it are the same on every machine."""

    def __init__(self, directory):
        self.directory = str(directory)

    def run(self, *args, stdin=None, index=None, env=None, check=True):
        """Returns (exit code, standard output, standard error), all as bytes."""
        words = ["git", "-C", self.directory, "-c", "core.quotePath=false", *args]
        environment = clean_environment(FIXED if env is None else env)
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        done = subprocess.run(words, input=stdin, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if check and done.returncode:
            raise GitError(f"git {args[0]} failed in {self.directory}: "
                           + text(done.stderr).strip())
        return done.returncode, done.stdout, done.stderr

    def out(self, *args, **options):
        """Standard output as text, without its last line break."""
        return text(self.run(*args, **options)[1]).rstrip("\n")

    def lines(self, *args, **options):
        return self.out(*args, **options).splitlines()

    def fields(self, *args, **options):
        """The NUL-terminated fields that -z prints."""
        return text(self.run(*args, **options)[1]).split("\0")[:-1]

    def blob(self, name):
        return self.run("cat-file", "blob", name)[1]

    def resolve(self, name):
        """A commit's id, or None."""
        code, out, _ = self.run("rev-parse", "--verify", "--quiet",
                                name + "^{commit}", check=False)
        return text(out).strip() if code == 0 else None
