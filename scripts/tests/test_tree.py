# SPDX-License-Identifier: GPL-2.0-only
"""tree: composing, keeping builds incremental, losing nothing."""

import os
import unittest

import fake
from fake import CODE
from patchqueue import git as git_module


class Tree(fake.Case):
    def test_no_patches(self):
        self.make()
        self.assertEqual(self.git("rev-parse", "base"), self.git("rev-parse", "HEAD"))
        self.assertEqual((self.tree.directory / "drivers/iommu/core.c").read_text(), CODE)

    def test_one_commit_a_patch(self):
        self.two_patches()
        self.assertEqual(self.git("log", "--format=%s", "base..").splitlines(),
                         ["iommu: Change the core", "iommu: Add a binding"])
        self.assertIn("Because a guest wants it.", self.git("log", "-1", "--format=%b", "HEAD~1"))

    def test_same_commits_everywhere(self):
        self.two_patches()
        first = self.git("rev-parse", "HEAD")
        self.tree = fake.Worktree(self.place / "elsewhere/linux")
        self.make()
        self.assertEqual(self.git("rev-parse", "HEAD"), first)

    def test_another_store(self):
        self.store = fake.Store(self.place / "qemu")
        self.store.patch_dir.mkdir(parents=True)
        self.tree = fake.Worktree(self.place / "build/qemu", "qemu")
        self.two_patches()
        self.assertEqual(self.git("rev-list", "--count", "base..").strip(), "2")
        self.commit("x: Unsaved\n\nBody.", other_dot_c="int x;\n")
        self.refused("make save STORE=qemu", self.make)

    def test_nothing_changed_touches_nothing(self):
        self.two_patches()
        before = {p: p.stat().st_mtime_ns for p in self.tree.directory.glob("[a-z]*/**/*")}
        self.make()
        self.assertIn("up to date", self.said[-1])
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in before})

    def test_only_differing_files_are_touched(self):
        self.two_patches()
        names = ("drivers/iommu/core.c", "drivers/iommu/bind.c", "drivers/iommu/Makefile")
        before = [os.stat(self.tree.directory / n).st_mtime_ns for n in names]
        self.store.write("src/drivers/iommu/bind.c", "100644", b"int other;\n")
        self.make()
        after = [os.stat(self.tree.directory / n).st_mtime_ns for n in names]
        self.assertEqual([a == b for a, b in zip(before, after)], [True, False, True])
        self.assertEqual((self.tree.directory / names[1]).read_text(), "int other;\n")

    def test_removed_patch_removes_its_files(self):
        self.two_patches()
        self.store.remove("patches/0010-iommu-add-a-binding.patch")
        self.make()
        self.assertFalse((self.tree.directory / "drivers/iommu/bind.c").exists())
        self.assertEqual(self.store.unowned(), ["drivers/iommu/bind.c"])

    def test_uncommitted_edit_is_kept(self):
        self.two_patches()
        self.edit("drivers/iommu/core.c", "mine\n")
        self.refused("not committed (drivers/iommu/core.c)", self.make)
        self.assertEqual((self.tree.directory / "drivers/iommu/core.c").read_text(), "mine\n")

    def test_unsaved_commit_is_kept(self):
        self.two_patches()
        self.commit("iommu: More\n\nBecause.", more_dot_c="x")
        self.refused("not saved (1 new)", self.make)
        self.assertTrue((self.tree.directory / "more.c").exists())

    def test_other_branch_is_kept(self):
        self.two_patches()
        self.git("switch", "-q", "-c", "mine")
        self.refused("on the branch mine", self.make)
        self.git("switch", "-q", "--detach")
        self.refused("on no branch", self.make)

    def test_untracked_file_in_the_way_is_kept(self):
        self.make()
        self.edit("drivers/iommu/bind.c", "mine\n")
        self.store.write("src/drivers/iommu/bind.c", "100644", b"theirs\n")
        self.store.write("patches/0010-x.patch", "100644",
                         b"x: Do\n\n---\nnew: drivers/iommu/bind.c\n")
        self.refused("is in the way", self.make)
        self.assertEqual((self.tree.directory / "drivers/iommu/bind.c").read_text(), "mine\n")
        self.edit("drivers/iommu/bind.c", "theirs\n")
        self.make()

    def test_foreign_directory_is_kept(self):
        self.put(self.tree.directory / "x", "mine")
        self.refused("not made by make tree", self.make)

    def test_patch_that_does_not_apply_leaves_the_tree(self):
        self.two_patches()
        head = self.git("rev-parse", "HEAD")
        name = "patches/0020-iommu-change-the-core.patch"
        text = (self.store.directory / name).read_bytes()
        self.store.write(name, "100644", text.replace(b" int line29", b" int other"))
        self.refused("0020-iommu-change-the-core.patch does not apply", self.make)
        self.assertEqual(self.git("rev-parse", "HEAD"), head)
        self.assertEqual(self.git("status", "--porcelain", "-uno"), "")

    def test_patch_with_fuzz_does_not_apply(self):
        self.two_patches()
        name = "patches/0020-iommu-change-the-core.patch"
        text = (self.store.directory / name).read_bytes()
        self.store.write(name, "100644", text.replace(b" int line27", b" int other"))
        self.refused("does not apply", self.make)

    def test_new_file_that_the_base_has(self):
        self.make()
        self.store.write("src/tool.sh", "100755", b"x")
        self.store.write("patches/0010-x.patch", "100644", b"x: Do\n\n---\nnew: tool.sh\n")
        self.refused("which the base already has", self.make)

    def test_missing_new_file(self):
        self.make()
        self.store.write("patches/0010-x.patch", "100644", b"x: Do\n\n---\nnew: a.c\n")
        self.refused("is missing", self.make)

    def test_file_added_twice(self):
        self.two_patches()
        self.store.write("patches/0030-x.patch", "100644",
                         b"x: Do\n\n---\nnew: drivers/iommu/bind.c\n")
        self.refused("is added by", self.make)

    def test_badly_named_patch(self):
        self.make()
        self.store.write("patches/fix.patch", "100644", b"x")
        self.refused("not named NNNN-slug.patch", self.make)

    def test_two_patches_of_one_number(self):
        self.two_patches()
        self.store.write("patches/0010-x.patch", "100644", b"x: Do\n\n---\nnew: a.c\n")
        self.refused("two patches numbered 0010", self.make)

    def test_user_configuration_changes_nothing(self):
        self.two_patches()
        first = self.git("rev-parse", "HEAD")
        self.put(self.place / "gitconfig", "[diff]\n\tnoprefix = true\n\tcontext = 9\n"
                 "[core]\n\tautocrlf = true\n[apply]\n\twhitespace = fix\n")
        os.environ["GIT_CONFIG_GLOBAL"] = str(self.place / "gitconfig")
        self.addCleanup(os.environ.pop, "GIT_CONFIG_GLOBAL")
        self.save(check=True)
        self.store.write("src/drivers/iommu/bind.c", "100644", b"\t \r\n")
        self.make()
        self.assertEqual(git_module.Git(self.tree.directory).blob("HEAD:drivers/iommu/bind.c"),
                         b"\t \r\n")
        self.assertNotEqual(self.git("rev-parse", "HEAD"), first)


