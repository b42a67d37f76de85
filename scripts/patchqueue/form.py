# SPDX-License-Identifier: GPL-2.0-only
"""One stored patch.

    subject
    <blank>
    body
    ---
    new: PATH               every file that it adds, sorted; their content is in src/
    diff --git a/... b/...  its edits to files of the base, without index lines
"""

import re
from dataclasses import dataclass, field

from .errors import Refused

NAME = re.compile(r"(\d{4})-([a-z0-9][a-z0-9-]*)\.patch")
COVER = "0000-cover-letter.patch"

# git am would take each of these for the end of the message or for a header.
MESSAGE_ENDS = re.compile(r"^(---|diff |Index: )", re.M)
HEADER = re.compile(r"^(From|Date|Subject|Author)(:| )", re.I)
SIGNED = re.compile(r"^Signed-off-by: .*\n?", re.M | re.I)
HUNK = re.compile(r"^@@ -\d+(,\d+)? \+\d+(,\d+)? @@.*$", re.M)


@dataclass
class Patch:
    subject: str
    body: str
    new: list = field(default_factory=list)
    edits: str = ""

    @property
    def message(self):
        return f"{self.subject}\n\n{self.body}\n" if self.body else f"{self.subject}\n"

    @property
    def edited(self):
        return re.findall(r"^diff --git a/(.*) b/\1$", self.edits, re.M)


def slug(subject):
    return re.sub("[^a-z0-9]+", "-", subject.lower()).strip("-")[:52].strip("-")


def number(name):
    return int(NAME.fullmatch(name).group(1))


def split_message(message):
    """(subject, body) of a commit message; sign-offs belong to the series only."""
    head, _, rest = SIGNED.sub("", message).strip("\n").partition("\n\n")
    return " ".join(head.split("\n")), rest.strip("\n")


def check_message(subject, body, where):
    """Refuses what a mail would not carry unchanged."""
    if not subject:
        raise Refused(f"{where} has no subject")
    if subject.startswith("["):
        raise Refused(f"{where}: git am drops a [bracket] at the start of a subject; "
                      "write it without")
    if not slug(subject):
        raise Refused(f"{where}: the subject needs a letter or a digit")
    found = MESSAGE_ENDS.search(body)
    if found:
        raise Refused(f"{where}: a line of the message starts with \"{found.group(1)}\", "
                      "which ends the message of a mail; indent or reword it")
    if HEADER.match(body):
        raise Refused(f"{where}: the body starts like a mail header; reword its first line")


def parse(text, where):
    """A stored patch's fields. Refuses a malformed one."""
    message, mark, rest = text.partition("\n---\n")
    if not mark:
        raise Refused(f"{where}: the line --- after the message is missing")
    subject, _, body = (message + "\n").partition("\n\n")
    if "\n" in subject:
        raise Refused(f"{where}: a blank line has to follow the subject")
    body = body.strip("\n")
    check_message(subject, body, where)
    new = []
    while rest.startswith("new: "):
        line, _, rest = rest.partition("\n")
        new.append(line[len("new: "):])
    if rest and not rest.startswith("diff --git "):
        raise Refused(f"{where}: after --- only \"new: PATH\" lines and a diff may stand")
    if new != sorted(set(new)):
        raise Refused(f"{where}: the \"new:\" lines are not sorted, or one stands twice")
    for path in new:
        if path.startswith("/") or ".." in path.split("/") or path != path.strip():
            raise Refused(f"{where}: \"new: {path}\" is not a path inside the source")
    if not new and not rest:
        raise Refused(f"{where}: it neither adds nor edits a file")
    return Patch(subject, body, new, rest)


def render(patch):
    message = f"{patch.subject}\n\n" + (f"{patch.body}\n" if patch.body else "")
    return message + "---\n" + "".join(f"new: {p}\n" for p in patch.new) + patch.edits


def parse_cover(text, where):
    subject, _, body = text.strip("\n").partition("\n\n")
    if not body or "\n" in subject:
        raise Refused(f"{where}: a cover letter is a subject, a blank line and a body")
    return subject, body


def without_places(text):
    """The text with the line numbers of its hunks taken out."""
    return HUNK.sub("@@", text)


def choose_numbers(subjects, stored):
    """A number for each subject, in order.

    @stored: {subject: number} of the present files. Those that keep their order keep
    their number; a new patch gets one between its neighbours, in tens at the end.
    Where no number is left between two, all are renumbered in tens.
    """
    numbers = _increasing([stored.get(s) for s in subjects])
    at = 0
    while at < len(numbers):
        if numbers[at] is not None:
            at += 1
            continue
        end = at
        while end < len(numbers) and numbers[end] is None:
            end += 1
        low = numbers[at - 1] if at else 0
        count = end - at
        if end == len(numbers):
            fill = [low // 10 * 10 + 10 * i for i in range(1, count + 1)]
        else:
            step = (numbers[end] - low) // (count + 1)
            if step < 1:
                return [10 * i for i in range(1, len(subjects) + 1)]
            fill = [low + step * i for i in range(1, count + 1)]
        numbers[at:end] = fill
        at = end
    return numbers


def _increasing(values):
    """The values with the fewest replaced by None so that the rest increase."""
    best = []                   # best[i]: longest increasing run that ends at i
    for i, value in enumerate(values):
        run = []
        if value is not None:
            before = [best[j] for j in range(i)
                      if values[j] is not None and values[j] < value]
            run = max(before, key=len, default=[]) + [i]
        best.append(run)
    keep = set(max(best, key=len, default=[]))
    return [v if i in keep else None for i, v in enumerate(values)]
