# SPDX-License-Identifier: GPL-2.0-only
"""One run of the machine: prepare its folder, start QEMU, watch, stop it."""

import contextlib
import fcntl
import os
import subprocess
import time

from . import machine, oracle, qmp, sockets
from .trace import TraceFile

POLL = 0.02
STOP_GRACE = 5
_OLD = (machine.CONSOLE, machine.OUTPUT, machine.VERDICT, machine.COVERAGE, machine.TRACE,
        machine.ORACLE_LOG, machine.QEMU_LOG, machine.QMP_SOCKET, machine.ORACLE_SOCKET)


class RunError(Exception):
    """The run cannot start."""


@contextlib.contextmanager
def locked(folder):
    """One run at a time in a folder. The lock goes with the process."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"another run uses {folder}: wait, or give --out") from None
        yield


def _write(folder, name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def prepare(folder, initrd, arguments):
    """All that the machine needs, so that the command in the folder can be repeated."""
    for name in _OLD:
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            os.unlink(path)
    _write(folder, machine.INITRD, initrd)
    for name in (machine.DISK, *machine.MEDIA):
        _write(folder, name, machine.disk_image())
    _write(folder, machine.TRACE, b"")
    line = machine.pasteable(folder, arguments)
    _write(folder, machine.COMMAND, f"#!/bin/sh\n{line}\n".encode())
    os.chmod(os.path.join(folder, machine.COMMAND), 0o755)


def read_lines(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [line.rstrip("\r") for line in text.split("\n")]


class Follower:
    """Passes on the whole lines that were added to a file."""

    def __init__(self, path, write):
        self._path = path
        self._write = write
        self._file = None
        self._rest = b""

    def poll(self, last=False):
        if not self._file:
            try:
                self._file = open(self._path, "rb")
            except FileNotFoundError:
                return
        whole, newline, self._rest = (self._rest + self._file.read()).rpartition(b"\n")
        if last:
            whole, newline, self._rest = whole + newline, self._rest, b""
        if whole or newline:
            self._write((whole + newline).decode("utf-8", "replace"))
        if last:
            self._file.close()


class Machine:
    """A running QEMU. Use as a context: leaving it ends the process."""

    def __init__(self, folder, arguments, memory, interactive=False):
        self._folder = folder
        self._arguments = arguments
        self._memory = memory << 20
        self._interactive = interactive
        self._process = None
        self._log = None
        self._oracle = None

    def __enter__(self):
        self._log = open(self._path(machine.ORACLE_LOG), "w", encoding="utf-8")
        try:
            self._process = self._spawn()
            self._serve_oracle()
        except (qmp.QmpError, ConnectionError) as problem:
            reason = self._reason(problem)
            self.__exit__(None, None, None)
            raise reason from problem
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _reason(self, problem):
        """QEMU says itself why it refuses its options."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_GRACE)
        words = [line for line in read_lines(self._folder, machine.QEMU_LOG) if line]
        return RunError(f"{problem}: {words[-1]}\nlab: all its words: "
                        + self._path(machine.QEMU_LOG)) if words else problem

    def __exit__(self, *_exception):
        if self._process and self._process.poll() is None:
            self._stop()
        if self._oracle:
            self._oracle.join(STOP_GRACE)
        self._log.close()

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _spawn(self):
        """It does not outlive this process, however that ends."""
        arguments = ["setpriv", "--pdeathsig", "TERM", *self._arguments]
        if self._interactive:
            return subprocess.Popen(arguments, cwd=self._folder)
        with open(self._path(machine.QEMU_LOG), "wb") as log:
            return subprocess.Popen(arguments, cwd=self._folder, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=log)

    def _connect(self, name):
        return sockets.connect(self._path(name), lambda: self._process.poll() is None)

    def _serve_oracle(self):
        sock = self._connect(machine.ORACLE_SOCKET)
        control = qmp.Qmp(self._connect(machine.QMP_SOCKET))
        answers = oracle.Oracle(TraceFile(self._path(machine.TRACE)),
                                qmp.Memory(control, self._memory),
                                oracle.Ports(control))
        self._oracle = oracle.start(sock, answers, self._log)

    def _stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self, timeout, follow=lambda last=False: None):
        """The exit status, or None if it was still running after timeout seconds."""
        deadline = time.monotonic() + timeout
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                self._stop()
                follow(last=True)
                return None
            follow()
            time.sleep(POLL)
        follow(last=True)
        return self._process.returncode
