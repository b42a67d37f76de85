# SPDX-License-Identifier: GPL-2.0-only
"""check: the sum of the stages, and stages that need others; stage: its line."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from programs import load                        # noqa: E402

SCRIPTS = Path(__file__).resolve().parent.parent
check = load("check")
A = check.Stage("a", "A", "true")
B = check.Stage("b", "B", "true", ("a",))
C = check.Stage("c", "C", "true", ("b",))
D = check.Stage("d", "D", "true")


class Check(unittest.TestCase):
    def run_with(self, results):
        self.said, self.ran = [], []

        def runner(stage, _):
            self.ran.append(stage.name)
            counts = results.get(stage.name, (1, 0, 0))
            return (counts, {"why": 1} if stage is D else {},
                    [f"test {n}" for n in range(counts[1])])
        return check.run((A, B, C, D), runner, self.said.append)

    def test_sum(self):
        self.assertEqual(self.run_with({"b": (5, 0, 2)}), 0)
        self.assertEqual(self.said, ["skipped 1: why", "8 passed, 0 failed, 2 skipped"])

    def test_failure_does_not_stop_the_others(self):
        self.assertEqual(self.run_with({"a": (0, 2, 0)}), 4)
        self.assertEqual(self.ran, ["a", "d"])
        self.assertEqual(self.said[-1], "1 passed, 4 failed, 0 skipped")
        self.assertIn("failed stages: a, b, c; again: scripts/check a b c", self.said[-2])

    def test_failures_are_named_at_the_end(self):
        self.run_with({"d": (0, check.NAMED + 2, 0)})
        self.assertEqual(self.said[1], "failed in d: test 0")
        self.assertEqual(self.said[-3], "failed in d: and 2 more")
        self.assertIn("failed stages: d", self.said[-2])

    def test_choice_brings_what_it_needs(self):
        self.assertEqual(check.choose((A, B, C, D), ["c"]), [A, B, C])
        self.assertEqual(check.choose((A, B, C, D), []), [A, B, C, D])
        lint = [check.Stage("lint-" + x, x, "true") for x in "xy"]
        self.assertEqual(check.choose((A, *lint), ["lint"]), lint)
        rare = check.Stage("rare", "rare", "true", (), True)
        self.assertEqual(check.choose((A, rare), []), [A])
        self.assertEqual(check.choose((A, rare), ["rare"]), [rare])
        with self.assertRaises(SystemExit):
            check.choose((A, B), ["nosuch"])

    def test_every_stage_is_there(self):
        names = [s.name for s in check.STAGES]
        self.assertEqual(len(names), len(set(names)))
        for at, stage in enumerate(check.STAGES):
            self.assertTrue(set(stage.needs) <= set(names[:at]), stage.name)
            self.assertTrue((SCRIPTS.parent / stage.command.split()[0]).exists(), stage)


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
