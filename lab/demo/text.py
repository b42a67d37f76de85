# SPDX-License-Identifier: GPL-2.0-only
"""The table as text: a row a state, side by side what was asked, the STE, the DMA."""

import textwrap

from . import words

ASKED, STE, DMA = 28, 33, 60
_HEAD = ("state, and what was asked", "STE", "DMA")


def _wrap(lines, width):
    return [part for line in lines for part in textwrap.wrap(line, width)]


def _dma(expected, row):
    for transfer in words.in_order(expected, row):
        yield f"{words.access(transfer):{expected.width}} {words.outcome(transfer)}"
        yield from (" " + line for line in words.told(transfer))


def _entries(row):
    """With its device's name, if the row has several."""
    lines = []
    for device, entry in row.entries.items():
        first, *rest = words.entry_lines(entry)
        if len(row.entries) > 1:
            first = f"{device}: {first}"
        lines += [first, *rest]
    return lines


def _side_by_side(*columns):
    height = max(len(column) for column in columns)
    for i in range(height):
        cells = [column[i] if i < len(column) else "" for column in columns]
        yield f"{cells[0]:{ASKED}} {cells[1]:{STE}} {cells[2]}".rstrip()


def _row(expected, row, good):
    mark = "" if good else "WRONG "
    asked = _wrap([f"{expected.name}: {mark}{expected.title}"], ASKED)
    if row is None:
        return [*asked, "   was not reached"]
    asked += ["   " + line for line in _wrap(words.asked_lines(row), ASKED - 3)]
    dma = list(_dma(expected, row))
    return list(_side_by_side(asked, _wrap(_entries(row), STE), dma))


def render(table, facts, verdict):
    rule = "-" * (ASKED + STE + DMA + 2)
    lines = [*table.legend, "", *_side_by_side(*([head] for head in _HEAD)), rule]
    for expected in table.rows:
        row = facts.rows.get(expected.name)
        lines += [*_row(expected, row, expected.name not in verdict.wrong), rule]
    lines += verdict.sentences()
    lines.append(words.verdict_line(verdict, table))
    return "\n".join(lines) + "\n"
