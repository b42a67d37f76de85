# SPDX-License-Identifier: GPL-2.0-only
"""The control socket against a QEMU that is played by the test."""

import json
import os
import socket
import tempfile
import threading
import unittest

from vm import qmp, sockets

GREETING = {"QMP": {"version": {}}}


def send(sock, messages):
    for message in messages:
        sock.sendall(json.dumps(message).encode() + b"\n")


def play(sock, answers):
    """Greets, then gives one list of messages for each command that comes in."""
    with sock, sock.makefile("rb") as commands:
        send(sock, [GREETING])
        for messages in ([{"return": {}}], *answers):
            if not commands.readline():
                return
            send(sock, messages)


class Fixture(unittest.TestCase):
    def connect(self, *answers):
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=play, args=(theirs, answers))
        thread.start()
        self.addCleanup(thread.join)
        control = qmp.Qmp(ours)
        self.addCleanup(control.close)
        return control

    def memory(self, text):
        return qmp.Memory(self.connect([{"return": text}]), 1 << 20)


class Commands(Fixture):
    def test_events_in_between_are_passed_over(self):
        control = self.connect([{"event": "RESUME"}, {"return": 5}])
        self.assertEqual(control.execute("x"), 5)

    def test_an_error_has_its_text(self):
        control = self.connect([{"error": {"class": "GenericError", "desc": "no such"}}])
        with self.assertRaisesRegex(qmp.QmpError, "no such"):
            control.execute("x")

    def test_qemu_gone(self):
        with self.assertRaisesRegex(qmp.QmpError, "gone"):
            self.connect().execute("x")


class Reading(Fixture):
    def test_bytes_over_several_lines(self):
        memory = self.memory("0000000040000000: 0x01 0x02\r\n0000000040000002: 0xff\r\n")
        self.assertEqual(memory.read(0x40000000, 3), b"\x01\x02\xff")

    def test_register(self):
        memory = self.memory("0000000009050080: 0x4000000040c53000\r\n")
        self.assertEqual(memory.register(0x09050080, 8), 0x4000000040c53000)

    def test_no_memory_there(self):
        with self.assertRaisesRegex(qmp.QmpError, "Cannot access memory"):
            self.memory("Cannot access memory\r\n").read(0x40000000, 8)

    def test_only_ram(self):
        for address, length in ((0x09050080, 8), (0x40000000 + (1 << 20), 1),
                                (0x40000000 + (1 << 20) - 4, 8), (0, 1 << 40)):
            with self.subTest(address=address):
                with self.assertRaisesRegex(qmp.QmpError, "not RAM"):
                    self.memory("").read(address, length)

    def test_nothing(self):
        self.assertEqual(self.memory("").read(0x40000000, 0), b"")


class LongPaths(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "a" * 100, "b" * 100)
        os.makedirs(self.folder)

    def test_a_path_that_no_address_holds(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        descriptor = os.open(self.folder, os.O_PATH)
        self.addCleanup(os.close, descriptor)
        listener.bind(f"/proc/self/fd/{descriptor}/sock")
        listener.listen()
        sockets.connect(os.path.join(self.folder, "sock")).close()

    def test_does_not_wait_for_the_dead(self):
        with self.assertRaisesRegex(ConnectionError, "ended at once"):
            sockets.connect(os.path.join(self.folder, "none"), alive=lambda: False)


if __name__ == "__main__":
    unittest.main()
