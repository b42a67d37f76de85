# SPDX-License-Identifier: GPL-2.0-only
"""The figures as text."""

import itertools

from . import figures
from .results import aims, pasid_aims

NO_MODEL = ("With PASIDs nothing was measured, that needs the lab's own QEMU:"
            " make qemu gets it, in six minutes. Then run this again")

_RULE = "-" * 98
_MOST_WORDS = 8


def _count(number):
    return "" if number is None else f"{number:,}"


def _table(results, operations, numbers, what):
    heads = "".join(f"{_count(number):>8}" for number in numbers)
    yield f"{'':26}{what:>24}"
    compared = "   mainline 7.3" if any(op.mainline for op in operations) else ""
    yield f"{'operation':26}{heads}{compared}"
    yield _RULE
    for op in operations:
        cells = "".join(f"{_count(median):>8}" for median in results.medians(op.name, numbers))
        mainline = f"{_count(op.mainline):>9}  {op.what}" if op.mainline else ""
        yield f"{op.title:26}{cells}{mainline}".rstrip()
    yield _RULE


def _words(commands):
    """The commands, with as many of a kind in a row counted."""
    groups = [(kind, len(list(group))) for kind, group in
              itertools.groupby(commands.split(), lambda word: word.split(":")[0])]
    if sum(count for _kind, count in groups) <= _MOST_WORDS:
        return commands or "nothing"
    return " ".join(kind if count == 1 else f"{count} {kind}" for kind, count in groups)


def _commands(results, operations, number):
    yield "What the SMMU is told (PREFETCH_CFG, a hint, left out):"
    for op in operations:
        yield f"  {op.title:26} {_words(results.commands(op.name, number))}"


def _strict_unmap(results):
    ours, instead = (results.median(name, figures.DEVICES[0]) for name in figures.STRICT_UNMAP)
    yield ("A guest's strict unmap of a page: "
           f"{ours:,} by its own tables; {instead:,} for a VMM that maps and unmaps it"
           f" through type1, {instead / ours:.1f} times as much.")


def _steps(results):
    yield "Where the instructions of a rebind go, by rebinds that fail at one check after the other:"
    for text, cost in results.steps():
        yield f"  {_count(cost):>6}  {text}"


def _aims(found):
    yield "Aims:"
    for aim in found:
        yield f"  {'reached: yes' if aim.reached else 'reached: NO '}  {aim.text}: {aim.found}"


def render(results):
    samples = results.measured["bind", figures.DEVICES[0]]["count"]
    lines = [
        f"Instructions (QEMU's -icount, one CPU), kernel and program; the median of {samples}.",
        "", *_table(results, figures.OPERATIONS, figures.DEVICES, "devices in the container"),
        "Mainline's figures: " + figures.SOURCE[0],
        *(" " * 20 + line for line in figures.SOURCE[1:]),
        "", *_strict_unmap(results), "", *_commands(results, figures.OPERATIONS, figures.DEVICES[0]),
        "", *_steps(results), "", *_aims(aims(results)),
    ]
    return "\n".join(lines) + "\n"


def render_pasids(results):
    ops, numbers = figures.PASID_OPERATIONS, figures.PASIDS
    lines = [
        "Instructions, as in bench.txt, on the lab's own QEMU. The guest's table has two levels and a"
        " valid descriptor for",
        "each of so many PASIDs, which the device has used. Mainline was not measured with any.",
        "", *_table(results, ops, numbers, "PASIDs in the table"),
        "", *_commands(results, ops, numbers[-1]), "", *_aims(pasid_aims(results)),
    ]
    return "\n".join(lines) + "\n"
