# SPDX-License-Identifier: GPL-2.0-only
"""mutate: the stored form, what is applied, what shares a boot, what counts as caught."""

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

    def mutation(self, name, kind, test, splat=""):
        return stored.Mutation(name, "", stored.Test(kind, test), splat, "")

    def test_boots(self):
        mutations = [self.mutation("1", "vfio", "a_test"), self.mutation("2", "kunit", "suite"),
                     self.mutation("3", "vfio", "a_race_test"),
                     self.mutation("4", "vfio", "b_test", "KASAN"),
                     self.mutation("5", "vfio", "b_test"), self.mutation("6", "vfio", "b_test"),
                     self.mutation("7", "vfio", "c_pasids_test")]
        self.assertEqual([[m.name for m in group] for group in stored.boots(mutations, 2)],
                         [["1", "5"], ["6"], ["3"], ["7"], ["2"], ["4"]])

    def test_suites(self):
        mutations = [self.mutation("1", "kunit", "smmu-one"), self.mutation("2", "vfio", "x")]
        self.assertEqual(stored.suites_of(mutations), "smmu-one")
        self.assertEqual(stored.suites_of(mutations + [self.mutation("3", "kunit", "smmu-two")]),
                         "smmu-*")
        self.assertEqual(stored.suites_of(mutations[1:]), "")


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
        source = '#define pr_fmt x\n#include "a.h"\nint a;\n'
        self.assertEqual(kernel.include_mutated(source, False),
                         '#define pr_fmt x\n#include "a.h"\n#include <generated/mutated.h>\n'
                         'int a;\n')
        self.assertIn("#define DEFINE_MUTATION\n#include <generated/mutated.h>\n",
                      kernel.include_mutated(source, True))


def step(number, name, said, end="== end\n"):
    return f"== step {number} {name}\n{said}\n{end}"


GOOD = "ok 1 selftests: vfio: a_test"
BAD = "not ok 1 selftests: vfio: a_test # exit=1"
MUTATION = stored.Mutation("01-a", "", stored.Test("vfio", "a_test"), "", "")


class Settle(unittest.TestCase):
    def problem(self, *parts, status=0, console="", splat=""):
        return machine.settle_step(MUTATION._replace(splat=splat), 0,
                                   machine.steps_of("".join(parts)), status, console)

    def test_caught(self):
        self.assertEqual(self.problem(step(0, "none", GOOD), step(0, "01-a", BAD)), "")

    def test_not_noticed(self):
        self.assertIn("no test noticed", self.problem(step(0, "none", GOOD),
                                                      step(0, "01-a", GOOD)))

    def test_has_to_pass_without_it(self):
        for clean in (BAD, "", GOOD + " # SKIP no device", "# not ok 2 part\n" + GOOD):
            self.assertIn("does not pass on the kernel without it",
                          self.problem(step(0, "none", clean), step(0, "01-a", BAD)))
        self.assertIn("without it", self.problem(step(0, "none", GOOD, ""), status=3))
        self.assertIn("without it", self.problem(step(1, "none", GOOD), step(1, "01-a", BAD)))
        self.assertIn("without it", self.problem(step(0, "01-a", BAD)))

    def test_complaint(self):
        parts = step(0, "none", GOOD), step(0, "01-a", "TAP version 13", "")
        crash = "BUG: KASAN: use-after-free"
        self.assertEqual(self.problem(*parts, status=3, console=crash, splat="KASAN: .*free"), "")
        self.assertIn("complained", self.problem(*parts, status=3, console=crash))
        self.assertIn("went wrong", self.problem(*parts, status=4, console=crash, splat="KASAN"))

    def test_complaint_after_a_failed_test(self):
        self.assertEqual(self.problem(step(0, "none", GOOD), step(0, "01-a", "# " + BAD, ""),
                                      status=3, console="WARNING"), "")

    def test_suites(self):
        verdict = machine.verdict_of_suite
        self.assertEqual(verdict(1, "", ""), "")
        self.assertEqual(verdict(3, "", "[    2.20]     not ok 11 a\n[    2.21] WARNING: x\n"), "")
        self.assertIn("complained", verdict(3, "", "    ok 1 a\nWARNING: not ok\n"))
        self.assertIn("no test", verdict(0, "KASAN", "BUG: KASAN"))
        self.assertIn("went wrong", verdict(4, "KASAN", "KASAN"))


class Boot(unittest.TestCase):
    """The machine with a lab/run of its own, which says what it is told."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = Path(place.name)
        (self.root / "lab").mkdir()
        self.calls = self.root / "calls"

    def settle(self, mutations, *outputs):
        """Boots that print @outputs, one after the other; {name: problem}."""
        for number, output in enumerate(outputs):
            (self.root / f"{number}.out").write_text(output)
        run = self.root / "lab/run"
        run.write_text("#!/bin/bash\n"
                       f"cd {self.root}; echo x >>calls; number=$(($(wc -l <calls) - 1))\n"
                       "while [ $1 != --out ]; do shift; done\n"
                       "cp $number.out $2/output.log\n")
        run.chmod(0o755)
        return {m.name: problem for m, problem in machine.Machine(self.root).settle(mutations)}

    def test_alone_if_a_shared_boot_does_not_show_it(self):
        other = MUTATION._replace(name="02-b")
        found = self.settle(
            [MUTATION, other],
            step(0, "none", GOOD) + step(0, "01-a", BAD) + step(1, "none", BAD),
            step(0, "none", GOOD) + step(0, "02-b", BAD))
        self.assertEqual(found, {"01-a": "", "02-b": ""})
        self.assertEqual(len(self.calls.read_text().split()), 2)

    def test_alone_is_final(self):
        found = self.settle([MUTATION], step(0, "none", GOOD) + step(0, "01-a", GOOD))
        self.assertRegex(found["01-a"], "no test noticed it\nlog: .*/01-a/run.log")

    def test_program(self):
        self.assertEqual(machine.run_program(stored.Test("vfio", "a_test", ("-t", "one"))),
                         "env 'KSELFTEST_A_TEST_ARGS=-t one' "
                         "/kselftest/run_kselftest.sh -t vfio:a_test")

    def test_script(self):
        self.assertTrue(machine.script([MUTATION]).endswith(
            "step 0 none /kselftest/run_kselftest.sh -t vfio:a_test\n"
            "step 0 01-a /kselftest/run_kselftest.sh -t vfio:a_test\n"))

    def test_one_suite_alone(self):
        words = machine.suite_options("a", "01-a", "out")
        self.assertIn("mutation=01-a kunit.filter_glob=a", words)


if __name__ == "__main__":
    unittest.main()
