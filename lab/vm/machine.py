# SPDX-License-Identifier: GPL-2.0-only
"""The emulated machine's command line. QEMU runs inside the folder of the run, so
that the files and sockets in it have short names."""

import re
import shlex
import shutil
import subprocess

from . import features, trace

PROGRAM = "qemu-system-aarch64"
OLDEST = (9, 2)
CPU = "cortex-a57"
MEMORY_MIB = 1024
EDU_SLOT = 2
EDU_MAX = 24
PORT_SLOT = EDU_SLOT + EDU_MAX
NVME_MAX = 4
BLK_SLOT = 0x1e
DISK_SECTORS = 256

PORT = "org.guest-stage."
CONSOLE, OUTPUT, VERDICT = "console.log", "output.log", "verdict.log"
COVERAGE = "coverage.tar"
TRACE, ORACLE_LOG, QEMU_LOG = "trace.log", "oracle.log", "qemu.log"
QMP_SOCKET, ORACLE_SOCKET = "qmp.sock", "oracle.sock"
INITRD, DISK, COMMAND = "initrd.cpio", "disk.img", "command"
MEDIA = tuple(f"nvme{number}.img" for number in range(NVME_MAX))

APPEND = ("console=ttyAMA0", "panic=-1", "panic_on_warn=1", "loglevel=7",
          "arm_smmu_v3.allow_unsafe_guest_stage=1")
# With a device tree the kernel switches ACS on too late. Without it a device behind a root
# port shares the port's group, and takes the port's own interrupts into its container.
ISOLATE_PORTS = "pci=config_acs=xx111x1@pci:1b36:000c"


class MachineError(Exception):
    """The machine asked for cannot be had here."""


class Options:
    """What differs from one run to the next."""

    def __init__(self, kernel, append="", smp=2, icount=None, edus=4, cpu=CPU,
                 devices=(), patterns=trace.PATTERNS,
                 memory=MEMORY_MIB, nvmes=0, features=()):
        self.kernel = kernel
        self.append = append
        self.smp = smp
        self.icount = icount
        self.edus = edus
        self.cpu = cpu
        self.devices = devices
        self.patterns = patterns
        self.memory = memory
        self.nvmes = nvmes
        self.features = features


def check(options):
    if options.icount is not None and not 0 <= options.icount <= 10:
        raise MachineError("--icount takes 0 to 10")
    if options.icount is not None and options.smp != 1:
        raise MachineError("--icount needs --smp 1: instructions are counted on one CPU")
    if not 0 <= options.edus <= EDU_MAX:
        raise MachineError(f"--edus takes 0 to {EDU_MAX}")
    if not 0 <= options.nvmes <= NVME_MAX:
        raise MachineError(f"--nvmes takes 0 to {NVME_MAX}")
    if not 128 <= options.memory <= 8192:
        raise MachineError("--memory takes 128 to 8192 MiB")
    if not 1 <= options.smp <= 4:
        raise MachineError("--smp takes 1 to 4")


def find_program(name=PROGRAM):
    """The path of a QEMU whose SMMU can nest."""
    path = shutil.which(name)
    if not path:
        raise MachineError(f"there is no {name}" + ("" if "/" in name else ": run make setup"))
    text = subprocess.run([path, "--version"], capture_output=True, text=True,
                          check=False).stdout
    match = re.search(r"version (\d+)\.(\d+)", text)
    if not match or (int(match[1]), int(match[2])) < OLDEST:
        found = match[0] if match else "no version"
        raise MachineError(f"{path} says {found}: its SMMU nests from {OLDEST[0]}.{OLDEST[1]}"
                           " on; run make setup")
    return path


def disk_image():
    """Each sector says which one it is."""
    return b"".join((b"guest-stage sector %06d\n" % number).ljust(512, b".")
                    for number in range(DISK_SECTORS))


def _cpus(options):
    arguments = ["-cpu", options.cpu, "-smp", str(options.smp), "-m", f"{options.memory}M"]
    if options.icount is not None:
        arguments += ["-icount", f"shift={options.icount},sleep=off"]
    return arguments


