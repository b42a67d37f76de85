# SPDX-License-Identifier: GPL-2.0-only
"""What the SMMU of the lab's own QEMU (make qemu) has and that of Debian's lacks.

  ssid[=BITS]   substreams, a SubstreamID of so many bits (default 16)
  ats           ATS, as far as stream table and command queue go
  s2fwb         stage 2 forced write-back
  msi           interrupts as messages; Linux has CMD_SYNC write one and polls that
  smmu2[=PROPERTY=VALUE...]
                a second SMMU, for a root bus of its own with a root port, "port2nd",
                that takes one -device ...,bus=port2nd; its properties are those given,
                like ssidsize=4,s2fwb=on, and not the first one's
"""

import os

PROGRAM = os.path.join("build", "qemu-build", "qemu-system-aarch64")
SSID_BITS = 16
SSID_MAX = 20
PXB_SLOT = 0x1f
PXB_BUS = 0x40
FLAGS = ("ats", "s2fwb", "msi")
# Tests with PASIDs: two SMMUs that differ in all of this, devices that differ in width.
PASIDS = (f"ssid={SSID_BITS}", "ats", "s2fwb", "smmu2=ssidsize=4")
PASID_DEVICES = ("pasid-dma,bus=pcie.0,addr=0x18,pasid-width=20,ats=on",
                 "pasid-dma,bus=pcie.0,addr=0x19,pasid-width=12,ats=on",
                 "pasid-dma,bus=port2nd,pasid-width=8")


class FeatureError(Exception):
    """The feature asked for cannot be had."""


def _ssid(value):
    bits = int(value) if value.isdigit() else SSID_BITS if not value else 0
    if not 1 <= bits <= SSID_MAX:
        raise FeatureError(f"--feature ssid takes 1 to {SSID_MAX} bits")
    return ["-global", f"arm-smmuv3.ssidsize={bits}"]


def _flag(name, value):
    if value:
        raise FeatureError(f"--feature {name} takes no value")
    return ["-global", f"arm-smmuv3.{name}=on"]


def _second(value):
    """What a -global says is for both, so what isn't asked for is said to be off."""
    off = ["ssidsize=0", *(f"{flag}=off" for flag in FLAGS)]
    asked = value.split(",") if value else []
    names = {word.split("=")[0] for word in asked}
    words = [*(word for word in off if word.split("=")[0] not in names), *asked]
    return ["-device", f"pxb-pcie,id=pcie.1,bus_nr={PXB_BUS:#x},addr={PXB_SLOT:#x}",
            "-device", ",".join(("arm-smmuv3,primary-bus=pcie.1,stage=nested", *words)),
            "-device", f"pcie-root-port,bus=pcie.1,id=port2nd,chassis={PXB_BUS},addr=1"]


def arguments(wanted):
    """QEMU's arguments for these words; they come before devices behind port2nd."""
    found = []
    for word in wanted:
        name, _, value = word.partition("=")
        if name == "ssid":
            found += _ssid(value)
        elif name in FLAGS:
            found += _flag(name, value)
        elif name == "smmu2":
            found += _second(value)
        else:
            raise FeatureError(f"there is no feature {name}; there are: ssid, "
                               + ", ".join(FLAGS) + ", smmu2")
    return found


def model(root, given=None):
    """The QEMU that has them all: the one that was given, or the lab's own if it is built."""
    own = os.path.join(root, PROGRAM)
    return given or (own if os.access(own, os.X_OK) else None)


def program(wanted, given, stock, root):
    """The QEMU to run: the one that was given, or the first that has it all."""
    if not wanted:
        return given or stock
    arguments(wanted)
    own = model(root, given)
    if not own:
        word = "--pasids" if set(PASIDS) <= set(wanted) else f"--feature {wanted[0]}"
        raise FeatureError(f"{word} needs the lab's own QEMU, and that isn't built: run make qemu")
    return own
