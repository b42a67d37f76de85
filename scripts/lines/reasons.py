# SPDX-License-Identifier: GPL-2.0-only
"""linux/coverage: why lines are not reached. Its form stands in its first lines."""

import re
from typing import NamedTuple

from .measure import Unusable

RARE = "? "


class Place(NamedTuple):
    """Lines that have a reason. If it is rare that they run, that they do is no error."""
    reason: str
    words: str
    file: str
    function: str
    text: str
    rare: bool

    def matches(self, line):
        return (("/" + line.file).endswith("/" + self.file)
                and bool(re.fullmatch(self.function, line.function))
                and bool(re.search(self.text, line.text)))


def parse_place(reason, words):
    parts = words.removeprefix(RARE).split(None, 2)
    if not reason or len(parts) < 2:
        raise Unusable(f"linux/coverage: not FILE FUNCTION [TEXT] below a reason: {words}")
    return Place(reason, words, parts[0], parts[1], "".join(parts[2:]), words.startswith(RARE))


def parse(text):
    places, reason = [], ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            places.append(parse_place(reason, line.strip()))
        else:
            reason = line.strip()
    return places


def not_built(unknown, places):
    """The files that aren't built and have no reason, and the places in built ones."""
    reasons = {name: [place for place in places if ("/" + name).endswith("/" + place.file)]
               for name in unknown}
    used = {place for fitting in reasons.values() for place in fitting}
    return ([name for name in unknown if not reasons[name]],
            [place for place in places if place not in used])


def explain(missed, places):
    """[(line, its reason or "")], and the places at which nothing is missed."""
    explained, used = [], set()
    for line in missed:
        fitting = [place for place in places if place.matches(line)]
        explained.append((line, fitting[0].reason if fitting else ""))
        used.update(fitting)
    return explained, [place for place in places if place not in used and not place.rare]
