# SPDX-License-Identifier: GPL-2.0-only
"""What a verb says when it cannot go on."""

import sys


class Refused(Exception):
    """A sentence for the person: what is wrong, and what to do."""


def run(verb, main):
    """Runs a verb's main; a refusal becomes one sentence and exit code 1."""
    try:
        main()
    except Refused as reason:
        print(f"{verb}: {reason}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{verb}: interrupted; nothing was lost, run it again", file=sys.stderr)
        sys.exit(130)