class NewBase(fake.Case):
    def shift(self):
        self.base["drivers/iommu/core.c"] = "int early;\n" * 7 + CODE
        os.environ["LINUX_TARBALL"] = self.tarball("later.tar")[0]
        self.addCleanup(os.environ.pop, "LINUX_TARBALL", None)
        self.tarball_given = os.environ["LINUX_TARBALL"]

    def make_given(self):
        fake.verbs.make_tree(self.store, self.tree,
                             lambda: (self.tarball_given, "Linux 6.12.2"), self.said.append)

    def test_shifted_lines_keep_the_store(self):
        self.two_patches()
        before = self.stored()
        self.shift()
        self.make_given()
        self.assertIn("Linux 6.12.2", self.said[-1])
        core = (self.tree.directory / "drivers/iommu/core.c").read_text()
        self.assertTrue(core.startswith("int early;"))
        self.assertIn("thirty", core)
        self.save()
        self.assertEqual(self.stored(), before)

    def test_given_again_imports_nothing(self):
        self.two_patches()
        self.shift()
        self.make_given()
        count = len([s for s in self.said if s.startswith("importing")])
        self.make_given()
        self.assertEqual(len([s for s in self.said if s.startswith("importing")]), count)

    def test_a_base_that_does_not_fit_can_be_left(self):
        self.two_patches()
        self.shift()
        self.put(self.place / "linux-6.12/drivers/iommu/core.c", "int all_new;\n")
        self.base["drivers/iommu/core.c"] = "int all_new;\n"
        self.tarball("later.tar")
        self.refused("does not apply", self.make_given)
        del os.environ["LINUX_TARBALL"]
        self.base["drivers/iommu/core.c"] = CODE
        self.make()
        self.save(check=True)


class Interrupted(fake.Case):
    """make tree stopped after any step of it, then run again."""

    def break_at(self, place, name, after):
        original = getattr(place, name)

        def broken(*args, **options):
            if after:
                original(*args, **options)
            raise KeyboardInterrupt
        setattr(place, name, broken)
        with self.assertRaises(KeyboardInterrupt):
            self.make()
        setattr(place, name, original)

    def check(self, steps, prepare):
        for name in steps:
            for after in (False, True):
                with self.subTest(step=name, after=after):
                    self.doCleanups()
                    self.setUp()
                    prepare()
                    place = fake.verbs.source if name in ("unpack", "import_base") \
                        else fake.Worktree
                    self.break_at(place, name, after)
                    self.make()
                    self.assertEqual(self.git("status", "--porcelain", "-uno"), "")
                    self.save(check=True)

    def test_first_run(self):
        self.check(("unpack", "import_base", "remember", "switch"), lambda: None)

    def test_later_run(self):
        def prepare():
            self.two_patches()
            self.store.write("src/drivers/iommu/bind.c", "100644", b"int other;\n")
        self.check(("switch", "remember"), prepare)

    def half_switch(self):
        """As if killed while files were being written."""
        self.two_patches()
        self.store.write("src/drivers/iommu/bind.c", "100644", b"int other;\n")
        self.break_at(fake.Worktree, "remember", True)
        (self.tree.directory / ".git/index.lock").touch()
        self.edit("drivers/iommu/bind.c", "int oth")

    def test_killed_while_writing(self):
        self.half_switch()
        self.assertIn("switching", self.tree.state())
        self.refused("half-way", self.save)
        self.make()
        self.assertEqual((self.tree.directory / "drivers/iommu/bind.c").read_text(),
                         "int other;\n")

    def test_killed_while_writing_keeps_a_later_edit(self):
        self.half_switch()
        self.edit("drivers/iommu/core.c", "mine\n")
        self.refused("was edited since", self.make)
        self.assertEqual((self.tree.directory / "drivers/iommu/core.c").read_text(), "mine\n")


if __name__ == "__main__":
    unittest.main()
