# SPDX-License-Identifier: GPL-2.0-only
"""From what a run left behind to one verdict and an exit code."""

import re

from . import ktap, splat

OK, FAILED, USAGE, SPLAT, TIMEOUT, EARLY = 0, 1, 2, 3, 4, 5

_DONE = re.compile(r"^done (\d+)$", re.M)
_BOOT = re.compile(r"^boot (\d+\.\d+)$", re.M)


class Run:
    """What is known when QEMU is gone. report is "output", "console" or None, the
    place where KTAP is expected."""

    def __init__(self, verdict="", console=(), output=(), report=None, allowed=(),
                 timed_out=None, qemu_status=0):
        self.verdict = verdict
        self.console = list(console)
        self.output = list(output)
        self.report = report
        self.allowed = allowed
        self.timed_out = timed_out
        self.qemu_status = qemu_status

    def boot_seconds(self):
        match = _BOOT.search(self.verdict)
        return float(match[1]) if match else None

    def status(self):
        """The exit status of the command in the machine, None if it did not end."""
        match = _DONE.search(self.verdict)
        return int(match[1]) if match else None


class Verdict:
    """An exit code, the reasons for it, and the tests counted."""

    def __init__(self):
        self.code = OK
        self.reasons = []
        self.counts = None

    def add(self, code, *reasons):
        """The first code stays: it is nearest to the cause."""
        if reasons:
            self.code = self.code or code
            self.reasons += reasons


def _judge_end(verdict, run):
    """Did the machine get to the end of its command?"""
    if run.timed_out is not None:
        verdict.add(TIMEOUT, f"not done after {run.timed_out:g} s")
    elif run.status() is None:
        where = "its command was done" if run.boot_seconds() is not None else "init ran"
        verdict.add(EARLY, f"the machine stopped before {where}")
    if "left-over" in run.verdict:
        verdict.add(FAILED, "processes of the command were left over")
    if run.qemu_status:
        verdict.add(EARLY, f"QEMU ended with status {run.qemu_status}")


def _judge_report(verdict, run):
    lines = run.output if run.report == "output" else ktap.from_console(run.console)
    tests, errors = ktap.parse(lines)
    verdict.counts = ktap.count(tests)
    verdict.add(FAILED, *(f"failed: {name}" for name in ktap.failures(tests)))
    verdict.add(FAILED, *(f"bad KTAP: {error}" for error in errors))
    if not tests:
        verdict.add(FAILED, "no test ran: there is no KTAP result")


def judge(run):
    verdict = Verdict()
    found = splat.find(run.console, run.allowed)
    verdict.add(SPLAT, *(f"splat: {line.strip()}" for line in found[:5]))
    _judge_end(verdict, run)
    if run.report:
        _judge_report(verdict, run)
    if run.status():
        verdict.add(FAILED, f"the command's exit status is {run.status()}")
    return verdict


def _tally(counts):
    return f"{counts[ktap.PASS]} passed, {counts[ktap.FAIL]} failed, {counts[ktap.SKIP]} skipped"


def summary(verdict, run, seconds, folder):
    """One line for a person."""
    parts = ["ok" if verdict.code == OK else "FAILED"]
    if verdict.counts:
        parts.append(_tally(verdict.counts))
    boot = run.boot_seconds()
    parts.append(f"{seconds:.1f} s" + (f", booted in {boot:.1f} s" if boot is not None else ""))
    return ": ".join((parts[0], "; ".join(parts[1:]))) + f"; logs in {folder}"
