# SPDX-License-Identifier: GPL-2.0-only
"""check: which stages run when, and their sum; stage: its line."""

import io
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from programs import SCRIPTS, load               # noqa: E402

sys.path.insert(0, str(SCRIPTS))
from checking import job, plan, stages           # noqa: E402

check = load("check")
BUILD = stages.BUILD
A = stages.Stage("a", "A", "true")
B = stages.Stage("b", "B", "true", ("a",))
C = stages.Stage("c", "C", "true", ("b",))
D = stages.Stage("d", "D", "true")


def names(chosen):
    return [stage.name for stage in chosen]


class FakeJob:
    """A stage that is looked at a number of times before it has ended."""

    def __init__(self, stage, result, looks=1):
        self.stage = stage
        self.result = result
        self.looks = looks
        self.stopped = False

    def poll(self):
        self.looks -= 1
        return self.result if self.looks <= 0 else None

    def progress(self):
        return f"{self.stage.name} 50%"

    def stop(self):
        self.stopped = True


class Output(io.StringIO):
    terminal = False

    def isatty(self):
        return self.terminal


class Check(unittest.TestCase):
    def run_with(self, results, looks=(), at_once=1, terminal=False):
        self.ran, self.jobs, self.out = [], [], Output()
        self.out.terminal = terminal

        def start(stage):
            self.ran.append(stage.name)
            counts = results.get(stage.name, (1, 0, 0))
            result = counts if isinstance(counts, job.Result) else job.Result(
                counts, {"why": 1} if stage is D else {},
                [f"test {n}" for n in range(counts[1])], f"line of {stage.name}\n")
            self.jobs.append(FakeJob(stage, result, dict(looks).get(stage.name, 1)))
            return self.jobs[-1]
        try:
            return check.run((A, B, C, D), check.Screen(self.out), start,
                             at_once - plan.SPARE, 0)
        finally:
            self.said = self.out.getvalue().split("\n")[:-1]

    def test_sum(self):
        self.assertEqual(self.run_with({"b": (5, 0, 2)}), 0)
        self.assertEqual(self.said[-2:], ["skipped 1: why", "8 passed, 0 failed, 2 skipped"])

    def test_each_line_when_its_stage_ends(self):
        self.run_with({}, {"a": 3, "d": 2}, at_once=2)
        self.assertEqual(self.ran, ["a", "d", "b", "c"])
        self.assertEqual(self.said[:4], [f"line of {name}" for name in "dabc"])

    def test_failure_does_not_stop_the_others(self):
        self.assertEqual(self.run_with({"a": (0, 2, 0)}), 4)
        self.assertEqual(self.ran, ["a", "d"])
        self.assertEqual(self.said[-1], "1 passed, 4 failed, 0 skipped")
        self.assertIn("failed stages: a, b, c; again: scripts/check a b c", self.said[-2])
        self.assertIn("   0:00  B: FAILED, it needs what failed before (a)", self.said)
        self.assertIn("   0:00  C: FAILED, it needs what failed before (b)", self.said)

    def test_failures_are_named_at_the_end(self):
        self.run_with({"d": (0, check.NAMED + 2, 0)})
        end = self.said[self.said.index("skipped 1: why") + 1:]
        self.assertEqual(end[0], "failed in d: test 0")
        self.assertEqual(end[-3], "failed in d: and 2 more")
        self.assertIn("failed stages: d", end[-2])

    def test_interrupted_stage_stops_the_others(self):
        with self.assertRaises(check.Interrupted):
            self.run_with({"d": job.Result(interrupted=True)}, {"a": 9}, at_once=2)
        self.assertEqual([j.stopped for j in self.jobs], [True, False])
        self.assertIn("interrupted; run it again", self.said[-1])

    def test_live_line(self):
        self.run_with({}, {"a": 3, "d": 3}, at_once=2, terminal=True)
        self.assertIn("\r\033[K   0:00  now: a 50%, d 50%", self.out.getvalue())
        self.run_with({}, {"a": 3}, at_once=2)
        self.assertNotIn("now:", self.out.getvalue())

    def test_choice_brings_what_it_needs(self):
        choose = stages.choose
        self.assertEqual(choose((A, B, C, D), ["c"]), [A, B, C])
        self.assertEqual(choose((A, B, C, D), []), [A, B, C, D])
        lint = [stages.Stage("lint-" + x, x, "true") for x in "xy"]
        self.assertEqual(choose((A, *lint), ["lint"]), lint)
        rare = stages.Stage("rare", "rare", "true", on_demand=True)
        self.assertEqual(choose((A, rare), []), [A])
        self.assertEqual(choose((A, rare), ["rare"]), [rare])
        with self.assertRaises(SystemExit):
            choose((A, B), ["nosuch"])

    def test_every_stage_is_there(self):
        known = names(stages.STAGES)
        self.assertEqual(len(known), len(set(known)))
        for stage in stages.STAGES:
            self.assertTrue({*stage.needs, *stage.after} <= set(known), stage.name)
            self.assertTrue((SCRIPTS.parent / stage.command.split()[0]).exists(), stage)
        plan.Plan(stages.STAGES, 2)


