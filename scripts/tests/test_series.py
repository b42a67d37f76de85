# SPDX-License-Identifier: GPL-2.0-only
"""series: mails that git am applies to a pristine tree."""

import subprocess
import unittest

import fake
from patchqueue import form, mail

ME = ("A Person", "person@example.invalid")
DATE = "2024-05-06T07:08:09+0000"


class Series(fake.Case):
    def series(self):
        return mail.write_series(self.tree.git, self.store, self.tree.state()["base"],
                                 self.place / "out/series", ME, DATE, "The base is X.")

    def files(self):
        return sorted(p.name for p in (self.place / "out/series").iterdir())

    def read(self, name):
        return (self.place / "out/series" / name).read_text()

    def am(self):
        """Applies the series to a copy of the base; returns the copy."""
        copy = self.place / "pristine"
        self.git("worktree", "add", "-q", "--detach", str(copy), "base")
        patches = [str(p) for p in sorted((self.place / "out/series").iterdir())
                   if not p.name.startswith("0000")]
        subprocess.run(["git", "-C", str(copy), "am", "-q", *patches], check=True,
                       env={**fake.os.environ, **fake.FIXED})
        return copy

    def test_applies_and_equals_the_tree(self):
        self.two_patches()
        self.commit("x: Add files\n\nÄöü, a line.\n\n  indented --- text",
                    empty_dot_h="", latin_dot_c=b"\xe4\n", no_end_dot_c="int x;")
        self.save()
        self.assertEqual(self.series(), 3)
        self.am()
        self.assertEqual(self.git("-C", str(self.place / "pristine"), "rev-parse",
                                  "HEAD^{tree}"), self.git("rev-parse", "HEAD^{tree}"))

    def test_message_survives_the_mail(self):
        self.two_patches()
        self.series()
        self.am()
        text = self.git("-C", str(self.place / "pristine"), "log", "-1", "--format=%B%an %ae")
        self.assertEqual(text, "iommu: Change the core\n\nIt was wrong.\n\n"
                         "Signed-off-by: A Person <person@example.invalid>\n"
                         "A Person person@example.invalid\n")

    def test_names_and_cover(self):
        self.two_patches()
        self.store.write("patches/" + form.COVER, "100644", b"iommu: All of it\n\nA body.\n")
        self.series()
        self.assertEqual(self.files(), ["0000-cover-letter.patch",
                                        "0001-iommu-Add-a-binding.patch",
                                        "0002-iommu-Change-the-core.patch"])
        cover = self.read("0000-cover-letter.patch")
        self.assertIn("Subject: [PATCH 0/2] iommu: All of it\n", cover)
        self.assertIn("\nA body.\n\nThe base is X.\n", cover)
        self.assertIn("drivers/iommu/bind.c", cover)
        self.assertNotIn("***", cover)

    def test_the_cover_letter_is_no_patch(self):
        self.two_patches()
        self.store.write("patches/" + form.COVER, "100644", b"iommu: All of it\n\nA body.\n")
        self.make()
        self.save(check=True)

    def test_same_mails_twice(self):
        self.two_patches()
        self.series()
        first = {n: self.read(n) for n in self.files()}
        self.series()
        self.assertEqual(first, {n: self.read(n) for n in self.files()})

    def test_old_mails_go(self):
        self.two_patches()
        self.series()
        self.store.remove("patches/0020-iommu-change-the-core.patch")
        self.series()
        self.assertEqual(self.files(), ["0001-iommu-Add-a-binding.patch"])

    def test_no_patches(self):
        self.make()
        self.refused("has no patches", self.series)

    def test_bad_cover(self):
        self.two_patches()
        self.store.write("patches/" + form.COVER, "100644", b"only a subject\n")
        self.refused("a cover letter is", self.series)

    def test_sign_off_joins_trailers(self):
        patch = form.Patch("s", "Why.\n\nFixes: x")
        self.assertEqual(mail.signed(patch, ME), "s\n\nWhy.\n\nFixes: x\n"
                         "Signed-off-by: A Person <person@example.invalid>\n")
        patch = form.Patch("s", "")
        self.assertEqual(mail.signed(patch, ME),
                         "s\n\nSigned-off-by: A Person <person@example.invalid>\n")

    def test_identity(self):
        self.make()
        self.git("config", "user.name", ME[0])
        self.git("config", "user.email", ME[1])
        self.assertEqual(mail.identity(self.tree.git), ME)

    def test_no_identity(self):
        self.make()
        (self.place / "home").mkdir()
        for name in ("HOME", "XDG_CONFIG_HOME"):
            before = fake.os.environ.get(name)
            fake.os.environ[name] = str(self.place / "home")
            self.addCleanup(fake.os.environ.__setitem__ if before else
                            lambda k, _: fake.os.environ.pop(k), name, before)
        self.assertIsNone(mail.identity(self.tree.git))


if __name__ == "__main__":
    unittest.main()
