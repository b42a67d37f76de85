# SPDX-License-Identifier: GPL-2.0-only
"""save: the round trip, and everything that it refuses."""

import unittest

import fake
from fake import CODE


class RoundTrip(fake.Case):
    def test_stored_form(self):
        self.two_patches()
        self.assertEqual(sorted(self.stored()), [
            "patches/0010-iommu-add-a-binding.patch",
            "patches/0020-iommu-change-the-core.patch", "src/drivers/iommu/bind.c"])
        self.assertEqual(
            self.stored()["patches/0010-iommu-add-a-binding.patch"][0].decode(),
            "iommu: Add a binding\n\nBecause a guest wants it.\n---\n"
            "new: drivers/iommu/bind.c\n"
            "diff --git a/drivers/iommu/Makefile b/drivers/iommu/Makefile\n"
            "--- a/drivers/iommu/Makefile\n+++ b/drivers/iommu/Makefile\n"
            "@@ -1 +1,2 @@\n obj-y += core.o\n+obj-y += bind.o\n")

    def test_identity(self):
        self.two_patches()
        before = self.stored()
        self.make()
        self.save(check=True)
        self.save()
        self.assertEqual(self.stored(), before)

    def test_awkward_files(self):
        self.make()
        self.edit("run.sh", "#!/bin/sh\n")
        (self.tree.directory / "run.sh").chmod(0o755)
        self.git("add", "-f", "run.sh")
        self.commit("x: Add\n\nÄöü.", empty_dot_h="", no_end_dot_c="int x;",
                    latin_dot_c=b"\xe4\xff\n", crlf_dot_txt=b"a\r\nb\n",
                    drivers__iommu__core_dot_c=CODE + "int last;")
        self.save()
        before = self.stored()
        self.assertEqual(before["src/run.sh"], (b"#!/bin/sh\n", True))
        self.assertEqual(before["src/empty.h"], (b"", False))
        head = self.git("rev-parse", "HEAD^{tree}")
        self.make()
        self.assertEqual(self.git("rev-parse", "HEAD^{tree}"), head)
        self.save(check=True)
        self.assertEqual(self.stored(), before)

    def test_amended_message_and_file(self):
        self.two_patches()
        self.git("reset", "-q", "--hard", "HEAD~1")
        self.edit("drivers/iommu/bind.c", "int better;\n")
        self.git("commit", "-qa", "--amend", "-m", "iommu: Add a better binding\n\nWhy.")
        self.save()
        self.assertEqual(sorted(self.stored()), [
            "patches/0010-iommu-add-a-better-binding.patch", "src/drivers/iommu/bind.c"])
        self.assertEqual(self.stored()["src/drivers/iommu/bind.c"][0], b"int better;\n")

    def test_sign_off_is_not_stored(self):
        self.make()
        self.commit("x: Add\n\nWhy.\n\nSigned-off-by: A <a@b>", a_dot_c="x")
        self.save()
        self.assertNotIn(b"Signed-off-by", self.stored()["patches/0010-x-add.patch"][0])

    def test_check_writes_nothing(self):
        self.make()
        self.commit("x: Add\n\nWhy.", a_dot_c="x")
        self.refused("saving would change patches/0010-x-add.patch, src/a.c",
                     self.save, check=True)
        self.assertEqual(self.stored(), {})

    def test_inserted_patch_renumbers_no_other(self):
        self.two_patches()
        self.git("reset", "-q", "--hard", "HEAD~1")
        self.commit("x: Between\n\nWhy.", a_dot_c="x")
        self.git("cherry-pick", "guest-stage@{2}")
        self.save()
        self.assertEqual([n for n in sorted(self.stored()) if n.startswith("patches")], [
            "patches/0010-iommu-add-a-binding.patch", "patches/0015-x-between.patch",
            "patches/0020-iommu-change-the-core.patch"])


class BothSides(fake.Case):
    def test_same_file_is_refused(self):
        self.two_patches()
        self.commit("fold", drivers__iommu__bind_dot_c="int tree;\n")
        self.git("reset", "-q", "--soft", "HEAD~3")
        self.commit("iommu: Add a binding\n\nBecause a guest wants it.")
        self.store.write("src/drivers/iommu/bind.c", "100644", b"int store;\n")
        before = self.stored()
        self.refused("was changed, and so was what the tree has", self.save)
        self.assertEqual(self.stored(), before)

    def test_same_change_is_no_conflict(self):
        self.make()
        self.commit("x: Add\n\nWhy.", a_dot_c="x")
        self.store.write("src/a.c", "100644", b"x")
        self.save()

    def test_unnamed_file_of_other_content_is_refused(self):
        self.make()
        self.commit("x: Add\n\nWhy.", a_dot_c="x")
        self.store.write("src/a.c", "100644", b"other")
        self.refused("src/a.c was changed", self.save)
        self.assertEqual(self.stored()["src/a.c"][0], b"other")

    def test_different_files_merge(self):
        self.two_patches()
        self.commit("x: Add\n\nWhy.", a_dot_c="x")
        self.store.write("src/drivers/iommu/bind.c", "100644", b"int store;\n")
        self.save()
        self.assertTrue(any("run make tree" in s for s in self.said))
        self.make()
        self.assertEqual((self.tree.directory / "drivers/iommu/bind.c").read_text(),
                         "int store;\n")
        self.assertEqual((self.tree.directory / "a.c").read_text(), "x")
        self.save(check=True)

    def test_store_only_is_not_overwritten(self):
        self.two_patches()
        self.store.write("src/drivers/iommu/bind.c", "100644", b"int store;\n")
        self.save()
        self.assertEqual(self.stored()["src/drivers/iommu/bind.c"][0], b"int store;\n")


