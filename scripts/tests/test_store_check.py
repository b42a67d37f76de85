# SPDX-License-Identifier: GPL-2.0-only
"""store-check: files that git forgot, files that nobody adds."""

import unittest

import fake
from patchqueue import form
from programs import load

check_store = load("store-check").check_store


class StoreCheck(fake.Case):
    def setUp(self):
        super().setUp()
        self.two_patches()
        self.store.write("patches/" + form.COVER, "100644", b"s: All\n\nBody.\n")

    def wrong(self, *lost):
        kept = {"linux/" + p for p in self.stored()} - {"linux/" + p for p in lost}
        return {name: why for name, why in check_store(self.store, kept, self.place) if why}

    def test_all_well(self):
        self.assertEqual(self.wrong(), {})

    def test_forgotten_file(self):
        self.assertEqual(self.wrong("src/drivers/iommu/bind.c"), {
            "0010-iommu-add-a-binding.patch and its files are in git":
            "src/drivers/iommu/bind.c"})

    def test_forgotten_patch(self):
        self.assertEqual(list(self.wrong("patches/0020-iommu-change-the-core.patch").values()),
                         ["patches/0020-iommu-change-the-core.patch"])

    def test_outside_git_nothing_is_forgotten(self):
        results = check_store(self.store, None, self.place)
        self.assertEqual([why for _, why in results if why], [])

    def test_file_of_nobody(self):
        self.store.write("src/stray.c", "100644", b"x")
        self.assertEqual(list(self.wrong().values()), ["stray.c"])

    def test_other_name_than_the_subject(self):
        old = self.store.patch_dir / "0020-iommu-change-the-core.patch"
        old.rename(self.store.patch_dir / "0020-other.patch")
        self.assertIn("it would be 0020-iommu-change-the-core.patch", self.wrong().values())

    def test_missing_cover_letter(self):
        self.store.remove("patches/" + form.COVER)
        self.assertIn("there is a series with a cover letter", self.wrong())

    def test_missing_new_file(self):
        self.store.remove("src/drivers/iommu/bind.c")
        self.refused("is missing", self.wrong)


if __name__ == "__main__":
    unittest.main()
