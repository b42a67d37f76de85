# SPDX-License-Identifier: GPL-2.0-only
"""Boots of the mutated kernel, and what a test that fails looks like."""

import re
import shlex
import subprocess

from . import stored

GOOD, FAILED, COMPLAINED = 0, 1, 3
TIMEOUT = 900       # seconds, and for each further mutation of a boot
MORE_TIME = 200
NOT_OK = re.compile(r"^(\[ *[\d.]+\])?[ #]*not ok \d", re.M)
PASSED = re.compile(r"^ok \d+ (?!.*# SKIP)", re.M)
CHOSEN = "/sys/module/kernel/parameters/mutation"
# One step: a test with a mutation, or with none. Its name and status frame its output.
STEP = f"""\
step() {{
	echo "== step $1 $2"
	printf %s "$2" >{CHOSEN}
	shift 2
	"$@"
	echo "== end"
}}
"""


def run_program(test):
    """What runs the program of a test in the machine."""
    words = ["/kselftest/run_kselftest.sh", "-t", f"vfio:{test.name}"]
    if test.args:
        arguments = f"KSELFTEST_{test.name.upper()}_ARGS={' '.join(test.args)}"
        words = ["env", arguments, *words]
    return shlex.join(words)


def script(mutations):
    """Each test without its mutation, and then with it."""
    steps = [f"step {number} {name} {run_program(mutation.test)}\n"
             for number, mutation in enumerate(mutations)
             for name in ("none", mutation.name)]
    return STEP + "".join(steps)


def steps_of(output):
    """{(number, mutation): what the step said, and whether it came to its end}."""
    found = {}
    for part in output.split("== step ")[1:]:
        head, _, said = part.partition("\n")
        number, name = head.split()
        said, end, _ = said.partition("== end\n")
        found[int(number), name] = said, bool(end)
    return found


def settle_step(mutation, number, steps, status, console):
    """Why the mutation does not count as caught, or "" if it does.

    A complaint of the kernel after a test has failed does not matter any more.
    """
    clean, ended = steps.get((number, "none"), ("", False))
    if not ended or NOT_OK.search(clean) or not PASSED.search(clean):
        return f"its test does not pass on the kernel without it (lab/run: {status})"
    said, ended = steps.get((number, mutation.name), ("", False))
    if NOT_OK.search(said):
        return ""
    if ended:
        return "no test noticed it"
    return judge_end(status, mutation.splat, console)


def judge_end(status, complaint, console):
    """The same of a machine that has stopped."""
    if status != COMPLAINED:
        return f"the run itself went wrong (lab/run: {status})"
    if complaint and re.search(complaint, console):
        return ""
    return "the kernel complained, and not as the mutation says"


def verdict_of_suite(status, complaint, console):
    """settle_step() for KUnit, which lab/run itself has judged."""
    if status == FAILED or status == COMPLAINED and NOT_OK.search(console):
        return ""
    if status == GOOD:
        return "no test noticed it"
    return judge_end(status, complaint, console)


def options(boot, mutations, out, kselftest):
    """The arguments of lab/run for tests of selftests."""
    words = ["--smp", "2"] if boot == "vfio-race" else ["--icount"]
    words += ["--pasids"] if boot == "vfio-pasid" else []
    return ["--kernel", "mutate", "--timeout", str(TIMEOUT + MORE_TIME * (len(mutations) - 1)),
            "--out", out, "--append", "kunit.enable=0", *words, "--no-kmemleak",
            "--nvmes", "2", "--add", f"{kselftest}:/kselftest", "--test", script(mutations)]


def suite_options(suites, mutation, out):
    """The arguments of lab/run for suites of KUnit, which start without being told."""
    return ["--kernel", "mutate", "--timeout", str(TIMEOUT), "--out", out, "--append",
            f"mutation={mutation} kunit.filter_glob={suites}",
            "--icount", "3", "--ktap", "console", "--no-bind", "--no-kmemleak"]


class Machine:
    def __init__(self, root):
        self.root = root
        self.kselftest = root / "build/kselftest"

    def check(self):
        if not (self.kselftest / "kselftest-list.txt").exists():
            raise stored.Unusable("the selftests are not built: run scripts/kselftests")

    def _boot(self, name, make_options):
        """lab/run's status, what tests and kernel said, and where the logs are."""
        out = self.root / "out/mutate" / name
        out.mkdir(parents=True, exist_ok=True)
        said = []
        for log in ("output.log", "console.log"):
            (out / log).unlink(missing_ok=True)
        with open(out / "run.log", "w", encoding="utf-8") as log:
            status = subprocess.run([str(self.root / "lab/run"), *make_options(str(out))],
                                    stdout=log, stderr=subprocess.STDOUT,
                                    stdin=subprocess.DEVNULL).returncode
        for log in ("output.log", "console.log"):
            path = out / log
            said.append(path.read_text(errors="replace") if path.exists() else "")
        return status, *said, out

    def suites_pass(self, suites):
        """Why suites that start alike don't pass on the kernel without a mutation, or "" """
        status, _, _, out = self._boot("kunit", lambda out: suite_options(suites, "none", out))
        return f"lab/run: {status}, log: {out}/run.log" if status else ""

    def settle(self, mutations):
        """[(mutation, why it is not caught, or "")] of those that can share a boot.

        What a boot of several doesn't show is tried again alone: an earlier mutation may
        have stopped the machine, or left it in disorder.
        """
        first = mutations[0]
        if first.test.kind == "kunit":
            return [(first, self._settle_suite(first))]
        boot = stored.boot_of(first.test)
        name = first.name if len(mutations) == 1 else f"{boot}-{first.name}"
        status, output, console, out = self._boot(
            name, lambda out: options(boot, mutations, out, self.kselftest))
        steps = steps_of(output.replace("\r", ""))
        settled = []
        for number, mutation in enumerate(mutations):
            problem = settle_step(mutation, number, steps, status, console)
            if problem and len(mutations) > 1:
                settled += self.settle([mutation])
            else:
                settled.append((mutation, problem and f"{problem}\nlog: {out}/run.log"))
        return settled

    def _settle_suite(self, mutation):
        status, _, console, out = self._boot(
            mutation.name, lambda out: suite_options(mutation.test.name, mutation.name, out))
        problem = verdict_of_suite(status, mutation.splat, console)
        return problem and f"{problem}\nlog: {out}/run.log"
