# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's command line, and what cannot be asked of it."""

import os
import shlex
import stat
import tempfile
import unittest

from vm import machine, runner


def command(**options):
    return machine.command("qemu", machine.Options("Image", **options))


class Commands(unittest.TestCase):
    def test_edus_sit_in_slots_from_two(self):
        edus = [word for word in command(edus=3) if word.startswith("edu,")]
        self.assertEqual([word.split(",")[2] for word in edus],
                         ["addr=0x2", "addr=0x3", "addr=0x4"])

    def test_beside_controllers_each_has_a_port(self):
        words = command(edus=2, nvmes=1)
        self.assertIn("edu,bus=slot3,dma_mask=0xffffffffffffffff", words)
        self.assertIn("pcie-root-port,id=slot3,bus=pcie.0,addr=0x3,chassis=3,slot=3", words)
        self.assertEqual(sum(word.startswith("pcie-root-port,") for word in words), 3)

    def test_each_nvme_has_a_port_and_a_medium(self):
        words = command(nvmes=2, edus=0)
        nvmes = [word for word in words if word.startswith("nvme,")]
        self.assertEqual([word.split(",")[2] for word in nvmes], ["bus=port0", "bus=port1"])
        self.assertEqual([word.split(",")[4] for word in nvmes],
                         ["drive=medium0", "drive=medium1"])
        self.assertEqual(sum(word.startswith("pcie-root-port,") for word in words), 2)
        self.assertFalse([word for word in command() if word.startswith("pcie-root-port,")])

    def test_ports_isolate(self):
        def append(words):
            return words[words.index("-append") + 1]
        self.assertIn(machine.ISOLATE_PORTS, append(command(nvmes=1)))
        self.assertNotIn(machine.ISOLATE_PORTS, append(command()))

    def test_icount(self):
        self.assertIn("shift=0,sleep=off", command(icount=0, smp=1))
        self.assertIn("shift=4,sleep=off", command(icount=4, smp=1))
        self.assertNotIn("-icount", command())

    def test_append_comes_last(self):
        words = command(append="panic_on_warn=0")
        self.assertTrue(words[words.index("-append") + 1].endswith(" panic_on_warn=0"))

    def test_devices_and_trace(self):
        words = command(devices=["nvme,serial=1"], patterns=["smmu_ptw_*"])
        self.assertIn("nvme,serial=1", words)
        self.assertEqual(words[-2:], ["-trace", "smmu_ptw_*"])

    def test_can_be_pasted(self):
        line = machine.pasteable("/a b", ["qemu", "x 'y'"])
        self.assertEqual(shlex.split(line[1:-1]), ["cd", "/a b", "&&", "qemu", "x 'y'"])


class Disks(unittest.TestCase):
    def test_each_sector_says_its_number(self):
        image = machine.disk_image()
        self.assertEqual(len(image), 512 * machine.DISK_SECTORS)
        self.assertTrue(image[512 * 200:].startswith(b"guest-stage sector 000200\n..."))


class Refusals(unittest.TestCase):
    def test_each_with_a_sentence(self):
        for options, words in (({"icount": 0, "smp": 2}, "--icount needs --smp 1"),
                               ({"icount": 11, "smp": 1}, "--icount takes"),
                               ({"edus": 25}, "--edus"), ({"edus": -1}, "--edus"),
                               ({"nvmes": 5}, "--nvmes"),
                               ({"smp": 0}, "--smp"), ({"smp": 5}, "--smp"),
                               ({"memory": 64}, "--memory")):
            with self.subTest(words), self.assertRaisesRegex(machine.MachineError, words):
                machine.check(machine.Options("Image", **options))


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def qemu(self, version):
        path = os.path.join(self.folder, "qemu")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\necho '{version}'\n")
        os.chmod(path, stat.S_IRWXU)
        return path

    def test_new_enough(self):
        path = self.qemu("QEMU emulator version 10.0.2 (Debian)")
        self.assertEqual(machine.find_program(path), path)

    def test_too_old(self):
        with self.assertRaisesRegex(machine.MachineError, "version 7.2.*from 9.2"):
            machine.find_program(self.qemu("QEMU emulator version 7.2.1"))

    def test_none(self):
        with self.assertRaisesRegex(machine.MachineError, "run make setup"):
            machine.find_program("no-such-qemu")
        with self.assertRaisesRegex(machine.MachineError, "there is no .*/none$"):
            machine.find_program(self.folder + "/none")


class Folders(Programs):
    def test_old_results_are_gone(self):
        old = os.path.join(self.folder, machine.VERDICT)
        with open(old, "w", encoding="ascii") as file:
            file.write("done 0\n")
        runner.prepare(self.folder, b"", ["qemu"])
        self.assertFalse(os.path.exists(old))

    def test_the_command_is_kept(self):
        runner.prepare(self.folder, b"", ["qemu", "-x"])
        path = os.path.join(self.folder, machine.COMMAND)
        with open(path, encoding="ascii") as file:
            self.assertIn("qemu -x", file.read())
        self.assertTrue(os.access(path, os.X_OK))

    def test_one_run_at_a_time(self):
        with runner.locked(self.folder):
            with self.assertRaisesRegex(runner.RunError, "another run uses"):
                with runner.locked(self.folder):
                    self.fail("two runs in one folder")
        with runner.locked(self.folder):
            pass

    def test_a_refusal_is_told(self):
        program = ["sh", "-c", "echo first >&2; echo no such option >&2; exit 1"]
        with self.assertRaisesRegex(runner.RunError, "no such option\nlab: .*qemu.log"):
            with runner.Machine(self.folder, program, 16):
                self.fail("it runs")

    def test_following_gives_whole_lines(self):
        path = os.path.join(self.folder, "log")
        got = []
        follower = runner.Follower(path, got.append)
        follower.poll()
        with open(path, "w", encoding="ascii") as file:
            for piece in ("one\ntw", "o\nthr"):
                file.write(piece)
                file.flush()
                follower.poll()
        follower.poll(last=True)
        self.assertEqual(got, ["one\n", "two\n", "thr"])


if __name__ == "__main__":
    unittest.main()
