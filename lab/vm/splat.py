# SPDX-License-Identifier: GPL-2.0-only
"""Finds in a console log what a kernel says when something is wrong with it."""

import re

_SIGNS = (
    r"Kernel panic",
    r"WARNING: ",
    r"BUG: ",
    r"UBSAN: ",
    r"Internal error: ",
    r"Unable to handle kernel ",
    r"kernel BUG at ",
    r"INFO: possible (?:recursive|circular)",
    r"INFO: task .* blocked for more than",
    r"INFO: .*detected (?:expedited )?stall",
    r"INFO: trying to register non-static key",
    r"INFO: inconsistent lock state",
    r"watchdog: BUG",
    r"refcount_t: ",
    r"list_(?:add|del) corruption",
    r"kmemleak: [1-9]\d* new suspected memory leaks",
    r"kmemleak: .*(?:has been disabled|is disabled|Too many)",
    r"turning off the locking correctness validator",
    r"SError",
    r"arm-smmu-v3 .*(?:CMDQ error|CMD_SYNC timeout|unexpected global error)",
)
# GERROR.EVENTQ_ABT_ERR alone: what Debian's SMMU says of an event queue that is full, where
# hardware sets an overflow flag. A device that makes events in real time can get ahead of
# an emulated CPU that takes them.
FULL_EVENT_QUEUE = r"unexpected global error reported \(0x00000004\)"

_SPLAT = re.compile(r"^\[ *\d+\.\d+\](?:\[[^]]*\])? .*?(?:" + "|".join(_SIGNS) + ")")


def find(lines, allowed=()):
    """The lines in which a splat starts. Only the kernel's own lines count, which
    have a timestamp, and not those that match an allowed pattern."""
    patterns = [re.compile(pattern) for pattern in allowed]
    return [line for line in lines
            if _SPLAT.match(line) and not any(p.search(line) for p in patterns)]
