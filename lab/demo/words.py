# SPDX-License-Identifier: GPL-2.0-only
"""The words that the table and the picture share."""

import struct

from .entry import STAGE1
from .facts import ARRIVED, BLOCKED

LEGEND = (
    "STE: the stream table entry that the SMMU holds, read from the machine's memory from outside.",
    "DMA: a device reads memory or writes to it. edu has a DMA engine and is given to the guest;"
    " disk has the host's driver.",
    "Of its data the first bytes are shown. \"blocked: A, not B\": B was sent, and A is what is"
    " there afterwards.",
)

_KINDS = {"physical": "phys", "IPA": "IPA ", "IOVA": "IOVA"}


def asked_lines(row):
    lines = [row.asked]
    if row.asked.endswith("TRANSLATE"):
        lines.append(f"table at IPA {row.table:#x}")
    return lines


def entry_lines(entry):
    """Only the fields that this Config uses."""
    lines = [entry.config_text()]
    if entry.has_stage1():
        owner = "host's" if entry.config == STAGE1 else "an IPA"
        lines.append(f"S1ContextPtr {entry.s1_context_ptr:#x} ({owner})")
    if entry.has_stage2():
        lines += [f"S2TTB {entry.s2ttb:#x}", f"VMID {entry.vmid}, MEV {entry.mev}"]
    return lines


def _data(words):
    """A pattern's name is its upper half, the same in all its words."""
    if not words:
        return "?"
    if not any(words):
        return "zeros"
    text = struct.pack("<Q", words[0])
    if text.isascii() and text.decode().isprintable():
        return repr(text.decode())
    return f"{words[0] >> 32:08x}"


def access(transfer):
    where = f"sector {transfer.address}" if transfer.kind == "sector" else \
        f"{_KINDS[transfer.kind]} {transfer.address:#x}"
    return f"{transfer.device:4} {transfer.direction + 's':6} {where}"


def in_order(expected, row):
    """The transfers in the order of the table, not of time; those that were tried."""
    return [row.transfers[key] for key in (transfer.key() for transfer in expected.transfers)
            if key in row.transfers]


def outcome(transfer):
    found = transfer.outcome()
    if found == ARRIVED:
        return f"arrives: {_data(transfer.after)}"
    if found == BLOCKED:
        return f"blocked: {_data(transfer.after)}, not {_data(transfer.sent)}"
    return f"{found}: {_data(transfer.after)}; sent {_data(transfer.sent)}"


def verdict_line(verdict, rows):
    if verdict.passed():
        return f"PASS: all {rows} states are as they should be"
    return f"FAIL: {len(verdict.sentences())} differences"