class Refusals(fake.Case):
    def setUp(self):
        super().setUp()
        self.two_patches()
        self.before = self.stored()

    def save_refused(self, words):
        self.refused(words, self.save)
        self.assertEqual(self.stored(), self.before)

    def test_no_tree(self):
        self.tree = fake.Worktree(self.place / "nowhere")
        self.save_refused("run make tree first")

    def test_uncommitted(self):
        self.edit("drivers/iommu/core.c", "x")
        self.save_refused("not committed (drivers/iommu/core.c)")

    def test_forgotten_new_file(self):
        self.edit("drivers/iommu/new.c", "x")
        self.save_refused("drivers/iommu/new.c is in no commit")

    def test_build_products_are_no_new_files(self):
        for path in ("a.o", "usr/include/linux/x.h", "include/generated/x.h", "x.mod.c"):
            self.edit(path, "x")
        self.save()

    def test_fixup(self):
        for word in ("fixup", "squash", "amend"):
            self.commit(f"{word}! iommu: Change the core", a_dot_c=word)
            self.save_refused("still to be folded in")
            self.git("reset", "-q", "--hard", "HEAD~1")

    def test_edit_of_an_added_file(self):
        self.commit("x: Do\n\nWhy.", drivers__iommu__bind_dot_c="int more;\n")
        self.save_refused("edits drivers/iommu/bind.c, which commit")

    def test_deletion(self):
        self.git("rm", "-q", "drivers/iommu/Makefile")
        self.commit("x: Do\n\nWhy.")
        self.save_refused("deletes or renames drivers/iommu/Makefile")

    def test_rename(self):
        self.git("mv", "drivers/iommu/core.c", "drivers/iommu/kernel.c")
        self.commit("x: Do\n\nWhy.")
        self.save_refused("deletes or renames drivers/iommu/core.c")

    def test_mode(self):
        (self.tree.directory / "drivers/iommu/core.c").chmod(0o755)
        self.git("commit", "-qam", "x: Do\n\nWhy.")
        self.save_refused("changes the mode of drivers/iommu/core.c")

    def test_symbolic_link(self):
        (self.tree.directory / "link").symlink_to("Makefile")
        self.git("add", "-f", "link")
        self.commit("x: Do\n\nWhy.")
        self.save_refused("link is a symbolic link")

    def test_binary_edit(self):
        self.commit("x: Do\n\nWhy.", drivers__iommu__core_dot_c=b"\0\1\2")
        self.save_refused("edits a binary file")

    def test_merge(self):
        self.git("switch", "-q", "-c", "side", "HEAD~1")
        self.commit("x: Do\n\nWhy.", a_dot_c="x")
        self.git("switch", "-q", "guest-stage")
        self.git("merge", "-q", "--no-ff", "-m", "x: Merge\n\nWhy.", "side")
        self.save_refused("is a merge")

    def test_message_lines(self):
        for line in ("--- x", "diff x"):
            self.commit(f"x: Do\n\nWhy.\n{line}", a_dot_c=line)
            self.save_refused("of the message starts with")
            self.git("reset", "-q", "--hard", "HEAD~1")

    def test_empty_commit(self):
        self.commit("x: Do\n\nWhy.")
        self.save_refused("changes no file")

    def test_same_subject_twice(self):
        self.commit("iommu: Change the core\n\nWhy.", a_dot_c="x")
        self.save_refused("two commits have the subject")

    def test_zero_commits(self):
        self.git("reset", "-q", "--hard", "base")
        self.save_refused("never emptied")

    def test_other_history(self):
        self.git("checkout", "-q", "--orphan", "new")
        self.commit("x: Do\n\nWhy.", a_dot_c="x")
        self.git("branch", "-qM", "new", "guest-stage")
        self.save_refused("no longer starts at the tag base")

    def test_rebase_under_way(self):
        self.git("checkout", "-q", "--detach", "HEAD~1")
        self.save_refused("on no branch")


if __name__ == "__main__":
    unittest.main()
