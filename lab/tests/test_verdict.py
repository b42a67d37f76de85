# SPDX-License-Identifier: GPL-2.0-only
"""Every way a run can end, and its exit code."""

import unittest

from vm import verdict

GOOD = "boot 1.25\ndone 0\n"
SPLAT_LINE = "[    2.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"


def judge(said=GOOD, **more):
    return verdict.judge(verdict.Run(said, **more))


class Codes(unittest.TestCase):
    def check(self, judged, code, reason):
        self.assertEqual(judged.code, code)
        self.assertRegex("\n".join(judged.reasons), reason)

    def test_good(self):
        self.check(judge(), verdict.OK, "^$")

    def test_the_command_failed(self):
        self.check(judge("boot 1.25\ndone 3\n"), verdict.FAILED, "exit status is 3")

    def test_left_over_processes(self):
        self.check(judge("boot 1.2\nleft-over processes hold the output\ndone 0"),
                   verdict.FAILED, "left over")

    def test_splat(self):
        self.check(judge(console=[SPLAT_LINE]), verdict.SPLAT, "splat: .*WARNING")

    def test_splat_that_is_allowed(self):
        self.check(judge(console=[SPLAT_LINE], allowed=["WARNING"]), verdict.OK, "^$")

    def test_splat_is_the_cause_of_an_early_end(self):
        self.check(judge("boot 1.25\n", console=[SPLAT_LINE]), verdict.SPLAT,
                   "splat(.|\n)*before its command was done")

    def test_time_ran_out(self):
        self.check(judge("boot 1.25\n", timed_out=5), verdict.TIMEOUT, "not done after 5 s")

    def test_time_ran_out_after_the_end(self):
        self.check(judge(timed_out=5), verdict.TIMEOUT, "not done")

    def test_early_end(self):
        self.check(judge("boot 1.25\n"), verdict.EARLY, "before its command was done")
        self.check(judge(""), verdict.EARLY, "before init ran")

    def test_qemu_failed(self):
        self.check(judge("", qemu_status=1), verdict.EARLY, "QEMU ended with status 1")

    def test_done_within_other_text_is_not_done(self):
        self.check(judge("boot 1.25\nnot done 0\n"), verdict.EARLY, "before")


class Tests(unittest.TestCase):
    def test_counted(self):
        judged = judge(output=["1..2", "ok 1 a", "ok 2 b # SKIP no"], report="output")
        self.assertEqual((judged.code, judged.counts),
                         (verdict.OK, {"pass": 1, "fail": 0, "skip": 1}))

    def test_failed_though_the_command_did_not(self):
        judged = judge(output=["1..1", "not ok 1 a"], report="output")
        self.assertEqual((judged.code, judged.reasons), (verdict.FAILED, ["failed: a"]))

    def test_none_is_a_failure(self):
        self.assertEqual(judge(output=["Hello"], report="output").code, verdict.FAILED)

    def test_a_bad_report_is_a_failure(self):
        judged = judge(output=["1..2", "ok 1 a"], report="output")
        self.assertEqual(judged.code, verdict.FAILED)

    def test_on_the_console(self):
        judged = judge(console=["[    1.000000] 1..1", "[    1.000000] ok 1 a"],
                       report="console")
        self.assertEqual(judged.counts["pass"], 1)


class Summary(unittest.TestCase):
    def test_good(self):
        run = verdict.Run(GOOD, output=["1..1", "ok 1 a"], report="output")
        self.assertEqual(verdict.summary(verdict.judge(run), run, 4.21, "out/x"),
                         "ok: 1 passed, 0 failed, 0 skipped; 4.2 s, booted in 1.2 s;"
                         " logs in out/x")

    def test_never_booted(self):
        run = verdict.Run("")
        self.assertEqual(verdict.summary(verdict.judge(run), run, 1, "out/x"),
                         "FAILED: 1.0 s; logs in out/x")


if __name__ == "__main__":
    unittest.main()
