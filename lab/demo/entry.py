# SPDX-License-Identifier: GPL-2.0-only
"""A stream table entry in words. Layout: section 5.2 of Arm's IHI 0070."""

ABORT, BYPASS, STAGE1, STAGE2, NESTED = 0b000, 0b100, 0b101, 0b110, 0b111

CONFIGS = {
    ABORT: "abort: neither, all is blocked",
    BYPASS: "S1 and S2 bypassed",
    STAGE1: "S1 translates, S2 bypassed",
    STAGE2: "S1 bypassed, S2 translates",
    NESTED: "S1 and S2 translate",
}


def _bits(word, high, low):
    return word >> low & ((1 << (high - low + 1)) - 1)


def _address(word, high, low):
    """The field as the address it is: its bits stay where they are."""
    return _bits(word, high, low) << low


class Entry:
    """The fields that tell who translates, by which tables."""

    def __init__(self, words):
        self.valid = bool(words[0] & 1)
        self.config = _bits(words[0], 3, 1)
        self.s1_context_ptr = _address(words[0], 51, 6)
        # S1Fmt, S1CDMax and S1DSS
        self.pasids = _bits(words[0], 5, 4), _bits(words[0], 63, 59), _bits(words[1], 1, 0)
        self.mev = _bits(words[1], 19, 19)
        self.vmid = _bits(words[2], 15, 0)
        self.s2ttb = _address(words[3], 51, 4)

    def config_text(self):
        if not self.valid:
            return "not valid"
        return CONFIGS.get(self.config, f"Config={self.config:#05b}, reserved")

    def has_stage1(self):
        return self.valid and self.config in (STAGE1, NESTED)

    def has_stage2(self):
        return self.valid and self.config in (STAGE2, NESTED)
