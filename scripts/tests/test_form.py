# SPDX-License-Identifier: GPL-2.0-only
"""The stored form and the numbers of patches."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from patchqueue import form                      # noqa: E402
from patchqueue.errors import Refused            # noqa: E402

DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@ f\n-a\n+b\n"


class Form(unittest.TestCase):
    def refused(self, words, text):
        with self.assertRaises(Refused) as caught:
            form.parse(text, "0010-x.patch")
        self.assertIn(words, str(caught.exception))

    def test_round_trip(self):
        for body in ("", "One.\n\nTwo."):
            for new in ([], ["a/b.c", "a/c.h"]):
                for edits in ("", DIFF):
                    if not new and not edits:
                        continue
                    patch = form.Patch("s: Do", body, new, edits)
                    self.assertEqual(form.parse(form.render(patch), "x"), patch)

    def test_text_is_as_documented(self):
        patch = form.Patch("s: Do", "Why.", ["a.c"], DIFF)
        self.assertEqual(form.render(patch), "s: Do\n\nWhy.\n---\nnew: a.c\n" + DIFF)

    def test_malformed_is_refused(self):
        self.refused("line --- after", "s\n\nbody\n" + DIFF[:10])
        self.refused("blank line", "s\nbody\n---\nnew: a\n")
        self.refused("neither adds nor edits", "s\n\nbody\n---\n")
        self.refused("not sorted", "s\n\nb\n---\nnew: b\nnew: a\n")
        self.refused("not sorted", "s\n\nb\n---\nnew: a\nnew: a\n")
        self.refused("only \"new: PATH\" lines", "s\n\nb\n---\nnew: a\njunk\n")
        for path in ("/etc/passwd", "../x", "a/../../x", "a "):
            self.refused("not a path inside", f"s\n\nb\n---\nnew: {path}\n")

    def test_message_that_a_mail_would_not_carry(self):
        self.refused("starts with \"diff \"", "s\n\ndiff x\n---\nnew: a\n")
        self.refused("starts with \"---\"", "s\n\nx\n--- x\ny\n---\nnew: a\n")
        self.refused("starts with \"Index: \"", "s\n\nx\nIndex: y\n---\nnew: a\n")
        self.refused("mail header", "s\n\nFrom: y\n---\nnew: a\n")
        self.refused("[bracket]", "[v2] s\n\nb\n---\nnew: a\n")
        self.refused("a letter or a digit", "...\n\nb\n---\nnew: a\n")

    def test_sign_off_is_dropped(self):
        self.assertEqual(form.split_message("s\n\nb\n\nFixes: x\nSigned-off-by: A <a@b>\n"),
                         ("s", "b\n\nFixes: x"))
        self.assertEqual(form.split_message("s\n\nSigned-off-by: A <a@b>\n"), ("s", ""))

    def test_only_places_of_hunks_are_ignored(self):
        moved = DIFF.replace("-1 +1", "-9,2 +9,2")
        self.assertEqual(form.without_places(DIFF), form.without_places(moved))
        self.assertNotEqual(form.without_places(DIFF),
                            form.without_places(DIFF.replace("+b", "+c")))


class Numbers(unittest.TestCase):
    def check(self, subjects, stored, wanted):
        self.assertEqual(form.choose_numbers(list(subjects), stored), wanted)

    def test_tens(self):
        self.check("abc", {}, [10, 20, 30])

    def test_kept(self):
        self.check("abc", {"a": 10, "b": 15, "c": 40}, [10, 15, 40])

    def test_appended_in_tens(self):
        self.check("abcd", {"a": 10, "b": 25}, [10, 25, 30, 40])

    def test_between(self):
        self.check("axb", {"a": 10, "b": 20}, [10, 15, 20])
        self.check("axyb", {"a": 10, "b": 20}, [10, 13, 16, 20])
        self.check("xa", {"a": 10}, [5, 10])

    def test_no_room_renumbers(self):
        self.check("axb", {"a": 10, "b": 11}, [10, 20, 30])

    def test_renamed_takes_the_place(self):
        self.check("axc", {"a": 10, "b": 20, "c": 30}, [10, 20, 30])

    def test_moved(self):
        self.check("bca", {"a": 10, "b": 20, "c": 30}, [20, 30, 40])

    def test_dropped(self):
        self.check("ac", {"a": 10, "b": 20, "c": 30}, [10, 30])

    def test_nothing(self):
        self.check("", {"a": 10}, [])


if __name__ == "__main__":
    unittest.main()
