# SPDX-License-Identifier: GPL-2.0-only
"""One stage that runs."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

from .stages import BUILD

ROOT = Path(__file__).resolve().parent.parent.parent
INTERRUPTED = 130


class Result(NamedTuple):
    counts: tuple = (0, 1, 0)       # passed, failed, skipped
    skips: dict = {}                # {reason: how often}
    failures: list = []             # names of tests
    text: str = ""                  # what scripts/stage printed
    interrupted: bool = False


class Job:
    """scripts/stage with the command of a stage; its line is kept until the stage ends."""

    def __init__(self, stage, scratch):
        self.stage = stage
        self.tally = Path(scratch) / stage.name
        self.line = Path(scratch) / (stage.name + ".line")
        # Where somebody waits for a test's answer, a build waits.
        nice = ["nice"] if stage.cores == BUILD else []
        with open(self.line, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [*nice, str(ROOT / "scripts/stage"), "check-" + stage.name, stage.title,
                 *stage.command.split()], env={**os.environ, "STAGE_TALLY": str(self.tally)},
                stdout=out)

    def poll(self):
        """Its Result, or None while it runs."""
        if self.process.poll() is None:
            return None
        return self._result(self.process.returncode)

    def _result(self, status):
        text = self.line.read_text(errors="replace")
        if status == INTERRUPTED:
            return Result(text=text, interrupted=True)
        try:
            result = json.loads(self.tally.read_text())
        except (OSError, ValueError):
            return Result(text=text)
        passed, failed, skipped = result["counts"]
        if status and not failed:
            failed = 1
        return Result((passed, failed, skipped), result["skips"], result["failures"], text)

    def progress(self):
        """Its name, and how much of it is done if it says that."""
        try:
            done, total = self.tally.with_suffix(".progress").read_text().split("/")
            share = f" {min(99, 100 * int(done) // int(total))}%"
        except (OSError, ValueError, ZeroDivisionError):
            share = ""
        return self.stage.name + share

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()
