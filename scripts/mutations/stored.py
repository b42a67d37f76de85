# SPDX-License-Identifier: GPL-2.0-only
"""The files of linux/mutations."""

import re
from typing import NamedTuple


class Unusable(Exception):
    """Something about the mutations or what they need is wrong: a sentence."""


class Test(NamedTuple):
    """kind: kunit, and name is a suite; or vfio, and name is a program."""
    kind: str
    name: str
    args: tuple = ()

    def __str__(self):
        return " ".join((self.kind, self.name, *self.args))


class Mutation(NamedTuple):
    name: str
    words: str
    test: Test
    splat: str
    edits: str


FIELD = re.compile(r"^(test|splat): (.+)$")
EDITED = re.compile(r"^\+\+\+ b/(\S+)$", re.M)
TURNED_ON = re.compile(r'mutated\("([^"]*)"\)')


def parse(name, text):
    head, mark, edits = text.partition("\n---\n")
    if not mark:
        raise Unusable(f"{name} has no line --- before its edits")
    words, fields = [], {}
    for line in head.splitlines():
        field = FIELD.match(line)
        if field:
            fields[field[1]] = field[2]
        elif line:
            words.append(line)
    kind, *rest = fields.get("test", "").split() or [""]
    if kind not in ("kunit", "vfio") or not rest:
        raise Unusable(f"{name} has no line test: kunit SUITE, or test: vfio PROGRAM")
    _check_edits(name, edits)
    return Mutation(name, " ".join(words), Test(kind, rest[0], tuple(rest[1:])),
                    fields.get("splat", ""), edits)


def _check_edits(name, edits):
    headers = [path for path in paths(edits) if not path.endswith(".c")]
    if headers or not paths(edits):
        raise Unusable(f"{name} has to edit .c files, and no others")
    if set(TURNED_ON.findall(edits)) != {name}:
        raise Unusable(f'{name} is not turned on by mutated("{name}") alone')


def paths(edits):
    return EDITED.findall(edits)


def load(directory):
    found = [parse(path.stem, path.read_text()) for path in sorted(directory.glob("*.patch"))]
    if not found:
        raise Unusable(f"there is no mutation in {directory}")
    return found


def choose(mutations, names):
    """Those of these names, or that start with them; all without a name."""
    for name in names:
        if not any(m.name.startswith(name) for m in mutations):
            raise Unusable(f"there is no mutation {name}; there are "
                           + ", ".join(m.name for m in mutations))
    return [m for m in mutations if not names or m.name.startswith(tuple(names))]


def boot_of(test):
    """Tests that race want two CPUs, those with PASIDs the lab's own QEMU, and the suites
    start without being told.
    """
    if test.kind == "kunit":
        return "kunit"
    if "pasid" in test.name or "substream" in test.name:
        return "vfio-pasid"
    return "vfio-race" if "race" in test.name else "vfio"


def tests_by_boot(tests):
    """{boot: tests}, those of one program as one test with all their arguments."""
    found = {}
    for test in tests:
        named = found.setdefault(boot_of(test), {})
        known = named.get(test.name)
        if known and not (known.args and test.args):
            args = ()
        else:
            args = (*known.args, *test.args) if known else test.args
        named[test.name] = Test(test.kind, test.name, args)
    return {boot: list(named.values()) for boot, named in found.items()}
