# SPDX-License-Identifier: GPL-2.0-only
"""Stream tables of both formats, in a memory made for the test."""

import struct
import unittest

from vm.ste import NO_STE, StreamTable, StreamTableError

BASE = 0x40c00000
L2 = 0x40d00000
RA = 1 << 62
ENTRY = tuple(range(1, 9))


class FakeMemory:
    def __init__(self, base, config):
        self.registers = {(0x09050080, 8): base, (0x09050088, 4): config}
        self.ram = {}

    def register(self, address, size):
        return self.registers[address, size]

    def put(self, address, data):
        self.ram[address, len(data)] = data

    def read(self, address, length):
        return self.ram.get((address, length), bytes(length))


def linear():
    memory = FakeMemory(BASE | RA, 5)
    memory.put(BASE + 0x10 * 64, struct.pack("<8Q", *ENTRY))
    return memory


def two_level(span):
    """SPLIT 8, LOG2SIZE 16, as Linux sets it; the second level of SIDs 0x100..0x1ff."""
    memory = FakeMemory(BASE | RA, 1 << 16 | 8 << 6 | 16)
    memory.put(BASE + 8, struct.pack("<Q", L2 | span))
    memory.put(L2 + 0x10 * 64, struct.pack("<8Q", *ENTRY))
    return memory


class Linear(unittest.TestCase):
    def test_entry(self):
        self.assertEqual(StreamTable(linear()).entry(0x10), ENTRY)

    def test_neighbour_is_another(self):
        self.assertEqual(StreamTable(linear()).entry(0x11), NO_STE)

    def test_beyond_the_table(self):
        with self.assertRaisesRegex(StreamTableError, "sid 20 is beyond"):
            StreamTable(linear()).entry(0x20)


class TwoLevel(unittest.TestCase):
    def test_entry(self):
        self.assertEqual(StreamTable(two_level(span=9)).entry(0x110), ENTRY)

    def test_no_second_level_is_not_valid(self):
        self.assertEqual(StreamTable(two_level(span=9)).entry(0x210), NO_STE)

    def test_span_zero_is_not_valid(self):
        self.assertEqual(StreamTable(two_level(span=0)).entry(0x110), NO_STE)

    def test_beyond_the_span_is_not_valid(self):
        self.assertEqual(StreamTable(two_level(span=5)).entry(0x110), NO_STE)

    def test_last_within_the_span(self):
        self.assertEqual(StreamTable(two_level(span=6)).entry(0x110), ENTRY)

    def test_unknown_format(self):
        with self.assertRaisesRegex(StreamTableError, "FMT is 2"):
            StreamTable(FakeMemory(BASE, 2 << 16 | 16)).entry(1)


if __name__ == "__main__":
    unittest.main()
