# SPDX-License-Identifier: GPL-2.0-only
"""Requests and their answers, straight and over a socket."""

import io
import os
import socket
import struct
import tempfile
import unittest
from unittest import mock

from vm import machine, oracle
from vm.qmp import QmpError
from vm.trace import TraceFile


class FakeMemory:
    """A linear table of 32 entries at its RAM's start; SID 1 has an entry."""

    def register(self, address, _size):
        return {0x09050080: 0x40000000, 0x09050088: 5}[address]

    def read(self, address, length):
        if address < 0x40000000:
            raise QmpError(f"{address:#x} is not RAM")
        data = bytes(64) + struct.pack("<8Q", 0xb, *range(7)) + bytes(30 * 64)
        return data[address - 0x40000000:][:length]


class Fixture(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "trace.log")
        self.append("smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC\n")
        self.oracle = oracle.Oracle(TraceFile(self.path), FakeMemory())

    def append(self, text):
        with open(self.path, "a", encoding="ascii") as file:
            file.write(text)

    def ask(self, request):
        return self.oracle.answer(request)


class Answers(Fixture):
    def test_commands_since_the_mark(self):
        self.assertEqual(self.ask("cmds"), "SYNC")
        self.assertEqual(self.ask("mark start"), "ok")
        self.assertEqual(self.ask("cmds"), "-")
        self.append("smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_STE\n"
                    "smmuv3_cmdq_cfgi_ste streamid= 0x8\n"
                    "smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC\n")
        self.assertEqual(self.ask("cmds"), "CFGI_STE:sid=8 SYNC")

    def test_events(self):
        self.assertEqual(self.ask("events"), "-")
        self.append("smmuv3_record_event SMMU_EVT_C_BAD_CD sid=0x8\n")
        self.assertEqual(self.ask("events"), "C_BAD_CD:sid=8")

    def test_translations(self):
        self.append("smmuv3_translate_success r sid=0x8 iova=0x1 translated=0x2 perm=0x1 stage=3\n")
        self.assertEqual(self.ask("translations 8"),
                         "stage1=0 stage2=0 nested=1 bypass=0 abort=0")

    def test_count(self):
        self.append("smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_ASID\n" * 3)
        self.append("smmuv3_cmdq_tlbi_nh_asid asid=7\n")
        for opcode, number in (("TLBI", 3), ("TLBI_NH_ASID", 3), ("SYNC", 1), ("CFGI", 0)):
            with self.subTest(opcode):
                self.assertEqual(self.ask("count " + opcode), str(number))

    def test_ste(self):
        self.assertEqual(self.ask("ste 1").split()[:3],
                         ["000000000000000b", "0000000000000000", "0000000000000001"])
        self.assertEqual(self.ask("ste 2"), " ".join(["0" * 16] * 8))

    def test_mem(self):
        self.assertEqual(self.ask("mem 0x40000040 8"), "0b00000000000000")
        self.assertEqual(len(self.ask("mem 0x40000000 2048")), 2 * 2048)

    def test_plugs(self):
        ports = mock.Mock()
        self.oracle = oracle.Oracle(TraceFile(self.path), FakeMemory(), oracle.Ports(ports))
        self.assertEqual(self.ask("unplug 1"), "ok")
        ports.execute.assert_called_with("device_del", id="nvme1")
        self.assertEqual(self.ask("plug 0"), "ok")
        ports.execute.assert_called_with("device_add", **machine.nvme(0))
        ports.execute.side_effect = [QmpError("busy"), None]
        self.assertEqual(self.ask("plug 0"), "ok")
        ports.execute.side_effect = QmpError("no such device")
        self.assertEqual(self.ask("unplug 3"), "error no such device")

    def test_reg(self):
        self.assertEqual(self.ask("reg 88"), "00000005")


class Errors(Fixture):
    def test_each_says_what_is_wrong(self):
        for request, answer in (
                ("", "unknown request ''"), ("pinned", "unknown request 'pinned'"),
                ("mark", "mark takes 1 arguments, not 0"),
                ("ste 1 2", "ste takes 1 arguments, not 2"),
                ("ste zz", "zz is not a number"), ("ste -1", "-1 is negative"),
                ("ste 20", "sid 20 is beyond the stream table"),
                ("mem 0x40000000 4097", "4097 bytes are more than 4096"),
                ("mem 0x10 4", "0x10 is not RAM"),
                ("reg 2", "there is no register at 0x2"),
                ("reg 20000", "there is no register at 0x20000")):
            with self.subTest(request):
                self.assertEqual(self.ask(request), "error " + answer)

    def test_no_trace_file(self):
        os.unlink(self.path)
        self.assertRegex(self.ask("cmds"), "^error .*No such file")

    def test_an_answer_too_long(self):
        with mock.patch.object(oracle, "ANSWER_MAX", 4):
            self.assertEqual(self.ask("cmds"),
                             "error the answer has 4 characters: set the mark later")


class Serving(Fixture):
    def setUp(self):
        super().setUp()
        ours, self.machine = socket.socketpair()
        self.log = io.StringIO()
        self.thread = oracle.start(ours, self.oracle, self.log)
        self.addCleanup(self.machine.close)
        self.machine.settimeout(5)

    def lines(self, count):
        file = self.machine.makefile("r")
        return [file.readline() for _ in range(count)]

    def test_a_request_in_pieces(self):
        for piece in (b"cm", b"ds", b"\n"):
            self.machine.sendall(piece)
        self.assertEqual(self.lines(1), ["SYNC\n"])

    def test_several_at_once_are_answered_in_order(self):
        self.machine.sendall(b"cmds\nmark a\ncmds\n")
        self.assertEqual(self.lines(3), ["SYNC\n", "ok\n", "-\n"])

    def test_bytes_that_are_no_text(self):
        self.machine.sendall(b"\xff\xfe\ncmds\n")
        self.assertEqual(self.lines(2)[1], "SYNC\n")

    def test_all_is_logged_and_the_end_ends_it(self):
        self.machine.sendall(b"cmds\n")
        self.lines(1)
        self.machine.close()
        self.thread.join(5)
        self.assertFalse(self.thread.is_alive())
        self.assertEqual(self.log.getvalue(), "> cmds\n< SYNC\n")


if __name__ == "__main__":
    unittest.main()
