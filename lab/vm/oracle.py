# SPDX-License-Identifier: GPL-2.0-only
"""The oracle answers the machine's questions about itself, from outside.

One request a line, one answer a line:
  mark NAME         ok; what follows is about what happens from now on
  ste SID           the 8 quad-words of the entry that the SMMU sees (SID in hex)
  cmds              the SMMU's commands since the mark, in order
  count OPCODE      how many of them have an opcode that starts so
  events            the SMMU's events since the mark, in order
  translations SID  how many accesses were translated, by stage
  mem ADDR LEN      bytes of physical memory, in hex; at most 4096
  reg OFFSET        a register of the SMMU, 32 bits in hex (OFFSET in hex)
  unplug N          ok; the N-th NVMe controller will be taken out of its port
  plug N            ok; and put in again, once it is out
A list that is empty is "-". What fails is "error TEXT".
"""

import threading
import time

from . import machine, trace
from .qmp import QmpError
from .ste import SMMU_BASE, StreamTable, StreamTableError

MEM_MAX = 4096
ANSWER_MAX = 1 << 20
REQUEST_MAX = 4096
PLUG_TRIES = 50
PLUG_WAIT = 0.1  # seconds
# Pages 0 and 1 of the SMMU, of 64 KiB each
REGISTERS_SIZE = 0x20000


class BadRequest(Exception):
    """The machine asked something that has no answer."""


def _number(text, base):
    try:
        value = int(text, base)
    except ValueError:
        raise BadRequest(f"{text} is not a number") from None
    if value < 0:
        raise BadRequest(f"{text} is negative")
    return value


def _line(words):
    return " ".join(words) or "-"


class Ports:
    """Where devices come and go while the machine runs. What is asked for takes its time."""

    def __init__(self, qmp):
        self._qmp = qmp

    def unplug(self, number):
        self._qmp.execute("device_del", id=machine.nvme(number)["id"])

    def plug(self, number):
        """The one that was unplugged may hold its port for a moment longer."""
        for left in range(PLUG_TRIES - 1, -1, -1):
            try:
                self._qmp.execute("device_add", **machine.nvme(number))
                return
            except QmpError:
                if not left:
                    raise
                time.sleep(PLUG_WAIT)


class Oracle:
    """Holds the mark. answer() never raises: what is wrong is in the answer."""

    def __init__(self, trace_file, memory, ports=None):
        self._trace = trace_file
        self._memory = memory
        self._ports = ports
        self._requests = {
            "mark": (1, self._mark), "ste": (1, self._ste), "cmds": (0, self._cmds),
            "count": (1, self._count), "events": (0, self._events),
            "translations": (1, self._translations),
            "mem": (2, self._mem), "reg": (1, self._reg),
            "unplug": (1, self._unplug), "plug": (1, self._plug),
        }

    def _mark(self, _name):
        self._trace.mark()
        return "ok"

    def _ste(self, sid):
        entry = StreamTable(self._memory).entry(_number(sid, 16))
        return _line(f"{word:016x}" for word in entry)

    def _cmds(self):
        return _line(trace.commands(self._trace.lines()))

    def _count(self, opcode):
        return str(trace.count(self._trace.lines(), opcode))

    def _events(self):
        return _line(trace.events(self._trace.lines()))

    def _translations(self, sid):
        return _line(trace.translations(self._trace.lines(), _number(sid, 16)))

    def _mem(self, address, length):
        length = _number(length, 0)
        if length > MEM_MAX:
            raise BadRequest(f"{length} bytes are more than {MEM_MAX}")
        return self._memory.read(_number(address, 0), length).hex()

    def _reg(self, offset):
        offset = _number(offset, 16)
        if offset % 4 or offset >= REGISTERS_SIZE:
            raise BadRequest(f"there is no register at {offset:#x}")
        return f"{self._memory.register(SMMU_BASE + offset, 4):08x}"

    def _unplug(self, number):
        self._ports.unplug(_number(number, 10))
        return "ok"

    def _plug(self, number):
        self._ports.plug(_number(number, 10))
        return "ok"

    def _dispatch(self, request):
        name, *arguments = request.split() or [""]
        if name not in self._requests:
            raise BadRequest(f"unknown request {name!r}")
        count, handler = self._requests[name]
        if len(arguments) != count:
            raise BadRequest(f"{name} takes {count} arguments, not {len(arguments)}")
        return handler(*arguments)

    def answer(self, request):
        try:
            answer = self._dispatch(request)
        except (BadRequest, QmpError, StreamTableError, OSError) as error:
            return f"error {error}"
        if len(answer) >= ANSWER_MAX:
            return f"error the answer has {len(answer)} characters: set the mark later"
        return answer


def _requests(sock):
    """The lines that come in. A line without an end is dropped."""
    buffer = b""
    while True:
        data = sock.recv(65536)
        if not data:
            return
        *lines, buffer = (buffer + data).split(b"\n")
        yield from (line.decode("utf-8", "replace").strip() for line in lines)
        if len(buffer) > REQUEST_MAX:
            buffer = b""


def serve(sock, oracle, log):
    """Answers until the other side closes."""
    try:
        for request in _requests(sock):
            answer = oracle.answer(request)
            log.write(f"> {request}\n< {answer}\n")
            log.flush()
            sock.sendall(answer.encode() + b"\n")
    except OSError as error:
        log.write(f"# {error}\n")
    finally:
        sock.close()


def start(sock, oracle, log):
    thread = threading.Thread(target=serve, args=(sock, oracle, log), daemon=True)
    thread.start()
    return thread
