# SPDX-License-Identifier: GPL-2.0-only
"""The root file system: busybox, the lab's init, and what a run adds."""

import os

from .cpio import Archive

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OWN = ("init", "usr/bin/timeout", "usr/bin/perl")


class RootfsError(Exception):
    """A file that should go into the machine is not there."""


def busybox_path():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "guest-stage", "busybox-arm64")


def _check_busybox(path):
    if not os.path.isfile(path):
        raise RootfsError(f"there is no {path}: run scripts/fetch-busybox")
    with open(path, "rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF" or head[18:20] != b"\xb7\0":
        raise RootfsError(f"{path} is no arm64 program: run scripts/fetch-busybox")


def split_addition(text):
    """SOURCE:TARGET, as --add takes it."""
    source, colon, target = text.rpartition(":")
    if not colon or not source or not target.startswith("/"):
        raise RootfsError(f"{text} is not SOURCE:/TARGET")
    if not os.path.exists(source):
        raise RootfsError(f"there is no {source} to put into the machine")
    return source, target


def base(additions=(), busybox=None):
    """The archive that is the same for all runs. additions are pairs."""
    busybox = busybox or busybox_path()
    _check_busybox(busybox)
    archive = Archive()
    archive.add_file("bin/busybox", os.path.realpath(busybox))
    archive.add_link("bin/sh", "busybox")
    for target in OWN:
        archive.add_file(target, os.path.join(LAB, "machine", os.path.basename(target)))
    for source, target in additions:
        archive.add_tree(target, os.path.realpath(source))
    return archive.pack()


def overlay(command, settings):
    """What one run adds to it: its command and its settings."""
    archive = Archive()
    archive.add_data("lab/command", command.encode() + b"\n")
    lines = "".join(f"{key}={value}\n" for key, value in settings.items())
    archive.add_data("lab/settings", lines.encode())
    return archive.pack()
