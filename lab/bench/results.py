# SPDX-License-Identifier: GPL-2.0-only
"""What the bench's program measured, and whether the aims are reached."""

import json
from dataclasses import asdict, dataclass

from . import figures


class ResultsError(Exception):
    """The program's report is not whole."""


@dataclass(frozen=True)
class Aim:
    text: str
    found: str
    reached: bool


class Results:
    """Medians by operation and number of devices, or of PASIDs."""

    def __init__(self):
        self.measured = {}

    def add(self, fields):
        unit = "pasids" if "pasids" in fields else "devices"
        self.measured[fields["operation"], fields[unit]] = fields

    def median(self, operation, number):
        try:
            return self.measured[operation, number]["median"]
        except KeyError:
            raise ResultsError(f"{operation} was not measured with {number}") from None

    def medians(self, operation, numbers=figures.DEVICES):
        return [self.median(operation, number) for number in numbers]

    def commands(self, operation, number=figures.DEVICES[0]):
        return self.measured[operation, number]["commands"]

    def steps(self):
        """Pairs of what a step does and what it costs."""
        before = 0
        for name, text in figures.STEPS:
            cost = self.median(name, figures.DEVICES[0])
            yield text, cost - before
            before = cost


def read(lines):
    """The lines of JSON among those that the program wrote."""
    results, done = Results(), False
    for line in lines:
        if not line.startswith("{"):
            continue
        try:
            fields = json.loads(line)
            if "operation" in fields:
                results.add(fields)
            done = done or fields.get("done", False)
        except (KeyError, ValueError) as error:
            raise ResultsError(f"cannot read '{line}': {error}") from error
    if not done:
        raise ResultsError("the program did not get to its end")
    return results


def _rebind_aim(results):
    worst = max(results.medians("rebind"))
    return Aim(f"a rebind costs a third of mainline's attach or less, {figures.REBIND_MOST:,}",
               f"{worst:,}", worst <= figures.REBIND_MOST)


def _flat_aim(results, operation):
    least, most = min(results.medians(operation)), max(results.medians(operation))
    spread = 100 * (most - least) / least
    return Aim(f"{operation} is flat: within {figures.FLAT_PERCENT}% with 1, 4 and 16 devices",
               f"{least:,} to {most:,}, {spread:.1f}%", spread <= figures.FLAT_PERCENT)


def _invalidate_aim(results, operation, part):
    op = next(op for op in figures.OPERATIONS if op.name == operation)
    most = int(op.mainline * part)
    worst = max(results.medians(operation))
    return Aim(f"{op.title}: {part:.0%} of mainline's or less, {most:,}", f"{worst:,}",
               worst <= most)


def aims(results):
    return [_rebind_aim(results), _flat_aim(results, "bind"), _flat_aim(results, "unbind"),
            *(_invalidate_aim(results, *item) for item in figures.INVALIDATE_MOST.items())]


def _same_aim(results, operation):
    found = results.medians(operation + "_pasids", figures.PASIDS)
    spread = 100 * (max(found) - min(found)) / min(found)
    return Aim(f"{operation} costs the same with 1, 1,000 and 2^16 PASIDs in the table: within"
               f" {figures.SAME_PERCENT}%", f"{min(found):,} to {max(found):,}, {spread:.1f}%",
               spread <= figures.SAME_PERCENT)


def _cfgi_cd_aim(results, operation, text):
    """With the most of the one, and the least of the other."""
    limit = figures.CFGI_CD_PERCENT[operation]
    most = max(results.medians(operation, figures.PASIDS))
    tlbi = min(results.medians("tlbi", figures.PASIDS))
    more = 100 * (most - tlbi) / tlbi
    return Aim(f"a CFGI_CD by SSID {text}: up to {limit}% more",
               f"{most:,} and {tlbi:,}, {more:.1f}%", more <= limit)


def pasid_aims(results):
    return [_same_aim(results, "bind"), _same_aim(results, "unbind"),
            _cfgi_cd_aim(results, "cfgi_cd", "costs little more than a TLBI"),
            _cfgi_cd_aim(results, "cfgi_cd_in_turn",
                         "of another device than the last costs the look-up more")]


def as_json(results, pasids=None):
    """pasids: the results with those, if there are any."""
    measured, reached = [*results.measured.values()], aims(results)
    if pasids:
        measured += pasids.measured.values()
        reached += pasid_aims(pasids)
    return json.dumps({
        "unit": "instructions",
        "measured": measured,
        "mainline": {op.name: op.mainline for op in figures.OPERATIONS if op.mainline},
        "mainline_source": " ".join(figures.SOURCE),
        "steps_of_a_rebind": dict(results.steps()),
        "aims": [asdict(aim) for aim in reached],
    }, indent=1) + "\n"
