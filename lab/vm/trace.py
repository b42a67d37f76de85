# SPDX-License-Identifier: GPL-2.0-only
"""What the SMMU did, from QEMU's trace file."""

import re

PATTERNS = ("smmuv3_cmdq_opcode", "smmuv3_cmdq_consume_error", "smmuv3_cmdq_cfgi_*",
            "smmuv3_cmdq_tlbi_*", "smmuv3_range_inval", "smmu_iotlb_inv_*",
            "smmuv3_cmdq_atc_*", "smmuv3_record_event", "smmuv3_translate_*")

_OPCODE = "smmuv3_cmdq_opcode <--- SMMU_CMD_"
_EVENT = re.compile(r"smmuv3_record_event (?:SMMU_EVT_)?(\S+) sid=0x([0-9a-f]+)")
_TRANSLATE = re.compile(r"smmuv3_translate_(\w+) \S+ sid=0x([0-9a-f]+) (?:.* stage=(\d))?")
_STAGES = {"1": "stage1", "2": "stage2", "3": "nested"}
_NONE = "-1"
_ORDER = ("sid", "ssid", "global", "start", "end", "vmid", "asid", "addr", "size", "pages",
          "cmd", "code")


class TraceFile:
    """QEMU writes each line whole before the command it is about completes."""

    def __init__(self, path):
        self.path = path
        self.position = 0

    def mark(self):
        with open(self.path, "rb") as file:
            self.position = file.seek(0, 2)

    def lines(self):
        """The whole lines since the mark, one at a time: there can be millions."""
        with open(self.path, "rb") as file:
            file.seek(self.position)
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1].decode("ascii", "replace")


class Command:
    """One SMMU command: its opcode and what later lines tell of its operands."""

    def __init__(self, opcode):
        self.opcode = opcode
        self.fields = {}
        self.pages = 0

    def word(self):
        fields = dict(self.fields)
        if self.pages > 1:
            fields["pages"] = self.pages
        operands = ",".join(f"{key}={fields[key]}" for key in _ORDER if key in fields)
        return f"{self.opcode}:{operands}" if operands else self.opcode

    def add_sid(self, match):
        self.fields["sid"] = match[1]

    def add_cd(self, match):
        """Index 0 goes without saying; Debian's QEMU doesn't say it."""
        self.add_sid(match)
        if match[2] and int(match[2], 16):
            self.fields["ssid"] = match[2]

    def add_atc(self, match):
        self.add_sid(match)
        if match[2] == "1":
            self.fields["ssid"] = match[3]
        if match[4] == "1":
            self.fields["global"] = "1"
        self.fields.update(addr=match[5], size=match[6])

    def add_sid_range(self, match):
        self.fields.update(start=match[1], end=match[2])

    def add_tags(self, match):
        for key, value in match.groupdict().items():
            if value is not None and value != _NONE:
                self.fields.setdefault(key, value)

    def add_range(self, match):
        """QEMU splits a range in powers of two: one line each."""
        self.add_tags(match)
        self.fields.setdefault("addr", match[3])
        self.pages += int(match[4], 16)


_OPERANDS = (
    (re.compile(r"smmuv3_cmdq_cfgi_ste streamid= 0x([0-9a-f]+)"), Command.add_sid),
    (re.compile(r"smmuv3_cmdq_cfgi_cd(?:_all)? sid=0x([0-9a-f]+)(?: ssid=0x([0-9a-f]+))?"),
     Command.add_cd),
    (re.compile(r"smmuv3_cmdq_atc_inv sid=0x([0-9a-f]+) ssv=(\d) ssid=0x([0-9a-f]+) "
                r"global=(\d) addr=(0x[0-9a-f]+) size=(0x[0-9a-f]+)"), Command.add_atc),
    (re.compile(r"smmuv3_cmdq_cfgi_ste_range start=0x([0-9a-f]+) - end=0x([0-9a-f]+)"),
     Command.add_sid_range),
    (re.compile(r"smmuv3_range_inval vmid=(?P<vmid>-?\d+) asid=(?P<asid>-?\d+) "
                r"addr=(0x[0-9a-f]+) tg=\d+ num_pages=0x([0-9a-f]+)"), Command.add_range),
    (re.compile(r"smmuv3_cmdq_tlbi_nh vmid=(?P<vmid>-?\d+)"), Command.add_tags),
    (re.compile(r"smmuv3_cmdq_tlbi_nh_asid asid=(?P<asid>-?\d+)"), Command.add_tags),
    (re.compile(r"smmuv3_cmdq_tlbi_s12_vmid vmid=(?P<vmid>-?\d+)"), Command.add_tags),
    (re.compile(r"smmu_iotlb_inv_\w+ IOTLB invalidate (?:asid=(?P<asid>-?\d+) )?"
                r"vmid=(?P<vmid>-?\d+)"), Command.add_tags),
)
_ERROR = re.compile(r"smmuv3_cmdq_consume_error Error on SMMU_CMD_(\S+) command execution: (\d+)")


def _add_operands(command, line):
    for pattern, add in _OPERANDS:
        match = pattern.match(line)
        if match:
            add(command, match)
            return


def commands(lines):
    """The commands in order, one word each; CERROR follows one that was refused."""
    found = []
    for line in lines:
        if line.startswith(_OPCODE):
            found.append(Command(line[len(_OPCODE):].strip()))
        elif match := _ERROR.match(line):
            error = Command("CERROR")
            error.fields.update(cmd=match[1], code=match[2])
            found.append(error)
        elif found:
            _add_operands(found[-1], line)
    return [command.word() for command in found]


def count(lines, opcode):
    """How many commands since the mark have an opcode that starts so."""
    start = _OPCODE + opcode
    return sum(line.startswith(start) for line in lines)


def events(lines):
    """The events that the SMMU recorded, in order, one word each."""
    matches = (_EVENT.match(line) for line in lines)
    return [f"{match[1]}:sid={match[2]}" for match in matches if match]


def translations(lines, sid):
    """How often a stream's accesses were translated, by stage, passed or stopped."""
    counts = dict.fromkeys((*_STAGES.values(), "bypass", "abort"), 0)
    for line in lines:
        match = _TRANSLATE.match(line)
        if not match or int(match[2], 16) != sid:
            continue
        kind = _STAGES.get(match[3], match[1])
        counts[kind] = counts.get(kind, 0) + 1
    return [f"{kind}={count}" for kind, count in counts.items()]
