# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's control socket, and guest memory through it."""

import contextlib
import json
import re

TIMEOUT = 30
RAM_START = 0x40000000
_DUMPED = re.compile(r"^[0-9a-f]+: (.*)$", re.M)


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """One connection, over a connected socket. Not for several threads."""

    def __init__(self, sock):
        sock.settimeout(TIMEOUT)
        self._sock = sock
        self._file = sock.makefile("rwb")
        self._receive()
        self.execute("qmp_capabilities")

    def close(self):
        with contextlib.suppress(OSError):
            self._file.close()
        self._sock.close()

    def _receive(self):
        try:
            line = self._file.readline()
        except TimeoutError as error:
            raise QmpError(f"QEMU did not answer for {TIMEOUT} s") from error
        except OSError:
            line = b""
        if not line:
            raise QmpError("QEMU is gone")
        return json.loads(line)

    def _send(self, message):
        try:
            self._file.write(json.dumps(message).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise QmpError(f"QEMU is gone: {error}") from error

    def execute(self, command, **arguments):
        self._send({"execute": command, "arguments": arguments})
        while True:
            answer = self._receive()
            if "error" in answer:
                raise QmpError(answer["error"]["desc"])
            if "return" in answer:
                return answer["return"]

    def monitor(self, line):
        return self.execute("human-monitor-command", **{"command-line": line})


class Memory:
    """Physical memory of the machine, as its devices see it."""

    def __init__(self, qmp, ram_size):
        self._qmp = qmp
        self._ram_end = RAM_START + ram_size

    def _dump(self, address, count, size):
        text = self._qmp.monitor(f"xp /{count}x{size} {address:#x}")
        values = [int(word, 16) for line in _DUMPED.findall(text) for word in line.split()]
        if len(values) != count:
            raise QmpError(f"cannot read {address:#x}: {text.strip() or 'no answer'}")
        return values

    def register(self, address, size):
        """One access of 4 or 8 bytes, so that it is right for a device's register."""
        return self._dump(address, 1, {4: "w", 8: "g"}[size])[0]

    def read(self, address, length):
        """RAM only: reading a device's registers can change them."""
        if address < RAM_START or address + length > self._ram_end:
            raise QmpError(f"{address:#x}, {length} bytes, is not RAM")
        return bytes(self._dump(address, length, "b")) if length else b""
