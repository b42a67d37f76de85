# SPDX-License-Identifier: GPL-2.0-only
"""Stored patches to files for git am."""

import re
import shutil
import tempfile
from email.header import Header
from pathlib import Path

from .compose import compose
from .errors import Refused
from .git import FIXED, raw, text

NOBODY = ("Your Name", "you@example.invalid")
TRAILER = re.compile(r"^[A-Z][A-Za-z-]*-by: |^(Fixes|Link|Cc|Closes): ")


def identity(git):
    """(name, mail) of whoever runs this, or None: never a guess from the host's name."""
    code, out, _ = git.run("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT",
                           env={}, check=False)
    found = re.match(r"(.+) <(.+)> \d+ [-+]\d+", text(out)) if code == 0 else None
    return found.groups() if found else None


def signed(patch, who):
    """The patch's message with a sign-off, in one block with other trailers."""
    message = patch.message.rstrip("\n")
    last = message.split("\n")[-1]
    gap = "\n" if patch.body and TRAILER.match(last) else "\n\n"
    return f"{message}{gap}Signed-off-by: {who[0]} <{who[1]}>\n"


def write_series(git, store, base, out, who, date, footer):
    """Writes out/NNNN-*.patch; returns their number. @out is replaced as a whole."""
    if not store.names():
        raise Refused(f"{store.patch_dir} has no patches")
    author = {**FIXED, "GIT_AUTHOR_NAME": who[0], "GIT_AUTHOR_EMAIL": who[1],
              "GIT_AUTHOR_DATE": date}
    head = compose(git, store, base, lambda patch: signed(patch, who), author)
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    work.chmod(0o755)
    try:
        _format(git, work, base, head, store.cover(), author, footer)
        if out.exists():
            shutil.rmtree(out)
        work.rename(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return len(store.names())


def _format(git, work, base, head, cover, author, footer):
    options = ["--cover-letter"] if cover else ["--no-cover-letter"]
    identity_of_cover = {**author, "GIT_COMMITTER_NAME": author["GIT_AUTHOR_NAME"],
                         "GIT_COMMITTER_EMAIL": author["GIT_AUTHOR_EMAIL"],
                         "GIT_COMMITTER_DATE": author["GIT_AUTHOR_DATE"]}
    git.run("format-patch", "--quiet", "--numbered", "--zero-commit", "--no-signature",
            "--no-renames", "--diff-algorithm=myers", *options, "-o", str(work),
            f"{base}..{head}", env=identity_of_cover)
    if cover:
        _fill_cover(next(work.glob("0000-*")), cover, footer)


def _fill_cover(path, cover, footer):
    subject, body = cover
    letter = text(path.read_bytes())
    letter = letter.replace("*** SUBJECT HERE ***", _encoded(subject))
    letter = letter.replace("*** BLURB HERE ***", f"{body}\n\n{footer}")
    if not letter.isascii() and "\nMIME-Version:" not in letter:
        letter = letter.replace("\n\n", "\nMIME-Version: 1.0\nContent-Type: text/plain; "
                                "charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n", 1)
    path.write_bytes(raw(letter))


def _encoded(subject):
    return subject if subject.isascii() else Header(subject, "utf-8").encode()