class Plan(unittest.TestCase):
    def stage(self, name, *needs, **more):
        return stages.Stage(name, name, "true", needs, **more)

    def plan(self, chosen, at_once):
        return plan.Plan(chosen, at_once - plan.SPARE)

    def test_longest_chain_first(self):
        short, first = self.stage("short", minutes=2), self.stage("first")
        second = self.stage("second", "first", minutes=3)
        made = self.plan([short, first, second], 1)
        self.assertEqual(names(made.start()), ["first"])
        made.finished(first, True)
        self.assertEqual(names(made.start()), ["second"])
        made.finished(second, True)
        self.assertEqual(names(made.start()), ["short"])

    def test_no_more_than_fit(self):
        four = [self.stage(name) for name in "abcd"]
        self.assertEqual(names(self.plan(four, 3).start()), ["a", "b", "c"])

    def test_wide_stage_gets_the_cores_there_are(self):
        wide, other = self.stage("wide", cores=4, minutes=5), self.stage("other", cores=2)
        self.assertEqual(names(plan.Plan([wide, A, other], 2).start()), ["wide", "a"])
        self.assertEqual(names(plan.Plan([wide, A, other], 6).start()), ["wide", "a", "other"])

    def test_wide_stage_is_not_overtaken(self):
        long = [self.stage(name, minutes=9) for name in ("long", "longer")]
        made = plan.Plan([*long, self.stage("wide", cores=2, minutes=5), A], 2)
        self.assertEqual(names(made.start()), ["long", "longer"])
        made.finished(long[0], True)
        self.assertEqual(names(made.start()), ["wide"])

    def test_builds_fill_what_is_left(self):
        builds = [self.stage(name, cores=BUILD) for name in "xyz"]
        made = self.plan([*builds, A, D], 1)
        self.assertEqual(names(made.start()), ["x", "y", "a"])
        made.finished(builds[0], True)
        self.assertEqual(names(made.start()), ["z"])

    def test_one_at_a_time_with_the_same_folder(self):
        one = self.stage("one", uses=("folder",))
        made = plan.Plan([one, self.stage("two", uses=("folder", "other")), A], 2)
        self.assertEqual(names(made.start()), ["one", "a"])
        made.finished(one, True)
        self.assertEqual(names(made.start()), ["two"])

    def test_after_waits_but_needs_nothing(self):
        late = self.stage("late", after=("a", "not chosen"))
        made = plan.Plan([late, A], 2)
        self.assertEqual(names(made.start()), ["a"])
        made.finished(A, False)
        self.assertEqual(made.give_up(), [])
        self.assertEqual(names(made.start()), ["late"])

    def test_circle(self):
        with self.assertRaisesRegex(ValueError, "wait for each other: x, y"):
            plan.Plan([self.stage("x", "y"), self.stage("y", after=("x",))], 1)


