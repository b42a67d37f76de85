# SPDX-License-Identifier: GPL-2.0-only
"""Calls lab/run from another program, and lets it stop its machine when interrupted."""

import os
import subprocess

from .rootfs import LAB

# What lab/run returns if there is no machine to judge.
NOT_STARTED = 2


def lab_run(arguments):
    """The exit status, and what it says on standard error. subprocess.run would kill it
    a quarter of a second after an interrupt, and leave QEMU behind."""
    command = [os.path.join(LAB, "run"), *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            _output, complaints = process.communicate()
        except KeyboardInterrupt:
            process.wait()
            raise
    return process.returncode, complaints
