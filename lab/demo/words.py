# SPDX-License-Identifier: GPL-2.0-only
"""The words that the table and the picture share."""

from .entry import STAGE1
from .facts import ARRIVED, BLOCKED

LEGEND = (
    "STE: the stream table entry that the SMMU holds, read from the machine's memory from outside.",
    "reads: the device reads memory; writes: it writes to memory. Of the 64 bytes that were sent the",
    "first 4 are shown; 'blocked: A, not B' means that B was sent and A is still there.",
    "edu: an emulated device with a DMA engine; disk: virtio-blk, with its own driver in the kernel.",
)

_KINDS = {"physical": "physical address", "IPA": "IPA", "IOVA": "guest IOVA"}


def asked_lines(row):
    lines = [row.asked]
    if row.table and "TRANSLATE" in row.asked:
        lines.append(f"guest's table at IPA {row.table:#x}")
    return lines


def entry_lines(entry):
    """Only the fields that this Config uses."""
    lines = [entry.config_text()]
    if entry.has_stage1():
        lines.append(f"S1ContextPtr {entry.s1_context_ptr:#x}"
                     + (" (a host's address)" if entry.config == STAGE1 else " (an IPA)"))
    if entry.has_stage2():
        lines.append(f"S2TTB {entry.s2ttb:#x}")
        lines.append(f"VMID {entry.vmid}, MEV {entry.mev}")
    return lines


def _data(words):
    """The pattern's name: its upper half is the same in all words of it."""
    if not words:
        return "?"
    return "zeros" if not any(words) else f"{words[0] >> 32:08x}"


def access(transfer):
    where = f"sector {transfer.address}" if transfer.kind == "sector" else \
        f"{_KINDS[transfer.kind]} {transfer.address:#x}"
    return f"{transfer.device} {transfer.direction}s {where}"


def outcome(transfer):
    found = transfer.outcome()
    if found == ARRIVED:
        return f"arrives: {_data(transfer.after)}"
    if found == BLOCKED:
        return f"blocked: {_data(transfer.after)}, not {_data(transfer.sent)}"
    return f"{found}: {_data(transfer.after)}; sent {_data(transfer.sent)}"


def verdict_line(verdict, rows, seconds=None):
    took = f" ({seconds:.1f} s)" if seconds is not None else ""
    if verdict.passed():
        return f"PASS: all {rows} states are as they should be{took}"
    return f"FAIL: {len(verdict.sentences())} differences{took}"
