# SPDX-License-Identifier: GPL-2.0-only
"""What each state has to look like. The only place that says so."""

from dataclasses import dataclass

from .dma import ARRIVED, BLOCKED
from .entry import ABORT, NESTED, STAGE1, STAGE2

# Whose tables S1ContextPtr names.
HOST, GUEST = "the host's", "the guest's"


@dataclass(frozen=True)
class Entry:
    config: int
    # Whose context descriptors: HOST, GUEST, or None where it has to be 0.
    table: str = None
    mev: int = 0
    # S1Fmt, S1CDMax and S1DSS of the guest's table
    pasids: tuple = (0, 0, 0)


@dataclass(frozen=True)
class Transfer:
    device: str
    direction: str
    kind: str
    outcome: str
    # The stages that translated it, or what the SMMU says for stopping it.
    route: str
    # What the guest's VMM reads of it
    told: tuple = ()

    def key(self):
        return self.device, self.direction, self.kind


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    # By device
    entries: dict
    transfers: tuple
    # How wide an access is in words
    width: int = 29


def _both(device, kind, outcome, route):
    return tuple(Transfer(device, direction, kind, outcome, route)
                 for direction in ("read", "write"))


_FAULT = "F_TRANSLATION"

_HOST = Entry(STAGE1, HOST)
_STAGE2 = Entry(STAGE2, mev=1)
_ABORT = Entry(ABORT)
_NESTED = Entry(NESTED, GUEST, mev=1)

_DEFAULT_DOMAIN = (*_both("edu", "physical", BLOCKED, _FAULT),
                   *_both("disk", "sector", ARRIVED, "stage1"))
_IPA_WORKS = (*_both("edu", "IPA", ARRIVED, "stage2"),
              *_both("edu", "IOVA", BLOCKED, _FAULT))
_IOVA_WORKS = (*_both("edu", "IOVA", ARRIVED, "nested"),
               *_both("edu", "IPA", BLOCKED, _FAULT))
# By architecture it is silent: "abort" is what QEMU's SMMU traces, not an event.
_NOTHING_WORKS = (*_both("edu", "IPA", BLOCKED, "abort"),
                  *_both("edu", "IOVA", BLOCKED, "abort"))

ROWS = (
    Row("1", "no container",
        {"edu": _HOST, "disk": _HOST}, _DEFAULT_DOMAIN),
    Row("2", "nesting container", {"edu": _STAGE2}, _IPA_WORKS),
    Row("2a", "guest not ready: ABORT", {"edu": _ABORT}, _NOTHING_WORKS),
    Row("3", "bound, TRANSLATE", {"edu": _NESTED}, _IOVA_WORKS),
    Row("3b", "bound, BYPASS", {"edu": _STAGE2}, _IPA_WORKS),
    Row("4", "unbound: as 2", {"edu": _STAGE2}, _IPA_WORKS),
    Row("5", "container gone: as 1",
        {"edu": _HOST, "disk": _HOST}, _DEFAULT_DOMAIN),
)

# Two levels with leaves of 4 KiB, 2^12 PASIDs, and descriptor 0 for what has none.
_TABLE = Entry(NESTED, GUEST, mev=1, pasids=(1, 12, 2))


def _own_space(kind):
    return _both("dma", kind, ARRIVED, "nested")


def _no_descriptor(pasid):
    told = (f"C_BAD_CD: PASID {pasid}, vSID 0xabcd01",)
    return tuple(Transfer("dma", direction, f"PASID {pasid}", BLOCKED, "C_BAD_CD", told)
                 for direction in ("read", "write"))


LAST_ACT = (
    Row("6", "one table, several PASIDs", {"dma": _TABLE},
        (*_own_space("no PASID"), *_own_space("PASID 1"), *_own_space("PASID 2"),
         *_own_space("PASID 1093"), *_own_space("PASID 4095"), *_no_descriptor(3)), width=17),
)
