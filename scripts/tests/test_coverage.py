# SPDX-License-Identifier: GPL-2.0-only
"""coverage: what is counted, by the host's own compiler, and what needs a reason."""

import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import programs                                  # noqa: E402
from lines import measure, reasons               # noqa: E402

coverage = programs.load("coverage")

BASE = """\
int old(int a)
{
	return a + 1;
}
"""
SERIES = """
int new(int a)
{
	if (a)
		return a;
	a = 2;
	return a;
}
"""
MAIN = "int new(int); int old(int); int main(int c, char **v) { return new(c) + old(c) - 3; }\n"


class Counts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, measure, "GCOV", measure.GCOV)
        measure.GCOV = "gcov"
        self.root = Path(folder.name).resolve()
        self.tree, self.obj, self.out = (self.root / name for name in ("tree", "obj", "out"))
        for directory in (self.tree / "drivers", self.obj / "drivers", self.out):
            directory.mkdir(parents=True)
        (self.tree / "drivers/a.c").write_text(BASE)
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=a", "-c", "user.email=a", "commit", "-q", "-m", "a")
        self.git("tag", "base")
        (self.tree / "drivers/a.c").write_text(BASE + SERIES)

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.tree, check=True)

    def build(self):
        (self.obj / "main.c").write_text(MAIN)
        for line in (["-c", "--coverage", "-o", "drivers/a.o", self.tree / "drivers/a.c"],
                     ["-o", "main", "main.c", "drivers/a.o", "--coverage"]):
            subprocess.run(["gcc", *line], cwd=self.obj, check=True)

    def boot(self):
        subprocess.run([self.obj / "main"], check=True)
        with tarfile.open(self.out / measure.ARCHIVE, "w") as tar:
            tar.add(self.obj / "drivers/a.gcda")

    def measure(self, *folders):
        return measure.measure(folders or [self.out], self.tree, self.obj)

    def test_only_what_the_series_adds(self):
        self.build()
        self.boot()
        lines, unknown = self.measure(self.out, self.out)
        self.assertEqual(unknown, [])
        self.assertEqual([(line.text, line.count) for line in lines if line.text != "}"],
                         [("int new(int a)", 2), ("if (a)", 2), ("return a;", 2),
                          ("a = 2;", 0), ("return a;", 0)])
        self.assertEqual({(line.file, line.function) for line in lines},
                         {("drivers/a.c", "new")})

    def test_a_file_that_does_not_count(self):
        self.build()
        self.boot()
        (self.tree / "drivers/b.c").write_text("int b;\n")
        (self.tree / "drivers/a-test.c").write_text("int t;\n")
        self.git("add", ".")
        self.assertEqual(self.measure()[1], ["drivers/b.c"])

    def test_another_build(self):
        self.build()
        self.boot()
        (self.tree / "drivers/a.c").write_text(BASE + SERIES.replace("if (a)", "if (a > 3 && a)"))
        self.build()
        with self.assertRaisesRegex(measure.Unusable, "built anew"):
            self.measure()

    def test_no_counts(self):
        for data in (None, b"", b"no archive"):
            if data is not None:
                (self.out / measure.ARCHIVE).write_bytes(data)
            with self.subTest(data), self.assertRaisesRegex(measure.Unusable, "coverage.tar"):
                self.measure()

    def test_counts_of_another_checkout(self):
        self.build()
        self.boot()
        self.obj = self.root / "other"
        with self.assertRaises(measure.Unusable):
            self.measure()


def line(number, function, text, count=0, file="drivers/vfio/a.c"):
    return measure.Line(file, number, function, text, count)


class Reasons(unittest.TestCase):
    def test_form(self):
        places = reasons.parse("# words\n\nno memory\n\ta.c f.* -ENOMEM x\n\t? b.c g\n")
        self.assertEqual([(p.reason, p.file, p.function, p.text, p.rare) for p in places],
                         [("no memory", "a.c", "f.*", "-ENOMEM x", False),
                          ("no memory", "b.c", "g", "", True)])
        for text in ("\ta.c f\n", "why\n\ta.c\n"):
            with self.subTest(text), self.assertRaises(measure.Unusable):
                reasons.parse(text)

    def explain(self, places, *lines):
        explained, idle = reasons.explain(lines, reasons.parse(places))
        return [reason for _, reason in explained], [place.words for place in idle]

    def test_what_fits(self):
        missed = line(3, "find", "return -ENOMEM;")
        for place in ("a.c find", "vfio/a.c fi.*", "a.c find ENOMEM"):
            with self.subTest(place):
                self.assertEqual(self.explain(f"why\n\t{place}\n", missed), (["why"], []))
        for place in ("ba.c find", "c find", "a.c fin", "a.c find EINVAL"):
            with self.subTest(place):
                self.assertEqual(self.explain(f"why\n\t{place}\n", missed), ([""], [place]))

    def test_rare(self):
        self.assertEqual(self.explain("why\n\t? a.c find\n"), ([], []))

    def test_files_that_are_not_built(self):
        places = reasons.parse("why\n\tacpi/b.c .*\n\ta.c find\n")
        unknown, left = reasons.not_built(["drivers/acpi/b.c", "drivers/c.c"], places)
        self.assertEqual(unknown, ["drivers/c.c"])
        self.assertEqual([place.words for place in left], ["a.c find"])


class Reports(unittest.TestCase):
    LINES = [line(1, "f", "a;", 2), line(3, "f", "b;"), line(4, "f", "c;"), line(5, "g", "d;"),
             line(6, "g", "e;", 1)]

    def report(self, places, unknown=()):
        return coverage.report(self.LINES, unknown, reasons.parse(places))

    def test_all_have_a_reason(self):
        text, tap, failures = self.report("why\n\ta.c [fg]\n")
        self.assertEqual(failures, 0)
        self.assertIn("ok 1 drivers/vfio/a.c\nok 2 linux/coverage\n", tap)
        self.assertRegex(text, r"drivers/vfio/a.c +5 +2 +40.0\nall +5 +2 +40.0\n")
        self.assertIn("Not reached, why:\n  drivers/vfio/a.c:3-4 in f\n      b;\n      c;\n"
                      "  drivers/vfio/a.c:5 in g\n      d;\n", text)

    def test_a_line_without_a_reason(self):
        text, tap, failures = self.report("why\n\ta.c g\n")
        self.assertEqual(failures, 1)
        self.assertIn("not ok 1 drivers/vfio/a.c: 3-4 not reached, without a reason: b;", tap)
        self.assertIn("Not reached, without a reason:\n  drivers/vfio/a.c:3-4 in f\n", text)

    def test_a_reason_without_a_line(self):
        _, tap, failures = self.report("why\n\ta.c [fg]\n\ta.c h\n")
        self.assertEqual(failures, 1)
        self.assertIn("not ok 2 linux/coverage: nothing is left at: a.c h", tap)

    def test_a_file_that_does_not_count(self):
        _, tap, failures = self.report("why\n\ta.c [fg]\n", ["drivers/b.c"])
        self.assertEqual(failures, 1)
        self.assertIn("not ok 1 drivers/b.c: it is not in the debug kernel", tap)


if __name__ == "__main__":
    unittest.main()
