# SPDX-License-Identifier: GPL-2.0-only
"""The words that the table and the picture share."""

import struct
from dataclasses import dataclass

from .dma import ARRIVED, BLOCKED
from .entry import NESTED, STAGE1
from .expect import LAST_ACT, ROWS

_STATES_LEGEND = (
    "STE: the stream table entry that the SMMU holds, read from the machine's memory from outside.",
    "DMA: a device reads memory or writes to it. edu has a DMA engine and is given to the guest;"
    " disk has the host's driver.",
    "Of its data the first bytes are shown. \"blocked: A, not B\": B was sent, and A is what is"
    " there afterwards.",
)

_LAST_ACT_LEGEND = (
    "One table of a guest, with a context descriptor for each PASID. Every DMA, of QEMU's pasid-dma,"
    " has the same address.",
    "Memory is read from outside: the page that the PASID's own tables have there. STE and data as"
    " in the table of states.",
    "PASID 3 has no descriptor: shown is the page that has that address as its IPA, and that nothing"
    " may reach.",
)

NO_MODEL = ("The last act, several PASIDs in one guest's table, needs the lab's own QEMU:"
            " make qemu gets it, in six minutes. Then run this again")


@dataclass(frozen=True)
class Table:
    """What is rendered as one, and the verdict on it if all is well."""

    rows: tuple
    title: str
    legend: tuple
    good: str


STATES = Table(ROWS, "A guest's stage 1 on top of the host's stage 2, under real DMA",
               _STATES_LEGEND, f"all {len(ROWS)} states are as they should be")
PASIDS = Table(LAST_ACT, "The last act: several PASIDs in one guest's table, under real DMA",
               _LAST_ACT_LEGEND, "each PASID's DMA is in its own address space, and only there")

_KINDS = {"physical": "phys", "IPA": "IPA ", "IOVA": "IOVA"}


def asked_lines(row):
    lines = [row.asked]
    if row.asked.endswith("TRANSLATE"):
        lines.append(f"table at IPA {row.table:#x}")
    return lines + _one_address(row)


def _one_address(row):
    """Of transfers that differ in their PASID only."""
    found = {transfer.address for transfer in row.transfers.values() if transfer.ipa is not None}
    return [f"all DMA: IOVA {address:#x}" for address in sorted(found)]


def entry_lines(entry):
    """Only the fields that this Config uses."""
    lines = [entry.config_text()]
    if entry.has_stage1():
        owner = "host's" if entry.config == STAGE1 else "an IPA"
        lines.append(f"S1ContextPtr {entry.s1_context_ptr:#x} ({owner})")
    if entry.config == NESTED and any(entry.pasids):
        lines.append("S1Fmt {}, S1CDMax {}, S1DSS {}".format(*entry.pasids))
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
    if transfer.ipa is not None:
        return f"{transfer.direction + 's':6} {transfer.kind}"
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
        where = "" if transfer.ipa is None else f", IPA {transfer.ipa:#x}"
        return f"arrives: {_data(transfer.after)}{where}"
    if found == BLOCKED:
        return f"blocked: {_data(transfer.after)}, not {_data(transfer.sent)}"
    return f"{found}: {_data(transfer.after)}; sent {_data(transfer.sent)}"


def told(transfer):
    return [f"the VMM reads {event}" for event in transfer.told]


def verdict_line(verdict, table):
    if verdict.passed():
        return f"PASS: {table.good}"
    return f"FAIL: {len(verdict.sentences())} differences"
