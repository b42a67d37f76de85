# SPDX-License-Identifier: GPL-2.0-only
"""What the demo's program saw in the machine, and what its disk looks like from outside."""

import json
import struct

from .entry import Entry

SECTOR = 512
WORDS = 8
ARRIVED, BLOCKED, DAMAGED, UNCLEAR = "arrives", "blocked", "damaged", "unclear"
_VOID = (0, (1 << 64) - 1)


class BadLine(Exception):
    """A line of the program's report makes no sense."""


def _words(text):
    words = tuple(int(word, 16) for word in text.split())
    if len(words) != WORDS:
        raise BadLine(f"'{text}' is not {WORDS} words")
    return words


class Transfer:
    """One DMA: what was sent, and what was at its target before and after.

    "read" is the device's: its target is the device's buffer. The target of a "write"
    is memory. kept: nothing but the target changed."""

    def __init__(self, fields):
        self.device = fields["device"]
        self.direction = fields["direction"]
        self.kind = fields["kind"]
        self.address = int(fields["address"], 0)
        self.kept = fields.get("kept", True)
        self.sent, self.before, self.after = (
            _words(fields[key]) if key in fields else None
            for key in ("sent", "before", "after"))
        self.events = fields["events"].split()
        self.translations = {name: int(count) for name, count in
                             (word.split("=") for word in fields["translations"].split())}

    def key(self):
        return self.device, self.direction, self.kind

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


class Row:
    """One row of the table: what was asked, and all that was seen then."""

    def __init__(self, asked, table):
        self.asked = asked
        self.table = table
        self.entries = {}
        self.transfers = {}


class Facts:
    """problems: why the report is not to be trusted."""

    def __init__(self):
        self.rows = {}
        self.stes = []
        self.problems = []
        self.done = False

    def _row(self, name):
        if name not in self.rows:
            raise BadLine(f"row {name} was not announced")
        return self.rows[name]

    def add(self, fields):
        if "row" in fields:
            self.rows[fields["row"]] = Row(fields["asked"], int(fields["table"], 0))
        elif "ste" in fields:
            words = _words(fields["words"])
            self._row(fields["ste"]).entries[fields["device"]] = Entry(words)
            self.stes.append((fields["sid"], words))
        elif "transfer" in fields:
            transfer = Transfer(fields)
            self._row(fields["transfer"]).transfers[transfer.key()] = transfer
        else:
            self.done = self.done or fields.get("done", False)


def _add_line(facts, line):
    try:
        facts.add(json.loads(line))
    except (BadLine, KeyError, ValueError) as error:
        facts.problems.append(f"cannot read '{line[:60]}': {error}")


def read(lines):
    """The lines of JSON among those that the program wrote; "# " starts a complaint."""
    facts = Facts()
    for line in lines:
        if line.startswith("{"):
            _add_line(facts, line)
        elif line.startswith("# "):
            facts.problems.append("the program: " + line.removeprefix("# "))
    return facts


def add_disk(facts, image):
    """The other half of the disk's transfers is in its image."""
    for row in facts.rows.values():
        for transfer in row.transfers.values():
            if transfer.device != "disk":
                continue
            start = transfer.address * SECTOR
            words = struct.unpack(f"<{WORDS}Q", image[start:start + 8 * WORDS])
            if transfer.direction == "write":
                transfer.sent = words
            else:
                transfer.after = words


def _answers(log):
    """What the oracle read: pairs of a stream ID and the entry."""
    request = ""
    for line in log:
        mark, text = line[:2], line[2:].rstrip("\n")
        if mark == "> ":
            request = text
        elif mark == "< " and request.startswith("ste "):
            yield request.split()[1], text


def check_entries(facts, log):
    """Each entry that the machine's program passes on is one that the lab read itself."""
    answers = iter([(sid, text) for sid, text in _answers(log)])
    for sid, words in facts.stes:
        if (sid, " ".join(f"{word:016x}" for word in words)) not in answers:
            facts.problems.append(f"an entry of stream {sid} is not what the lab read")
            return
