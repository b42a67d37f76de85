# SPDX-License-Identifier: GPL-2.0-only
"""readme-check: claims that are not so."""

import tempfile
import unittest
from pathlib import Path

from programs import load

readme_check = load("readme-check")

MAKEFILE = "demo: ## walk\n\tx\ncheck: ## all\n\ty\n"
TEST = ("TEST(alone)\nTEST_F(guest_stage_unmap, write)\n"
        "TEST_F_TIMEOUT(guest_stage_kill, slow, 9)\n")


class ReadmeCheck(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.write("Makefile", MAKEFILE)
        self.write("docs/other.md", "# One, two\n\n## A heading\n")
        self.write(readme_check.SELFTESTS + "/guest_stage_unmap_test.c", TEST)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def wrong(self, text):
        self.write("README.md", text)
        found = readme_check.check(self.root, self.root / "README.md")
        return {what: wrong for what, wrong in found if wrong}

    def test_all_well(self):
        self.assertEqual(self.wrong(
            "# T\n[a](docs/other.md) [b](docs/other.md#a-heading) [c](#t) [d](https://x.y/z)\n"
            "\n    make demo\n\nRun `make check`, see `docs/other.md`; `guest_stage_unmap.write`"
            " and `guest_stage_kill.slow` of `guest_stage_unmap_test`.\n"), {})

    def test_link_to_nowhere(self):
        self.assertEqual(self.wrong("[a](docs/gone.md)"), {"links resolve": ["docs/gone.md"]})

    def test_link_to_no_heading(self):
        self.assertEqual(self.wrong("[a](docs/other.md#b)"),
                         {"links resolve": ["docs/other.md#b"]})

    def test_unknown_verb(self):
        self.assertEqual(self.wrong("    make tea\n"), {"verbs are in the Makefile": ["tea"]})

    def test_verbs_are_code(self):
        self.assertEqual(self.wrong("They make sense.\n"), {})

    def test_unknown_test(self):
        self.assertEqual(self.wrong("`guest_stage_unmap.read`"),
                         {"tests are there": ["guest_stage_unmap.read"]})

    def test_unknown_file(self):
        self.assertEqual(self.wrong("`scripts/nothing`"),
                         {"files are there": ["scripts/nothing"]})

    def test_placeholder(self):
        self.assertEqual(self.wrong("TODO-REAL-OUTPUT demo\n"),
                         {"nothing is left to do": ["TODO-REAL-OUTPUT demo"]})

    def quote(self, *lines):
        return "<!-- from out/x.txt -->\n```\n" + "".join(f"{x}\n" for x in lines) + "```\n"

    def test_quoted_output(self):
        self.write("out/x.txt", "bind  5,024  0x40001000\nother\nrebind 3,360 yes\n 0:07 PASS\n")
        self.assertEqual(self.wrong(self.quote("bind  5,000  0x1000", "...", "rebind 3,344 yes",
                                               " 0:09 PASS")), {})

    def test_misquoted_output(self):
        self.write("out/x.txt", "bind  5,024\nrebind 3,360\n")
        what = "quoted output is what was printed"
        for line in ("bind 4,000", "bind 5,024 x", "unbind 5,024", "rebind 3"):
            self.assertEqual(self.wrong(self.quote(line)), {what: [f"out/x.txt: {line}"]})
        self.assertEqual(list(self.wrong(self.quote("rebind 3,360", "bind 5,024"))), [what])

    def test_small_figures(self):
        self.write("out/x.txt", "all 7 states are right\ncheck 16 of 4.0% spread\n")
        self.assertEqual(self.wrong(self.quote("all 7 states are right",
                                               "check 32 of 2.5% spread")), {})
        self.assertNotEqual(self.wrong(self.quote("all 5 states are right")), {})

    def test_nothing_was_printed_here(self):
        self.assertEqual(self.wrong(self.quote("bind 1")), {})

    def test_report_counts_failures(self):
        self.write("README.md", "[a](gone) `guest_stage_x`\n")
        said = []
        self.assertEqual(readme_check.report(self.root, said.append), 2)
        self.assertIn("# gone", said)


if __name__ == "__main__":
    unittest.main()
