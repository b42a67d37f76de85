# SPDX-License-Identifier: GPL-2.0-only
"""Unix sockets whose path may be longer than their address can hold."""

import os
import socket
import time

TIMEOUT = 10


def _try_connect(path):
    folder = os.open(os.path.dirname(path) or ".", os.O_PATH | os.O_DIRECTORY)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        return sock
    except OSError:
        sock.close()
        raise
    finally:
        os.close(folder)


def connect(path, alive=lambda: True):
    """Waits until a program that was just started listens, while it is alive."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return _try_connect(path)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            if not alive():
                raise ConnectionError("QEMU ended at once") from error
            if time.monotonic() > deadline:
                raise ConnectionError(f"nothing listens on {path}") from error
        time.sleep(0.01)
