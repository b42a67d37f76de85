# SPDX-License-Identifier: GPL-2.0-only
"""A stream table entry (STE), read where the SMMU reads it."""

import struct

SMMU_BASE = 0x09050000
STRTAB_BASE = 0x80
STRTAB_BASE_CFG = 0x88

STE_SIZE = 64
L1_DESC_SIZE = 8
NO_STE = (0,) * 8

_BASE_MASK = (1 << 52) - (1 << 6)
_FMT_LINEAR = 0
_FMT_2LVL = 1


class StreamTableError(Exception):
    """The stream table does not reach this stream ID, or makes no sense."""


class StreamTable:
    """The table that the SMMU's registers name at this moment."""

    def __init__(self, memory, smmu_base=SMMU_BASE):
        self._memory = memory
        config = memory.register(smmu_base + STRTAB_BASE_CFG, 4)
        self._base = memory.register(smmu_base + STRTAB_BASE, 8) & _BASE_MASK
        self._log2size = config & 0x3f
        self._split = config >> 6 & 0x1f
        self._format = config >> 16 & 3

    def _l1_desc(self, sid):
        address = self._base + (sid >> self._split) * L1_DESC_SIZE
        return struct.unpack("<Q", self._memory.read(address, L1_DESC_SIZE))[0]

    def _address_2lvl(self, sid):
        """None where the first level has no valid descriptor."""
        desc = self._l1_desc(sid)
        span = desc & 0x1f
        index = sid & ((1 << self._split) - 1)
        if not span or index >= 1 << (span - 1):
            return None
        return (desc & _BASE_MASK) + index * STE_SIZE

    def _address(self, sid):
        if sid >> self._log2size:
            raise StreamTableError(f"sid {sid:x} is beyond the stream table")
        if self._format == _FMT_LINEAR:
            return self._base + sid * STE_SIZE
        if self._format == _FMT_2LVL:
            return self._address_2lvl(sid)
        raise StreamTableError(f"STRTAB_BASE_CFG.FMT is {self._format}")

    def entry(self, sid):
        address = self._address(sid)
        if address is None:
            return NO_STE
        return struct.unpack("<8Q", self._memory.read(address, STE_SIZE))
