# SPDX-License-Identifier: GPL-2.0-only
"""What is measured and what it is compared with. The only place that says so."""

from dataclasses import dataclass

DEVICES = (1, 4, 16)
PASIDS = (1, 1000, 1 << 16)

# Mainline's figures were taken once and are not measured again here.
SOURCE = (
    "Linux 7.3.4 through iommufd, measured in the same way: the same QEMU, device and options,",
    "built from tinyconfig with gcc 12. One edit for the lab opens its check of S2FWB and CANWBS,",
    "which QEMU lacks. The kernels differ in their preemption model: small differences mean nothing.",
)
MAINLINE_ATTACH = 15190


@dataclass(frozen=True)
class Operation:
    name: str
    title: str
    # Instructions, and what mainline does for them; None if it has no such thing.
    mainline: int = None
    what: str = ""


OPERATIONS = (
    Operation("bind", "bind", MAINLINE_ATTACH, "attach"),
    Operation("rebind", "rebind, another CD table", 18650, "HWPT_ALLOC, attach, destroy"),
    Operation("rebind_same", "rebind, the same CD table"),
    Operation("unbind", "unbind", MAINLINE_ATTACH, "attach"),
    Operation("invalidate_1", "invalidate, 1 command", 1980),
    Operation("invalidate_4", "invalidate, 4 commands", 2540),
    Operation("invalidate_16", "invalidate, 16 commands", 3670),
    Operation("invalidate_64", "invalidate, 64 commands", 9770),
    Operation("invalidate_256", "invalidate, 256 commands", 34110),
    Operation("map_unmap", "map and unmap one 4K page", 16170, "map, unmap"),
)

# With so many PASIDs in the guest's table. Mainline was not measured so.
PASID_OPERATIONS = (
    Operation("bind_pasids", "bind"),
    Operation("unbind_pasids", "unbind"),
    Operation("tlbi", "invalidate, 1 TLBI_NH_VA"),
    Operation("cfgi_cd", "invalidate, 1 CFGI_CD"),
    Operation("cfgi_cd_in_turn", "... of 2 devices in turn"),
)

# Rebinds that fail at one check after the other, up to one that changes nothing and one
# that does: what each costs more than the one before.
STEPS = (
    ("container", "system call, to the container and back"),
    ("argsz", "VFIO: the ioctl, its first fields"),
    ("fd", "VFIO: copy and check the configuration"),
    ("core", "VFIO: find the device, take the locks"),
    ("vsid", "IOMMU core: check, take the group's lock"),
    ("driver", "driver: check the configuration"),
    ("rebind_same", "driver: build the STE, compare; PREFETCH_CFG"),
    ("rebind", "driver: write the STE; CFGI_STE, SYNC"),
)

# The part of mainline's figure that an invalidation may cost.
INVALIDATE_MOST = {
    "invalidate_1": 0.56, "invalidate_4": 0.56, "invalidate_64": 0.44, "invalidate_256": 0.45,
}

# What a guest needs to unmap a page so that nothing of it is left, and what a VMM that
# emulates the IOMMU does instead.
STRICT_UNMAP = ("invalidate_1", "map_unmap")

REBIND_MOST = MAINLINE_ATTACH // 3
# An unbind of the only device frees a page of the allocator: 256 of 4,304.
FLAT_PERCENT = 7

# The clock ticks every 16 instructions: two ticks of 4,576.
SAME_PERCENT = 1
# A CFGI_CD names a device, a TLBI doesn't: it takes 128 of 1,088 to find the device, and
# 272 if that isn't the device of the command before.
CFGI_CD_PERCENT = {"cfgi_cd": 13, "cfgi_cd_in_turn": 27}
