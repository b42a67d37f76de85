# SPDX-License-Identifier: GPL-2.0-only
"""One DMA, and what became of it."""

import struct

WORDS = 8
ARRIVED, BLOCKED, DAMAGED, UNCLEAR = "arrives", "blocked", "damaged", "unclear"
_VOID = (0, (1 << 64) - 1)
# Section 7.3 of Arm's IHI 0070
_EVENTS = {0x06: "F_STREAM_DISABLED", 0x08: "C_BAD_SUBSTREAMID", 0x0a: "C_BAD_CD",
           0x10: "F_TRANSLATION"}


class BadLine(Exception):
    """A line of the program's report makes no sense."""


def to_words(text):
    words = tuple(int(word, 16) for word in text.split())
    if len(words) != WORDS:
        raise BadLine(f"'{text}' is not {WORDS} words")
    return words


def _event(text):
    """What the first quad-word of an event says."""
    word = int(text, 16)
    kind = _EVENTS.get(word & 0xff, f"event {word & 0xff:#x}")
    pasid = f"PASID {word >> 12 & 0xfffff}" if word >> 11 & 1 else "no PASID"
    return f"{kind}: {pasid}, vSID {word >> 32:#x}"


class Transfer:
    """One DMA: what was sent, and what was at its target before and after.

    "read" is the device's: its target is the device's buffer. The target of a "write"
    is memory. kept: nothing but the target changed. ipa and physical: where in memory, if
    the address doesn't tell. told: what the guest's VMM read of it."""

    def __init__(self, fields):
        self.device = fields["device"]
        self.direction = fields["direction"]
        self.kind = fields["kind"]
        self.address = int(fields["address"], 0)
        self.ipa, self.physical = (
            int(fields[key], 0) if key in fields else None for key in ("ipa", "physical"))
        self.told = tuple(_event(word) for word in fields.get("faults", "").split())
        self.kept = fields.get("kept", True)
        self.sent, self.before, self.after = (
            to_words(fields[key]) if key in fields else None
            for key in ("sent", "before", "after"))
        self.events = fields["events"].split()
        self.translations = {name: int(count) for name, count in
                             (word.split("=") for word in fields["translations"].split())}

    def key(self):
        return self.device, self.direction, self.kind

    def read_outside(self):
        """What of it the lab read in the machine's memory: requests and answers."""
        if self.physical is None:
            return
        for words in (self.before, self.after) if self.direction == "write" else (self.sent,):
            yield (f"mem {self.physical:#x} {8 * WORDS}", struct.pack(f"<{WORDS}Q", *words).hex())

    def outcome(self):
        """From the data alone. A device may make zeros or ones of a read that failed."""
        if not (self.sent and self.after) or self.sent == self.before:
            return UNCLEAR
        if self.after == self.sent:
            return ARRIVED if self.kept else DAMAGED
        if not self.kept or not self.before:
            return DAMAGED
        if self.direction == "write":
            return BLOCKED if self.after == self.before else DAMAGED
        return BLOCKED if self._nothing_was_read() else DAMAGED

    def _nothing_was_read(self):
        return all(word == old or word in _VOID
                   for word, old in zip(self.after, self.before))

    def route(self):
        """Which stages translated it, or what the SMMU said when it stopped it."""
        seen = [name for name, count in self.translations.items() if count]
        seen += sorted({event.split(":")[0].removeprefix("SMMU_EVT_") for event in self.events})
        return " ".join(seen)