def _kernel(options):
    ports = options.nvmes or any("pcie-root-port" in device for device in options.devices)
    isolation = (ISOLATE_PORTS,) if ports else ()
    append = " ".join((*APPEND, *isolation, options.append)).strip()
    return ["-kernel", options.kernel, "-initrd", INITRD, "-append", append]


def _port(name, chardev):
    return ["-chardev", f"{chardev},id={name}",
            "-device", f"virtserialport,chardev={name},name={PORT}{name}"]


def _channels():
    """The console, and what the lab speaks through. virtio-mmio causes no PCI traffic."""
    return [
        "-chardev", f"stdio,id=console,mux=on,signal=off,logfile={CONSOLE}",
        "-serial", "chardev:console",
        "-qmp", f"unix:{QMP_SOCKET},server=on,wait=off",
        "-device", "virtio-serial-device",
        *_port("oracle", f"socket,path={ORACLE_SOCKET},server=on,wait=off"),
        *_port("output", f"file,path={OUTPUT}"),
        *_port("verdict", f"file,path={VERDICT}"),
        *_port("coverage", f"file,path={COVERAGE}"),
    ]


def nvme(number):
    """As device_add takes it. Its queues fit into its own memory. A transfer that can't be
    translated waits for a bounce buffer, and QEMU crashes if the controller is reset while
    one waits: there is room for all. What it didn't get to complete keeps an unplugged one
    alive, so the next shares its medium with it.
    """
    return {"driver": "nvme", "id": f"nvme{number}", "bus": f"port{number}",
            "serial": f"guest-stage-{number}", "drive": f"medium{number}",
            "cmb_size_mb": 1, "x-max-bounce-buffer-size": 1 << 20, "share-rw": True}


def _root_port(name, slot):
    """It resets what is behind it, and lets that be unplugged."""
    return ["-device", f"pcie-root-port,id={name},bus=pcie.0,addr={slot:#x},"
                       f"chassis={slot},slot={slot}"]


def _edu_arguments(slot, behind_port):
    device = "dma_mask=0xffffffffffffffff"
    if not behind_port:
        return ["-device", f"edu,bus=pcie.0,addr={slot:#x},{device}"]
    return [*_root_port(f"slot{slot}", slot), "-device", f"edu,bus=slot{slot},{device}"]


def _nvme_arguments(number):
    return [*_root_port(f"port{number}", PORT_SLOT + number),
            "-blockdev", f"driver=raw,node-name=medium{number},file.driver=file,"
                         f"file.filename={MEDIA[number]}",
            "-device", ",".join(f"{key}={'on' if value is True else value}"
                                for key, value in nvme(number).items()
                                ).removeprefix("driver=")]


def _devices(options):
    """edu does what VFIO's user says; virtio-blk has a driver in the kernel. Beside
    controllers the edus are behind root ports as these are.
    """
    arguments = []
    for slot in range(EDU_SLOT, EDU_SLOT + options.edus):
        arguments += _edu_arguments(slot, options.nvmes > 0)
    arguments += [
        "-blockdev", f"driver=raw,node-name=disk,file.driver=file,file.filename={DISK}",
        "-device", f"virtio-blk-pci,bus=pcie.0,addr={BLK_SLOT:#x},drive=disk,iommu_platform=on,"
                   "disable-legacy=on",
    ]
    for number in range(options.nvmes):
        arguments += _nvme_arguments(number)
    for device in options.devices:
        arguments += ["-device", device]
    return arguments


def _tracing(options):
    arguments = ["-D", TRACE]
    for pattern in options.patterns:
        arguments += ["-trace", pattern]
    return arguments


def command(program, options):
    return [program, "-M", "virt,gic-version=3,iommu=smmuv3", "-accel", "tcg",
            *_cpus(options), "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", *_kernel(options), *_channels(),
            *features.arguments(options.features), *_devices(options), *_tracing(options)]


def pasteable(folder, arguments):
    return f"(cd {shlex.quote(str(folder))} && {shlex.join(arguments)})"
