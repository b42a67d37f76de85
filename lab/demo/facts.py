# SPDX-License-Identifier: GPL-2.0-only
"""What the demo's program saw in the machine, and what its disk looks like from outside."""

import json
import struct

from .dma import WORDS, BadLine, Transfer, to_words
from .entry import Entry

SECTOR = 512


class Row:
    """One row of the table: what was asked, and all that was seen then."""

    def __init__(self, asked, table):
        self.asked = asked
        self.table = table
        self.entries = {}
        self.transfers = {}


class Facts:
    """outside: what the program says that the lab answered, in order. problems: why the
    report is not to be trusted."""

    def __init__(self):
        self.rows = {}
        self.outside = []
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
            words = to_words(fields["words"])
            self._row(fields["ste"]).entries[fields["device"]] = Entry(words)
            self.outside.append((f"ste {fields['sid']}",
                                 " ".join(f"{word:016x}" for word in words)))
        elif "transfer" in fields:
            transfer = Transfer(fields)
            self._row(fields["transfer"]).transfers[transfer.key()] = transfer
            self.outside += transfer.read_outside()
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
    """Pairs of what the oracle was asked and what it answered."""
    request = ""
    for line in log:
        mark, text = line[:2], line[2:].rstrip("\n")
        if mark == "> ":
            request = text
        elif mark == "< ":
            yield request, text


def check_outside(facts, log):
    """Each entry and each piece of memory is one that the lab read itself."""
    answers = _answers(log)
    for request, answer in facts.outside:
        if (request, answer) not in answers:
            facts.problems.append(f"the answer to '{request}' is not what the lab read")
            return
