# SPDX-License-Identifier: GPL-2.0-only
"""Boots of the mutated kernel, and what a test that fails looks like."""

import re
import shlex
import subprocess

from . import stored

GOOD, FAILED, COMPLAINED = 0, 1, 3
TIMEOUT = "300"
NOT_OK = re.compile(r"^(\[ *[\d.]+\])?[ #]*not ok \d", re.M)


def kernel_arguments(test_kind, tests, mutation):
    words = [f"mutation={mutation}"] if mutation else []
    if test_kind == "kunit":
        if len(tests) == 1:
            words.append(f"kunit.filter_glob={tests[0].name}")
    else:
        words.append("kunit.enable=0")
    return " ".join(words)


def command(tests):
    """What runs the programs in the machine."""
    words, runs = [], []
    for test in tests:
        if test.args:
            words.append(f"KSELFTEST_{test.name.upper()}_ARGS={shlex.quote(' '.join(test.args))}")
        runs.append(f"-t vfio:{test.name}")
    return " ".join((*words, "/kselftest/run_kselftest.sh", *runs))


def options(boot, tests, mutation, out, kselftest):
    """The arguments of lab/run."""
    words = ["--kernel", "mutate", "--timeout", TIMEOUT, "--out", out, "--append",
             kernel_arguments(boot, tests, mutation)]
    if boot == "kunit":
        return [*words, "--icount", "3", "--ktap", "console", "--no-bind", "--no-kmemleak"]
    words += ["--smp", "2"] if boot == "vfio-race" else ["--icount"]
    words += ["--pasids"] if boot == "vfio-pasid" else []
    return [*words, "--ktap", "output", "--no-kmemleak", "--nvmes", "2",
            "--add", f"{kselftest}:/kselftest",
            "--test", command(tests)]


def verdict(status, complaint, console):
    """Why a run does not count as caught, or "" if it does.

    A complaint of the kernel after a test has failed does not matter any more.
    """
    if status == FAILED or status == COMPLAINED and NOT_OK.search(console):
        return ""
    if status == COMPLAINED and complaint and re.search(complaint, console):
        return ""
    if status == GOOD:
        return "no test noticed it"
    if status == COMPLAINED:
        return "the kernel complained, and not as the mutation says"
    return f"the run itself went wrong (lab/run: {status})"


class Machine:
    def __init__(self, root):
        self.root = root
        self.kselftest = root / "build/kselftest"

    def check(self):
        if not (self.kselftest / "kselftest-list.txt").exists():
            raise stored.Unusable("the selftests are not built: run scripts/kselftests")

    def _boot(self, boot, tests, mutation):
        """lab/run's status, what kernel and tests said, and where the logs are."""
        out = self.root / "out/mutate" / (mutation or boot)
        out.mkdir(parents=True, exist_ok=True)
        with open(out / "run.log", "w", encoding="utf-8") as log:
            status = subprocess.run(
                [str(self.root / "lab/run"), *options(boot, tests, mutation, str(out),
                                                      self.kselftest)],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode
        said = [path.read_text(errors="replace") for path in sorted(out.glob("*.log"))
                if path.name in ("console.log", "output.log")]
        return status, "\n".join(said), out

    def passes(self, boot, tests):
        status, _, out = self._boot(boot, tests, "")
        return f"lab/run: {status}, log: {out}/run.log" if status else ""

    def catches(self, mutation):
        status, said, out = self._boot(stored.boot_of(mutation.test), [mutation.test],
                                          mutation.name)
        problem = verdict(status, mutation.splat, said)
        return problem and f"{problem}\nlog: {out}/run.log"
