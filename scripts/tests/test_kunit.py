# SPDX-License-Identifier: GPL-2.0-only
"""Which suites have to run, and which did."""

import tempfile
import unittest
from pathlib import Path

import programs

kunit = programs.load("kunit")

SOURCE = """\
static struct kunit_suite one = {
	.name = "one-test",
	.test_cases = cases,
};
%s
"""
CONSOLE = """\
[    1.000000] KTAP version 1
[    1.000000] 1..2
[    1.000000]     KTAP version 1
[    1.000000]     1..1
[    1.000000]     ok 1 a
[    1.000000] ok 1 one-test
[    1.000000] ok 2 empty-test # SKIP
""".splitlines()


class Sources(unittest.TestCase):
    def test_each_way_to_register(self):
        for line in ("kunit_test_suite(one);", "kunit_test_suites(&one);",
                     "kunit_test_suites(&two,\n\t\t  &one);"):
            with self.subTest(line):
                self.assertEqual(kunit.suites_of(SOURCE % line), ["one-test"])

    def test_not_registered(self):
        self.assertEqual(kunit.suites_of(SOURCE % ""), [])


class Trees(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree, self.obj = Path(folder.name, "tree"), Path(folder.name, "obj")
        for root in (self.tree, self.obj):
            (root / "drivers/iommu").mkdir(parents=True)
        (self.tree / "drivers/iommu/test.c").write_text(SOURCE % "kunit_test_suite(one);")

    def test_what_is_built_in_is_expected(self):
        (self.obj / "drivers/iommu/test.o").touch()
        (self.obj / "drivers/iommu/built-in.o").touch()
        self.assertEqual(kunit.expected_suites(self.tree, self.obj), ["one-test"])

    def test_nothing_built_in_is_an_error(self):
        with self.assertRaisesRegex(kunit.KunitError, "no suite is built"):
            kunit.expected_suites(self.tree, self.obj)


class Consoles(unittest.TestCase):
    def missing(self, *names):
        return kunit.missing_suites(names, CONSOLE)

    def test_one_that_ran(self):
        self.assertEqual(self.missing("one-test"), [])

    def test_one_that_did_not(self):
        self.assertEqual(self.missing("one-test", "two-test"), ["two-test"])

    def test_one_without_a_test(self):
        self.assertEqual(self.missing("empty-test"), ["empty-test"])


if __name__ == "__main__":
    unittest.main()
