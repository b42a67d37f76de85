# SPDX-License-Identifier: GPL-2.0-only
"""Reports of kselftest's runner, of its harness alone, and of KUnit on a console."""

import unittest

from vm import ktap

RUNNER = """\
TAP version 13
1..2
# timeout set to 300
# selftests: vfio: one_test
# TAP version 13
# 1..3
# # Starting 3 tests from 1 test cases.
# #  RUN           global.a ...
# #            OK  global.a
# ok 1 global.a
# ok 2 global.b # SKIP no oracle: only an emulator can tell
# # one_test.c:12:c:Expected 0 (0) == 1 (1)
# not ok 3 global.c
# # Totals: pass:1 fail:1 xfail:0 xpass:0 skip:1 error:0
not ok 1 selftests: vfio: one_test # exit=1
# selftests: vfio: two_test
# TAP version 13
# 1..1
# ok 1 global.d
ok 2 selftests: vfio: two_test
""".splitlines()

CONSOLE = """\
[    2.059942] KTAP version 1
[    2.063923] 1..1
[    2.146816]     KTAP version 1
[    2.147542]     # Subtest: arm-smmu-v3-kunit-test
[    2.147600] pci 0000:00:02.0: something else
[    2.188084]     1..2
[    2.279025]     ok 1 bypass_to_abort
[    2.279100]         KTAP version 1
[    2.279200]         # Subtest: sizes
[    2.279300]         ok 1 size 1
[    2.279400]         ok 2 size 2
[    2.297799][    T1]     ok 2 sizes
[    2.300000] # arm-smmu-v3-kunit-test: pass:2 fail:0 skip:0 total:2
[    2.400000] ok 1 arm-smmu-v3-kunit-test
""".splitlines()


class Reports(unittest.TestCase):
    def test_runner(self):
        tests, errors = ktap.parse(RUNNER)
        self.assertEqual(errors, [])
        self.assertEqual(ktap.count(tests), {"pass": 2, "fail": 1, "skip": 1})
        self.assertEqual(ktap.failures(tests), ["selftests: vfio: one_test global.c"])

    def test_console(self):
        tests, errors = ktap.parse(ktap.from_console(CONSOLE))
        self.assertEqual(errors, [])
        self.assertEqual([test.name for test in tests], ["arm-smmu-v3-kunit-test"])
        self.assertEqual(ktap.count(tests), {"pass": 3, "fail": 0, "skip": 0})

    def test_two_programs_one_after_the_other(self):
        lines = ["TAP version 13", "1..1", "ok 1 a", "TAP version 13", "1..1", "ok 1 b"]
        tests, errors = ktap.parse(lines)
        self.assertEqual(errors, [])
        self.assertEqual(len(tests), 2)

    def test_todo_and_xfail_do_not_fail(self):
        tests, _ = ktap.parse(["1..2", "not ok 1 a # TODO later", "not ok 2 b # XFAIL known"])
        self.assertEqual(ktap.count(tests)["fail"], 0)

    def test_nothing(self):
        self.assertEqual(ktap.parse(["Hello", "okay 1", "1.5"]), ([], []))

    def test_a_crash_is_a_failure_without_a_leaf(self):
        lines = ["1..1", "# 1..2", "# ok 1 a", "not ok 1 selftests: vfio: x # exit=139"]
        tests, errors = ktap.parse(lines)
        self.assertEqual(ktap.failures(tests), ["selftests: vfio: x"])
        self.assertEqual(errors, ["selftests: vfio: x: 2 tests planned, 1 ran"])


class Wrong(unittest.TestCase):
    def errors(self, *lines):
        return ktap.parse(lines)[1]

    def test_fewer_than_planned(self):
        self.assertEqual(self.errors("1..2", "ok 1 a"), ["the run: 2 tests planned, 1 ran"])

    def test_planned_but_none(self):
        self.assertEqual(self.errors("1..1"), ["the run: 1 tests planned, 0 ran"])

    def test_first_program_fewer_than_planned(self):
        self.assertEqual(self.errors("TAP version 13", "1..2", "ok 1 a", "TAP version 13",
                                     "1..1", "ok 1 b"),
                         ["the report before: 2 tests planned, 1 ran"])

    def test_a_number_left_out(self):
        self.assertEqual(self.errors("1..2", "ok 1 a", "ok 3 b"), ["b: number 3, expected 2"])

    def test_ok_over_a_failed_subtest(self):
        self.assertEqual(self.errors("1..1", "# not ok 1 a", "ok 1 b"),
                         ["b: ok, though a subtest failed"])

    def test_subtests_without_their_parent(self):
        self.assertEqual(self.errors("1..1", "ok 1 b", "# ok 1 a"), ["a has no parent"])

    def test_two_plans(self):
        self.assertEqual(self.errors("1..1", "1..1", "ok 1 a"), ["a second plan, 1..1"])


class Lines(unittest.TestCase):
    def test_what_of_a_console_is_a_report(self):
        shown = [line for line in ktap.from_console(CONSOLE) if ktap.is_report(line)]
        self.assertEqual(len(shown), len(CONSOLE) - 1)


if __name__ == "__main__":
    unittest.main()
