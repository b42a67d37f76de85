# SPDX-License-Identifier: GPL-2.0-only
"""tally: what counts as a result."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from programs import load                        # noqa: E402

Tally = load("tally").Tally


class Counts(unittest.TestCase):
    def check(self, text, wanted, status=0):
        tally = Tally().read(text).settle(status)
        self.assertEqual(tally.counts(), wanted, tally.failures)
        return tally

    def test_flat(self):
        self.check("1..3\nok 1 a\nnot ok 2 b\nok 3 c # SKIP no device\n", (1, 1, 1))

    def test_skip_reason(self):
        tally = self.check("ok 1 a.x.y # SKIP no device\nok 2 a.z # skip no device\n"
                           "ok 3 global.c # SKIP\nok 4 # SKIP as it is\n", (0, 0, 4))
        self.assertEqual(dict(tally.skips), {"a: no device": 2, "c: no reason": 1,
                                             "as it is": 1})

    def test_todo_and_xfail_do_not_fail(self):
        self.check("not ok 1 a # TODO later\nok 2 b # XFAIL known\n", (2, 0, 0))

    def test_plan_not_reached(self):
        self.check("1..5\nok 1 a\n", (1, 4, 0))

    def test_whole_file_skipped(self):
        self.check("TAP version 13\n1..0 # SKIP no VFIO\n", (0, 0, 1))

    def test_no_results(self):
        self.check("make: done\nbroken ok? okay\n", (1, 0, 0))
        self.check("make: failed\n", (0, 1, 0), status=2)
        self.check("", (1, 0, 0))

    def test_status_without_a_failed_test(self):
        self.check("1..1\nok 1 a\n", (1, 1, 0), status=1)

    def test_status_with_a_failed_test_counts_once(self):
        self.check("1..1\nnot ok 1 a\n", (0, 1, 0), status=1)

    def test_kunit_on_a_console(self):
        self.check("""\
[    0.100000] KTAP version 1
[    0.100001] 1..2
[    0.100002]     KTAP version 1
[    0.100003]     # Subtest: one
[    0.100004]     1..2
[    0.100005]     ok 1 a
[    0.100006]     not ok 2 b
[    0.100007] # one: pass:1 fail:1 skip:0 total:2
[    0.100008] not ok 1 one
[    0.100009]     1..1
[    0.100010]     ok 1 c
[    0.100011] ok 2 two
""", (2, 1, 0))

    def test_kunit_without_time_stamps(self):
        self.check("KTAP version 1\n1..1\n    1..1\n        1..2\n        ok 1 a\n"
                   "        ok 2 b\n    ok 1 case\nok 1 suite\n", (2, 0, 0))

    def test_kselftest(self):
        self.check("""\
TAP version 13
1..2
# selftests: vfio: one_test
# TAP version 13
# 1..2
# # Starting 2 tests from 1 test cases.
# #  RUN           global.a ...
# #            OK  global.a
# ok 1 global.a
# ok 2 global.b # SKIP no oracle
# # PASSED: 2 / 2 tests passed.
ok 1 selftests: vfio: one_test
# selftests: vfio: two_test
# 1..0 # SKIP no device
ok 2 selftests: vfio: two_test # SKIP
""", (1, 0, 2))

    def test_kselftest_that_died(self):
        self.check("""\
1..1
# selftests: vfio: one_test
# 1..3
# ok 1 a
not ok 1 selftests: vfio: one_test # exit=139
""", (1, 2, 0))

    def test_kselftest_that_died_before_its_plan(self):
        self.check("1..1\n# starting\nnot ok 1 selftests: vfio: one_test # exit=139\n",
                   (0, 1, 0))

    def test_parent_failed_alone(self):
        self.check("1..1\n    1..1\n    ok 1 a\nnot ok 1 suite\n", (1, 1, 0))

    def test_cut_off_in_the_middle(self):
        self.check("1..2\n    1..2\n    ok 1 a\n", (1, 3, 0))

    def test_words_of_a_person_are_no_results(self):
        self.check("# ok so far\nok then\n#| ok 1 quoted\nnot okay 1\n", (1, 0, 0))

    def test_complaint_of_the_kernel(self):
        log = ("ok 1 a\nlab: splat: [ 1.0] WARNING: x\nlab: console: /c\n"
               "lab: FAILED: 1 passed; 3.0 s\n")
        counted = Tally().read(log).settle(3)
        self.assertEqual(counted.failures, ["splat: [ 1.0] WARNING: x"])
        self.assertEqual(Tally().read(log).settle(0).failures, [])

    def test_carriage_returns(self):
        self.check("1..1\r\nok 1 a\r\n", (1, 0, 0))


if __name__ == "__main__":
    unittest.main()
