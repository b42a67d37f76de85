# SPDX-License-Identifier: GPL-2.0-only
"""The files of linux/mutations."""

import os
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


def boots(mutations, at_most):
    """[mutations that share a boot]: one that crashes the machine has it alone, and so has
    one of KUnit, whose suites run once, at the start.
    """
    alone, shared = [], {}
    for mutation in mutations:
        if mutation.splat or mutation.test.kind == "kunit":
            alone.append([mutation])
        else:
            shared.setdefault(boot_of(mutation.test), []).append(mutation)
    groups = [group[at:at + at_most] for group in shared.values()
              for at in range(0, len(group), at_most)]
    return groups + alone


def suites_of(mutations):
    """A pattern for the suites of KUnit that catch these, or "" """
    names = [m.test.name for m in mutations if m.test.kind == "kunit"]
    if len(set(names)) > 1:
        return os.path.commonprefix(names) + "*"
    return names[0] if names else ""
