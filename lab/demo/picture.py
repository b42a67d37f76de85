# SPDX-License-Identifier: GPL-2.0-only
"""The same table as a picture (SVG)."""

from html import escape

from . import words
from .dma import ARRIVED, BLOCKED

WIDTH = 1270
SMMU_LEGEND = ("The SMMU, by its trace: the stages that translated the DMA, or the event that it"
               " recorded.")
LINE = 19
PAD = 14
X_ASKED, X_STE, X_DMA, X_OUTCOME, X_SMMU = 30, 325, 660, 895, 1145

INK, FAINT, RULE, PAPER = "#1c2430", "#6b7685", "#d4dae2", "#ffffff"
GOOD, STOPPED, WRONG = "#1a7f4b", "#8a5a00", "#c02626"
STAGE_ON, STAGE_OFF = "#2c5fb3", "#ffffff"
_OUTCOMES = {ARRIVED: GOOD, BLOCKED: STOPPED}

_STYLE = """
text { font: 13px Helvetica, Arial, 'DejaVu Sans', sans-serif; fill: %s; }
.mono { white-space: pre; font: 12px 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
.head { font-weight: bold; fill: %s; }
.title { font-size: 21px; font-weight: bold; }
.name { font-size: 14px; font-weight: bold; }
.faint { fill: %s; }
""" % (INK, FAINT, FAINT)


def _text(x, y, text, kind="", fill=None, anchor=None):
    extra = f' fill="{fill}" style="fill:{fill}"' if fill else ""
    extra += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x}" y="{y}" class="{kind}" xml:space="preserve"{extra}>{escape(text)}</text>'


def _box(x, y, width, height, fill, stroke, dashed=False):
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return (f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"'
            f' fill="{fill}" stroke="{stroke}"{dash}/>')


def _line(x1, y1, x2, y2, stroke):
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{stroke}" stroke-width="1.5"/>'


def _arrow(x1, x2, y, stroke=INK):
    head = f'<path d="M {x2} {y} l -7 -4 l 0 8 z" fill="{stroke}"/>'
    return _line(x1, y, x2 - 6, y, stroke) + head


def _stage(x, y, name, active):
    fill, ink = (STAGE_ON, PAPER) if active else (STAGE_OFF, FAINT)
    return [_box(x, y - 13, 66, 26, fill, STAGE_ON if active else FAINT, not active),
            _text(x + 33, y + 4, name, fill=ink, anchor="middle")]


def _cross(x, y):
    return [_line(x - 6, y - 6, x + 6, y + 6, WRONG), _line(x - 6, y + 6, x + 6, y - 6, WRONG)]


def _way(x, y, device, entry):
    """device -> stage 1 -> stage 2 -> memory, as the entry has it."""
    opened = entry.has_stage1() or entry.has_stage2()
    parts = [_text(x, y + 4, device), *_stage(x + 66, y, "stage 1", entry.has_stage1()),
             *_stage(x + 160, y, "stage 2", entry.has_stage2()),
             _text(x + 258, y + 4, "memory", fill=None if opened else FAINT)]
    if not opened:
        return [*parts, _line(x + 34, y, x + 50, y, WRONG), *_cross(x + 54, y)]
    return [*parts, _arrow(x + 32, x + 65, y), _arrow(x + 133, x + 159, y),
            _arrow(x + 227, x + 253, y)]


def _entry(y, device, entry):
    parts = _way(X_STE, y + 13, device, entry)
    y += 42
    for line in words.entry_lines(entry):
        parts.append(_text(X_STE, y, line, "mono"))
        y += LINE
    return parts, y


def _entries(_expected, row, y):
    parts = []
    for device, entry in row.entries.items():
        added, y = _entry(y, device, entry)
        parts += added
    return parts, y


def _transfers(expected, row, y):
    parts = []
    for transfer in words.in_order(expected, row):
        fill = _OUTCOMES.get(transfer.outcome(), WRONG)
        parts += [_text(X_DMA, y, words.access(transfer), "mono"),
                  _text(X_OUTCOME, y, words.outcome(transfer), "mono", fill),
                  _text(X_SMMU, y, transfer.route(), "mono", FAINT)]
        y += LINE
        for line in words.told(transfer):
            parts.append(_text(X_DMA, y, line, "mono"))
            y += LINE
    return parts, y


def _asked(expected, row, good, y):
    parts = [_text(X_ASKED, y, f"{expected.name}  {expected.title}", "name",
                   None if good else WRONG)]
    for line in words.asked_lines(row) if row else ["was not reached"]:
        y += LINE
        parts.append(_text(X_ASKED, y, line, "faint"))
    return parts, y


def _row(expected, row, good, top):
    """Parts, and where the next row starts."""
    y = top + PAD + LINE - 5
    parts, bottom = _asked(expected, row, good, y)
    if row:
        for draw, start in ((_entries, y - LINE + 7), (_transfers, y)):
            added, end = draw(expected, row, start)
            parts += added
            bottom = max(bottom, end - LINE)
    bottom += PAD
    if not good:
        parts.insert(0, _box(14, top + 3, WIDTH - 28, bottom - top - 6, "#fdecec", WRONG))
    return [*parts, _line(20, bottom, WIDTH - 20, bottom, RULE)], bottom


def _header(table):
    parts = [_text(X_ASKED, 40, table.title, "title")]
    y = 66
    for line in (*table.legend, SMMU_LEGEND):
        parts.append(_text(X_ASKED, y, line, "faint"))
        y += LINE
    y += LINE
    for x, title in ((X_ASKED, "state, and what was asked"),
                     (X_STE, "the STE that the SMMU holds"), (X_DMA, "a DMA"),
                     (X_OUTCOME, "its data"), (X_SMMU, "the SMMU")):
        parts.append(_text(x, y, title, "head"))
    return [*parts, _line(20, y + 8, WIDTH - 20, y + 8, FAINT)], y + 8


def _footer(verdict, top, line):
    fill = GOOD if verdict.passed() else WRONG
    parts = [_text(X_ASKED, top + 32, line, "name", fill)]
    y = top + 32
    for sentence in verdict.sentences():
        y += LINE
        parts.append(_text(X_ASKED, y, sentence, fill=WRONG))
    return parts, y + 24


def render(table, facts, verdict):
    parts, y = _header(table)
    for expected in table.rows:
        row = facts.rows.get(expected.name)
        added, y = _row(expected, row, expected.name not in verdict.wrong, y)
        parts += added
    added, y = _footer(verdict, y, words.verdict_line(verdict, table))
    body = "\n".join([*parts, *added])
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}"'
            f' width="{WIDTH}" height="{y}">\n<style>{_STYLE}</style>\n'
            f'<rect width="{WIDTH}" height="{y}" fill="{PAPER}"/>\n{body}\n</svg>\n')
