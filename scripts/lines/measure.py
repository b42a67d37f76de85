# SPDX-License-Identifier: GPL-2.0-only
"""How often each line that the series adds ran, from what the machine left behind."""

import json
import os
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

GCOV = "gcov" if os.uname().machine == "aarch64" else "aarch64-linux-gnu-gcov"
ARCHIVE = "coverage.tar"
HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
AGAIN = "run scripts/kunit and scripts/test --debug, each without a name"


class Unusable(Exception):
    """Something is missing, or not as it should be."""


class Line(NamedTuple):
    file: str
    number: int
    function: str
    text: str
    count: int


def added_lines(diff):
    """{file: numbers of the lines that a diff without context adds}"""
    added, numbers = {}, set()
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            numbers = added.setdefault(line[len("+++ b/"):], set())
        elif match := HUNK.match(line):
            first = int(match[1])
            numbers.update(range(first, first + int(match[2] or 1)))
    return added


def unpack(archive, obj, scratch):
    """Puts the counts of one boot beside the compiler's notes on them."""
    found = []
    with tarfile.open(archive) as tar:
        for member in tar:
            name = Path("/", member.name)
            if not member.isfile() or obj not in name.parents:
                continue
            counts = scratch / name.relative_to(obj)
            counts.parent.mkdir(parents=True, exist_ok=True)
            counts.write_bytes(tar.extractfile(member).read())
            counts.with_suffix(".gcno").symlink_to(name.with_suffix(".gcno"))
            found.append(str(counts.relative_to(scratch)))
    return found


def gcov(files, scratch):
    """What gcov says of them, a dictionary for each source file."""
    done = subprocess.run([GCOV, "--json-format", "--stdout", *files], cwd=scratch,
                          capture_output=True, text=True, check=False)
    if done.returncode or re.search("mismatch|cannot open", done.stderr):
        raise Unusable(f"the debug kernel was built anew since: {AGAIN}\n{done.stderr}".strip())
    return [file for text in done.stdout.splitlines() for file in json.loads(text)["files"]]


def add_counts(counts, added, files):
    """Adds up in @counts, {(file, number): (count, function)}, those of added lines."""
    for told in files:
        name = next((name for name in added if told["file"].endswith("/" + name)), None)
        for line in told["lines"] if name else ():
            if line["line_number"] in added[name]:
                key = name, line["line_number"]
                before, function = counts.get(key, (0, line.get("function_name", "")))
                counts[key] = before + line["count"], function


def read(archive, obj, added, counts):
    """Adds what one boot counted; returns the names of the source files it counted in."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            files = unpack(archive, obj, Path(scratch))
            if not files:
                raise Unusable(f"no counts of {obj}: {AGAIN}")
            add_counts(counts, added, gcov(files, scratch))
    except (OSError, tarfile.TarError, Unusable) as problem:
        raise Unusable(f"{archive}: {problem}") from None
    return {file.removesuffix(".gcda") + ".c" for file in files}


def measure(folders, tree, obj):
    """The lines of code that the series adds, and its files in which nothing was counted."""
    diff = subprocess.run(["git", "diff", "-U0", "--no-ext-diff", "base", "--", "drivers/*.[ch]",
                           ":!*-test.c"], cwd=tree, stdout=subprocess.PIPE, text=True, check=True)
    added, counts, seen = added_lines(diff.stdout), {}, set()
    for folder in folders:
        seen |= read(folder / ARCHIVE, obj, added, counts)
    texts = {name: (tree / name).read_text().splitlines() for name in added}
    lines = [Line(name, number, function, texts[name][number - 1].strip(), count)
             for (name, number), (count, function) in sorted(counts.items())]
    return lines, sorted(name for name in set(added) - seen if name.endswith(".c"))
