# SPDX-License-Identifier: GPL-2.0-only
"""Archives, read back by cpio where there is one."""

import os
import shutil
import subprocess
import tempfile
import unittest

from vm import cpio, rootfs


class Fixture(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, data=b"x", mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)
        return path


@unittest.skipUnless(shutil.which("cpio"), "needs cpio")
class Archives(Fixture):
    def unpack(self, data):
        target = os.path.join(self.folder, "unpacked")
        os.makedirs(target)
        subprocess.run(["cpio", "-i", "--quiet", "-d"], input=data, cwd=target, check=True)
        return target

    def test_files_links_and_modes_survive(self):
        self.write("in/deep/program", b"abc", 0o755)
        self.write("in/text", b"", 0o600)
        os.symlink("text", os.path.join(self.folder, "in/link"))
        archive = cpio.Archive()
        archive.add_tree("/top", os.path.join(self.folder, "in"))
        target = os.path.join(self.unpack(archive.pack()), "top")
        with open(os.path.join(target, "deep/program"), "rb") as file:
            self.assertEqual(file.read(), b"abc")
        self.assertTrue(os.access(os.path.join(target, "deep/program"), os.X_OK))
        self.assertEqual(os.stat(os.path.join(target, "text")).st_mode & 0o777, 0o644)
        self.assertEqual(os.readlink(os.path.join(target, "link")), "text")

    def test_two_can_follow_each_other(self):
        archive = cpio.Archive()
        archive.add_data("a", b"12345")
        self.assertEqual(len(archive.pack()) % 512, 0)


class Same(Fixture):
    def test_the_same_files_give_the_same_bytes(self):
        packs = []
        for name in ("one", "two"):
            self.write(name + "/b")
            self.write(name + "/a")
            archive = cpio.Archive()
            archive.add_tree("x", os.path.join(self.folder, name))
            packs.append(archive.pack())
        self.assertEqual(*packs)


class Inputs(Fixture):
    def test_additions(self):
        path = self.write("file")
        self.assertEqual(rootfs.split_addition(path + ":/x"), (path, "/x"))

    def test_bad_additions(self):
        for text in ("", "x", "x:y", ":/x", self.folder + "/none:/x"):
            with self.subTest(text), self.assertRaises(rootfs.RootfsError):
                rootfs.split_addition(text)

    def test_no_busybox(self):
        with self.assertRaisesRegex(rootfs.RootfsError, "run scripts/fetch-busybox"):
            rootfs.base(busybox=self.folder + "/none")

    def test_busybox_of_this_machine(self):
        with self.assertRaisesRegex(rootfs.RootfsError, "no arm64 program"):
            rootfs.base(busybox=self.write("busybox", b"\x7fELF" + bytes(14) + b"\x3e\0"))

    def test_base_has_init_and_busybox(self):
        busybox = self.write("busybox", b"\x7fELF" + bytes(14) + b"\xb7\0")
        data = rootfs.base(busybox=busybox)
        for name in (b"init\0", b"bin/busybox\0", b"bin/sh\0"):
            self.assertIn(name, data)

    def test_overlay(self):
        data = rootfs.overlay("echo 'hi'", {"LAB_BIND": "no"})
        self.assertIn(b"echo 'hi'\n", data)
        self.assertIn(b"LAB_BIND=no\n", data)


if __name__ == "__main__":
    unittest.main()
