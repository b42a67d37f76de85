# SPDX-License-Identifier: GPL-2.0-only
"""What the check consists of."""

import sys
from typing import NamedTuple

BUILD = 0       # instead of a number of cores


class Stage(NamedTuple):
    """One command, and what the scheduler has to know about it."""
    name: str
    title: str
    command: str
    needs: tuple = ()           # stages that have to be good before it starts
    cores: int = 1              # that it keeps busy, if there are so many
    minutes: float = 0          # that it takes with two cores, where that is more than one
    after: tuple = ()           # stages that it waits for, but only if they run anyway
    uses: tuple = ()            # what only one stage at a time may use
    on_demand: bool = False     # only when it is named


STAGES = (
    Stage("scripts", "unit tests of the scripts", "scripts/tests/run"),
    Stage("readme", "what README.md says is there", "scripts/readme-check",
          after=("demo", "bench")),
    Stage("tree", "the kernel's source and the series", "scripts/tree"),
    Stage("store", "the stored patches and files", "scripts/store-check"),
    Stage("save", "make tree && make save changes nothing", "scripts/save --check", ("tree",),
          uses=("build/linux",)),
    Stage("series", "git am of the mails gives the tree", "scripts/series-check", ("tree",),
          uses=("build/linux",)),
    Stage("lint-repository", "the repository's own files", "lint/repository"),
    Stage("lint-mails", "checkpatch of every mail", "lint/mails", ("series",)),
    Stage("lint-kernel-doc", "kernel-doc of every file", "lint/kernel-doc", ("tree",)),
    Stage("lint-documents", "Sphinx of the documents", "lint/documents", ("tree",)),
    Stage("lint-uapi", "the headers of user space", "lint/uapi", ("tree",)),
    Stage("lint-builds", "builds in other configurations", "lint/builds", ("tree",), BUILD, 3),
    Stage("lint-commits", "every patch builds with W=1; sparse", "lint/commits",
          ("tree",), BUILD, 60, on_demand=True),
    Stage("busybox", "get busybox for the machine", "scripts/fetch-busybox"),
    Stage("kernel", "build the lab's kernel", "scripts/kernel lab", ("tree",), BUILD, 4),
    Stage("debug", "build the debug kernel", "scripts/kernel debug", ("tree",), BUILD, 7),
    Stage("kselftests", "build the selftests, no warning", "scripts/kselftests --check",
          ("tree",), BUILD, uses=("build/obj/headers",)),
    Stage("programs", "build the demo's programs", "scripts/programs", ("tree",), BUILD,
          uses=("build/obj/headers",)),
    Stage("lab", "the lab notices every failure", "lab/selftest",
          ("kernel", "debug", "kselftests", "busybox"), minutes=2),
    Stage("kunit", "KUnit under the debug kernel", "scripts/kunit", ("debug", "busybox")),
    Stage("qemu-tree", "QEMU's source and its series", "scripts/tree qemu"),
    Stage("qemu", "build the lab's own QEMU", "scripts/qemu", ("qemu-tree",), BUILD, 5),
    Stage("test", "the selftests under the debug kernel", "scripts/test --debug",
          ("debug", "kselftests", "busybox", "qemu"), 3, 11),
    Stage("coverage", "every line of the series runs, or has a reason", "scripts/coverage",
          ("kunit", "test"), on_demand=True),
    # Those that would let a guest at what isn't its own; make mutate takes all.
    Stage("mutate", "known bugs, put back in, are caught",
          "scripts/mutate 01 05 14 16 19 20 22 30",
          ("debug", "kselftests", "busybox", "qemu"), 2, 7),
    Stage("qemu-store", "the stored patches and files for QEMU", "scripts/store-check qemu"),
    Stage("qemu-save", "the same of QEMU: tree and save change nothing",
          "scripts/save --check qemu", ("qemu-tree",), uses=("build/qemu",)),
    Stage("qemu-series", "git am of QEMU's mails gives the tree", "scripts/series-check qemu",
          ("qemu-tree",), uses=("build/qemu",)),
    Stage("lint-qemu-mails", "QEMU's checkpatch of every mail for it", "lint/qemu-mails",
          ("qemu-series",)),
    Stage("lint-qemu-commits", "every patch for QEMU builds; its qtests", "lint/qemu-commits",
          ("qemu-tree",), BUILD, 60, on_demand=True),
    Stage("qemu-test", "qtests of the SMMU's model", "scripts/qemu-test", ("qemu",)),
    Stage("demo", "the demo", "lab/demo/run", ("kernel", "programs", "busybox", "qemu")),
    Stage("bench", "the bench", "lab/bench/run", ("kernel", "programs", "busybox", "qemu")),
)


def choose(stages, names):
    """The stages of these names and all that they need, in order.

    For no name all but those that are only run on demand.

    The name "lint" also means all that start with "lint-".
    """
    known = {s.name: s for s in stages}
    wanted, todo = set(), []
    if not names:
        todo = [s.name for s in stages if not s.on_demand]
    for name in names:
        meant = [n for n in known if n == name or n.startswith(name + "-")]
        if not meant:
            sys.exit(f"check: there is no stage {name}; there are {', '.join(known)}")
        todo += meant
    while todo:
        name = todo.pop()
        wanted.add(name)
        todo.extend(known[name].needs)
    return [s for s in stages if s.name in wanted]
