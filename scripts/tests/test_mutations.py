# SPDX-License-Identifier: GPL-2.0-only
"""mutate: the stored form, what is applied, and what counts as caught."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mutations import kernel, machine, stored    # noqa: E402

EDITS = """\
diff --git a/drivers/a.c b/drivers/a.c
--- a/drivers/a.c
+++ b/drivers/a.c
@@ -1,3 +1,3 @@
 #include <a.h>
-int a;
+int a = mutated("01-a");
 int b;
"""
TEXT = "Trap 1: words\nand more.\n\ntest: vfio a_test -t one\n---\n" + EDITS


class Stored(unittest.TestCase):
    def refused(self, words, name, text):
        with self.assertRaisesRegex(stored.Unusable, words):
            stored.parse(name, text)

    def test_parts(self):
        mutation = stored.parse("01-a", TEXT)
        self.assertEqual(mutation.words, "Trap 1: words and more.")
        self.assertEqual(mutation.test, ("vfio", "a_test", ("-t", "one")))
        self.assertEqual(stored.paths(mutation.edits), ["drivers/a.c"])
        self.assertEqual(mutation.splat, "")

    def test_refused(self):
        self.refused("no line ---", "01-a", "test: kunit a\n")
        self.refused("no line test", "01-a", TEXT.replace("test: vfio", "tests: vfio"))
        self.refused("no line test", "01-a", TEXT.replace("vfio a_test", "other a_test"))
        self.refused("not turned on", "02-b", TEXT)
        self.refused("edit .c files", "01-a", TEXT.replace("a.c", "a.h"))

    def test_choose(self):
        mutation = stored.parse("01-a", TEXT)
        self.assertEqual(stored.choose([mutation], ["01"]), [mutation])
        with self.assertRaisesRegex(stored.Unusable, "no mutation 05"):
            stored.choose([mutation], ["05"])

    def test_tests_of_one_program_boot_once(self):
        tests = [stored.Test("vfio", "a_test", ("-t", "one")),
                 stored.Test("vfio", "a_test", ("-t", "two")),
                 stored.Test("vfio", "b_race_test"), stored.Test("kunit", "suite"),
                 stored.Test("vfio", "c_pasids_test")]
        self.assertEqual(stored.tests_by_boot(tests), {
            "vfio": [("vfio", "a_test", ("-t", "one", "-t", "two"))],
            "vfio-race": [("vfio", "b_race_test", ())], "kunit": [("kunit", "suite", ())],
            "vfio-pasid": [("vfio", "c_pasids_test", ())]})

    def test_whole_program_wins(self):
        tests = [stored.Test("vfio", "a_test"), stored.Test("vfio", "a_test", ("-t", "one"))]
        self.assertEqual(stored.tests_by_boot(tests), {"vfio": [("vfio", "a_test", ())]})


class Apply(unittest.TestCase):
    def apply(self, source):
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "obj/drivers/a.c"
            path.parent.mkdir(parents=True)
            path.write_text(source)
            problem = kernel.apply(stored.parse("01-a", TEXT), Path(place) / "obj")
            return problem, path.read_text()

    def test_applies(self):
        problem, text = self.apply("#include <a.h>\nint a;\nint b;\n")
        self.assertEqual(problem, "")
        self.assertIn('int a = mutated("01-a");', text)

    def test_does_not_apply(self):
        problem, text = self.apply("#include <a.h>\nlong a;\nint b;\n")
        self.assertIn("does not apply", problem)
        self.assertNotIn("mutated", text)

    def test_declared_after_the_includes(self):
        self.assertEqual(kernel.include_mutated('#define pr_fmt x\n#include "a.h"\nint a;\n'),
                         '#define pr_fmt x\n#include "a.h"\n#include <generated/mutated.h>\n'
                         'int a;\n')


class Verdict(unittest.TestCase):
    def test_caught(self):
        self.assertEqual(machine.verdict(1, "", ""), "")
        self.assertEqual(machine.verdict(3, "KASAN: .*free", "BUG: KASAN: use-after-free"), "")

    def test_complaint_after_a_failed_test(self):
        said = "[    2.20]     not ok 11 a_test\n[    2.21] WARNING: x\n"
        self.assertEqual(machine.verdict(3, "", said), "")
        self.assertIn("complained", machine.verdict(3, "", "    ok 1 a\nWARNING: not ok\n"))

    def test_not_caught(self):
        self.assertIn("no test", machine.verdict(0, "KASAN", "BUG: KASAN"))
        self.assertIn("complained", machine.verdict(3, "", "WARNING"))
        self.assertIn("complained", machine.verdict(3, "KASAN", "WARNING"))
        self.assertIn("went wrong", machine.verdict(4, "KASAN", "KASAN"))


class Boot(unittest.TestCase):
    def test_programs(self):
        tests = [stored.Test("vfio", "a_test", ("-t", "one")), stored.Test("vfio", "b_test")]
        self.assertEqual(machine.command(tests), "KSELFTEST_A_TEST_ARGS='-t one' "
                         "/kselftest/run_kselftest.sh -t vfio:a_test -t vfio:b_test")

    def test_one_suite_alone(self):
        self.assertEqual(machine.kernel_arguments("kunit", [stored.Test("kunit", "a")], "01-a"),
                         "mutation=01-a kunit.filter_glob=a")
        self.assertEqual(machine.kernel_arguments("vfio", [], ""), "kunit.enable=0")


if __name__ == "__main__":
    unittest.main()
