# SPDX-License-Identifier: GPL-2.0-only
"""KTAP, nested as the kselftest runner ("# ") or KUnit (four spaces) do it."""

import re

_INDENT = re.compile(r"(?:# |    )*")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s+#\s*SKIP\b.*)?$")
_RESULT = re.compile(r"(ok|not ok) (\d+)(?:\s+-)?\s*([^#]*?)\s*(?:#\s*(.*))?$")
_VERSION = re.compile(r"K?TAP version \d+$")
_TIMESTAMP = re.compile(r"^\[ *\d+\.\d+\](?:\[[^]]*\])? ")

PASS, FAIL, SKIP = "pass", "fail", "skip"


class Test:
    """One result, with the subtests that came before it one level deeper."""

    def __init__(self, number, name, status, comment, subtests):
        self.number = number
        self.name = name
        self.status = status
        self.comment = comment
        self.subtests = subtests

    def leaves(self, path=()):
        """Pairs of a path of names and the test at its end."""
        path = (*path, self.name)
        if not self.subtests:
            yield path, self
        for test in self.subtests:
            yield from test.leaves(path)


class _Level:
    """The results at one depth that wait for their parent's result. Several programs
    may report there one after the other, each with its version line."""

    def __init__(self):
        self.plan = None
        self.tests = []
        self.closed = []

    def close(self):
        """End one program's report; what is wrong with it, or None."""
        plan, ran = self.plan, len(self.tests)
        self.closed += self.tests
        self.plan, self.tests = None, []
        if plan is not None and plan != ran:
            return f"{plan} tests planned, {ran} ran"
        return None


def _status(word, directive):
    if directive and re.match(r"SKIP\b", directive):
        return SKIP
    if directive and re.match(r"(XFAIL|TODO)\b", directive):
        return PASS
    return PASS if word == "ok" else FAIL


class Parser:
    """Feed it lines; finish() closes the top level. Other text is ignored."""

    def __init__(self):
        self.errors = []
        self._levels = []

    def feed(self, line):
        indent = _INDENT.match(line).group()
        text = line[len(indent):].rstrip()
        depth = indent.count("# ") + indent.count("    ")
        if match := _RESULT.match(text):
            self._add_result(depth, match)
        elif match := _PLAN.match(text):
            self._start_plan(depth, int(match[1]))
        elif _VERSION.match(text):
            self._start_report(depth)

    def _level(self, depth):
        while len(self._levels) <= depth:
            self._levels.append(_Level())
        return self._levels[depth]

    def _close(self, level, name):
        error = level.close()
        if error:
            self.errors.append(f"{name}: {error}")

    def _start_report(self, depth):
        level = self._level(depth)
        if level.tests or level.plan is not None:
            self._close(level, "the report before")

    def _start_plan(self, depth, plan):
        level = self._level(depth)
        if level.plan is not None:
            self.errors.append(f"a second plan, 1..{plan}")
        level.plan = plan

    def _take(self, depth, parent):
        """Close the level below a result; the result's name is for the message."""
        if len(self._levels) <= depth:
            return []
        level = self._levels[depth]
        for deeper in self._levels[depth + 1:]:
            self.errors.extend(f"{test.name} has no parent" for test in deeper.tests)
        del self._levels[depth:]
        self._close(level, parent)
        return level.closed

    def _add_result(self, depth, match):
        word, number, name, directive = match.groups()
        subtests = self._take(depth + 1, name)
        level = self._level(depth)
        test = Test(int(number), name, _status(word, directive), directive or "", subtests)
        if test.number != len(level.tests) + 1:
            self.errors.append(f"{name}: number {number}, expected {len(level.tests) + 1}")
        if test.status != FAIL and any(t.status == FAIL for t in subtests):
            self.errors.append(f"{name}: ok, though a subtest failed")
        level.tests.append(test)

    def finish(self):
        return self._take(0, "the run")


def parse(lines):
    """The top tests, and a list of what is wrong with the report itself."""
    parser = Parser()
    for line in lines:
        parser.feed(line)
    tests = parser.finish()
    return tests, parser.errors


def from_console(lines):
    """The console's lines without the kernel's timestamps, as KTAP expects them."""
    return [_TIMESTAMP.sub("", line) for line in lines]


def is_report(line):
    """Does a console's line belong to the report? Its comments do, too."""
    text = line.lstrip()
    return bool(_RESULT.match(text) or _PLAN.match(text) or _VERSION.match(text)
                or text.startswith("# "))


def count(tests):
    """How many leaves have each status."""
    counts = dict.fromkeys((PASS, FAIL, SKIP), 0)
    for test in tests:
        for _path, leaf in test.leaves():
            counts[leaf.status] += 1
    return counts


def failures(tests):
    """Names of the failed leaves, and of parents that failed with no failed leaf."""
    found = []
    for test in tests:
        failed = [" ".join(path) for path, leaf in test.leaves() if leaf.status == FAIL]
        if not failed and test.status == FAIL:
            failed = [test.name]
        found += failed
    return found