class Job(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = place.name

    def start(self, command):
        made = job.Job(stages.Stage("test-job", "try it", command), self.place)
        self.addCleanup(made.stop)
        return made

    def wait_for(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_result(self):
        made = self.start("false")
        self.wait_for(made.poll)
        result = made.poll()
        self.assertEqual(result.counts, (0, 1, 0))
        self.assertIn("try it: FAILED", result.text)
        self.assertFalse(result.interrupted)

    def test_progress(self):
        made = self.start("sleep 60")
        self.assertEqual(made.progress(), "test-job")
        made.tally.with_suffix(".progress").write_text("3/4\n")
        self.assertEqual(made.progress(), "test-job 75%")
        made.tally.with_suffix(".progress").write_text("3/")
        self.assertEqual(made.progress(), "test-job")

    def test_stop_ends_the_command_too(self):
        ready = Path(self.place) / "ready"
        script = Path(self.place) / "script"
        script.write_text(f"#!/bin/sh\necho $$ >{ready}\nexec sleep 60\n")
        script.chmod(0o755)
        made = self.start(str(script))
        self.wait_for(lambda: ready.exists() and ready.read_text())
        made.stop()
        self.assertTrue(made.poll().interrupted)
        self.assertFalse(Path(f"/proc/{ready.read_text().strip()}").exists())


class Stage(unittest.TestCase):
    def stage(self, *command, **env):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.counts = Path(place.name) / "counts"
        env = {**os.environ, **env, "LINUX_TARBALL": ""}
        return subprocess.run([SCRIPTS / "stage", "test-stage", "try it", *command], env=env,
                              stdout=subprocess.PIPE, text=True)

    def counted(self, text):
        with tempfile.NamedTemporaryFile() as counts:
            done = self.stage("sh", "-c", text, STAGE_TALLY=counts.name)
            return done, json.loads(Path(counts.name).read_text())["counts"]

    def test_success(self):
        done = self.stage("sh", "-c", "echo words >$STAGE_NOTE")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^ +0:0\d  try it: words\n$")

    def test_failure_shows_log_and_command(self):
        done = self.stage("sh", "-c", "echo reason; exit 3")
        self.assertEqual(done.returncode, 3)
        self.assertIn("try it: FAILED\n         | reason\n", done.stdout)
        self.assertIn("out/log/test-stage.log", done.stdout)
        again = done.stdout.split("again: ")[1]
        self.assertEqual(subprocess.run(["bash", "-c", again], stdout=subprocess.PIPE,
                                        text=True).stdout, "reason\n")

    def test_missing_command(self):
        self.assertEqual(self.stage("./nosuch").returncode, 127)

    def test_tests_are_counted(self):
        done, counts = self.counted("echo 1..2; echo ok 1 a; echo 'ok 2 b # SKIP c'")
        self.assertIn("1 passed, 0 failed, 1 skipped", done.stdout)
        self.assertEqual((done.returncode, counts), (0, [1, 0, 1]))

    def test_failed_test_fails_the_stage(self):
        done, counts = self.counted("echo 1..2; echo ok 1 a; echo not ok 2 every bad")
        self.assertIn("failed: every bad", done.stdout)
        self.assertEqual((done.returncode, counts), (1, [1, 1, 0]))

    def test_progress_is_beside_the_counts(self):
        with tempfile.TemporaryDirectory() as place:
            self.stage("sh", "-c", "echo 1/2 >$STAGE_PROGRESS", STAGE_TALLY=place + "/counts")
            self.assertEqual((Path(place) / "counts.progress").read_text(), "1/2\n")

    def test_a_command_without_tests(self):
        done, counts = self.counted("echo words >$STAGE_NOTE")
        self.assertRegex(done.stdout, r"try it: words\n$")
        self.assertEqual(counts, [1, 0, 0])

    def test_failed_command_fails_the_stage(self):
        done, counts = self.counted("echo reason; exit 2")
        self.assertIn("| reason", done.stdout)
        self.assertEqual((done.returncode, counts), (2, [0, 1, 0]))

    def test_usage(self):
        for words in ([], ["x"], ["x", "y"]):
            self.assertEqual(subprocess.run([SCRIPTS / "stage", *words],
                                            stderr=subprocess.DEVNULL).returncode, 2)


if __name__ == "__main__":
    unittest.main()
