# SPDX-License-Identifier: GPL-2.0-only
"""The debug kernel, once more, with all mutations in it.

build/obj/mutate starts as a copy of build/obj/debug. kbuild prefers a .c file in the
O= directory to the one in the source, so the source stays as it is, and only what is
mutated is compiled again.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess

from . import stored

INCLUDES = re.compile(r"^#include .*\n", re.M)


def include_mutated(text, define):
    """The source with mutated() declared, after all that it includes itself. One file has
    to define what chooses a mutation.
    """
    lines = "#define DEFINE_MUTATION\n" * define + "#include <generated/mutated.h>\n"
    last = None
    for last in INCLUDES.finditer(text):
        pass
    place = last.end() if last else 0
    return text[:place] + lines + text[place:]


def apply(mutation, directory):
    """Applies the edits below @directory; returns why not, or "" """
    git = subprocess.run(["git", "apply", "-"], input=mutation.edits, text=True, cwd=directory,
                         env={**os.environ, "GIT_CEILING_DIRECTORIES": str(directory.parent)},
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return f"it does not apply any more:\n{git.stdout}" if git.returncode else ""


def _seed(debug, obj):
    with open(debug / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        subprocess.run(["rsync", "-a", "--delete", "--exclude=.lock", f"{debug}/", f"{obj}/"],
                       check=True)


def _mutate(root, tree, obj, mutations):
    """Writes the mutated sources; returns {name: why it could not be applied, or ""}."""
    files = sorted({path for m in mutations for path in stored.paths(m.edits)})
    for path in files:
        try:
            shutil.copyfile(tree / path, obj / path)
        except FileNotFoundError:
            pass
    problems = {m.name: apply(m, obj) for m in mutations}
    for number, path in enumerate(path for path in files if (obj / path).exists()):
        (obj / path).write_text(include_mutated((obj / path).read_text(), number == 0))
    shutil.copyfile(root / "linux/mutations/mutated.h", obj / "include/generated/mutated.h")
    return problems


def _key(root, debug):
    """What the mutated kernel depends on."""
    built = debug / ".built"
    if not built.exists():
        raise stored.Unusable("the debug kernel is not built: run make tree, then "
                              "scripts/kernel debug")
    digest = hashlib.sha256(built.read_bytes())
    for path in sorted((root / "linux/mutations").iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _make(root, obj, log):
    with open(log, "w", encoding="utf-8") as out:
        made = subprocess.run([str(root / "scripts/kmake"), str(obj), "Image"], stdout=out,
                              stderr=subprocess.STDOUT).returncode
    if made:
        tail = "\n".join(log.read_text().splitlines()[-15:])
        raise stored.Unusable(f"the mutated kernel does not build; log: {log}\n{tail}")


def build(root, mutations):
    """Builds build/obj/mutate; returns {name: why the mutation is not in it, or ""}."""
    debug, obj = root / "build/obj/debug", root / "build/obj/mutate"
    log, stamp = root / "out/mutate/build.log", obj / ".mutated"
    key = _key(root, debug)
    if stamp.exists() and stamp.read_text() == key:
        return {m.name: "" for m in mutations}
    log.parent.mkdir(parents=True, exist_ok=True)
    _seed(debug, obj)
    problems = _mutate(root, root / "build/linux", obj, mutations)
    _make(root, obj, log)
    if not any(problems.values()):
        stamp.write_text(key)
    return problems
