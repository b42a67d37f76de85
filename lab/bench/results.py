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
    """Medians by operation and number of devices."""

    def __init__(self):
        self.measured = {}

    def add(self, fields):
        self.measured[fields["operation"], fields["devices"]] = fields

    def median(self, operation, devices):
        try:
            return self.measured[operation, devices]["median"]
        except KeyError:
            raise ResultsError(f"{operation} with {devices} devices was not measured") from None

    def medians(self, operation):
        return [self.median(operation, devices) for devices in figures.DEVICES]

    def commands(self, operation):
        return self.measured[operation, figures.DEVICES[0]]["commands"]

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


def as_json(results):
    return json.dumps({
        "unit": "instructions",
        "measured": list(results.measured.values()),
        "mainline": {op.name: op.mainline for op in figures.OPERATIONS if op.mainline},
        "mainline_source": " ".join(figures.SOURCE),
        "steps_of_a_rebind": dict(results.steps()),
        "aims": [asdict(aim) for aim in aims(results)],
    }, indent=1) + "\n"
