# SPDX-License-Identifier: GPL-2.0-only
"""Compares what was seen with what has to be seen. What is missing is wrong."""

from .entry import CONFIGS
from .expect import GUEST, HOST, ROWS

# The row whose stage 2 all later ones have to keep.
FIRST_STAGE2 = "2"


class Verdict:
    """The differences, by row: sentences. "" is for what belongs to no row."""

    def __init__(self):
        self.wrong = {}

    def add(self, row, sentence):
        self.wrong.setdefault(row, []).append(sentence)

    def passed(self):
        return not self.wrong

    def sentences(self):
        return [f"state {row}: {sentence}" if row else sentence
                for row, sentences in self.wrong.items() for sentence in sentences]


def _table_is(owner, entry, row):
    if owner == GUEST:
        return entry.s1_context_ptr == row.table
    return bool(entry.s1_context_ptr) == (owner == HOST)


def _stage2_is(entry, first):
    """The same tables and VMID in all states of one container; none without stage 2."""
    if not entry.has_stage2():
        return not (entry.s2ttb or entry.vmid)
    return bool(entry.s2ttb and entry.vmid) and \
        (first is None or (entry.s2ttb, entry.vmid) == (first.s2ttb, first.vmid))


def _entry_differences(expected, entry, row, first):
    if entry is None:
        return ["no stream table entry was read"]
    wrong = []
    if not entry.valid or entry.config != expected.config:
        wrong.append(f"the entry says '{entry.config_text()}',"
                     f" expected '{CONFIGS[expected.config]}'")
    if not _table_is(expected.table, entry, row):
        wrong.append(f"S1ContextPtr is {entry.s1_context_ptr:#x},"
                     f" expected {expected.table or 0}")
    if not _stage2_is(entry, first):
        wrong.append(f"S2TTB is {entry.s2ttb:#x} and VMID {entry.vmid}")
    if entry.mev != expected.mev:
        wrong.append(f"MEV is {entry.mev}, expected {expected.mev}")
    if expected.table == GUEST and entry.pasids != expected.pasids:
        wrong.append("S1Fmt, S1CDMax and S1DSS are {}, {} and {}, expected {}, {} and {}".format(
            *entry.pasids, *expected.pasids))
    return wrong


def _transfer_differences(expected, transfer):
    if transfer is None:
        return ["was not tried"]
    wrong = []
    if transfer.outcome() != expected.outcome:
        wrong.append(f"{transfer.outcome()}, expected {expected.outcome}")
    if transfer.route() != expected.route:
        wrong.append(f"the SMMU says '{transfer.route()}', expected '{expected.route}'")
    if transfer.told != expected.told:
        wrong.append(f"the VMM reads {', '.join(transfer.told) or 'nothing'},"
                     f" expected {', '.join(expected.told) or 'nothing'}")
    return wrong


def _space_differences(row):
    """One address, which each PASID has in a page of its own."""
    spaces = {}
    for transfer in row.transfers.values():
        if transfer.ipa is not None:
            spaces.setdefault(transfer.ipa, set()).add(transfer.kind)
            if transfer.address != next(iter(row.transfers.values())).address:
                yield f"{transfer.kind} has an address of its own, {transfer.address:#x}"
    for ipa, kinds in spaces.items():
        if len(kinds) > 1:
            yield f"{', '.join(sorted(kinds))} have the same page, {ipa:#x}"


def _judge_row(verdict, expected, row, first):
    if row is None:
        verdict.add(expected.name, "was not reached")
        return
    for device, entry in expected.entries.items():
        for sentence in _entry_differences(entry, row.entries.get(device), row, first):
            verdict.add(expected.name, f"{device}: {sentence}")
    for transfer in expected.transfers:
        found = row.transfers.get(transfer.key())
        for sentence in _transfer_differences(transfer, found):
            verdict.add(expected.name, " ".join((*transfer.key(), sentence)))
    for sentence in _space_differences(row):
        verdict.add(expected.name, sentence)


def judge(facts, rows=ROWS):
    verdict = Verdict()
    stage2 = facts.rows.get(FIRST_STAGE2)
    first = stage2 and stage2.entries.get("edu")
    for expected in rows:
        _judge_row(verdict, expected, facts.rows.get(expected.name), first)
    if not facts.done:
        verdict.add("", "the program did not get to its end")
    for problem in facts.problems:
        verdict.add("", problem)
    return verdict
