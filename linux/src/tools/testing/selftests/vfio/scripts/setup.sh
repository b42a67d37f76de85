#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Take PCI devices from their drivers and give them to vfio-pci.
set -eu
# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(dirname "$0")/lib.sh"

usage="usage: setup.sh BDF...

BDF is the address of a PCI device that nothing else uses, 0000:00:02.0 for example.
cleanup.sh gives all of them back."

take() {
	local bdf="$1" driver

	[ -d "$PCI/devices/$bdf" ] || die "there is no PCI device $bdf"
	[ ! -e "$STATE/$bdf" ] || die "$bdf has been taken already, see cleanup.sh"

	driver=$(driver_of "$bdf")
	printf '%s\n' "$driver" >"$STATE/$bdf"
	echo vfio-pci >"$PCI/devices/$bdf/driver_override"
	# With a device tree, a device has its group only from the first driver on.
	if ! move_to "$bdf" vfio-pci || [ ! -e "$PCI/devices/$bdf/iommu_group" ]; then
		echo >"$PCI/devices/$bdf/driver_override"
		move_to "$bdf" "$driver" || true
		rm "$STATE/$bdf"
		die "$bdf can't be bound to vfio-pci, or is not behind an IOMMU: see dmesg"
	fi
	printf '%s: from %s to vfio-pci\n' "$bdf" "${driver:-no driver}"
}

[ $# -gt 0 ] || die "$usage"
case $1 in
-h | --help) echo "$usage"; exit ;;
esac
need_root
modprobe -q vfio-pci 2>/dev/null || true
[ -d "$PCI/drivers/vfio-pci" ] || die "the kernel has no vfio-pci"
mkdir -p "$STATE"
for bdf; do
	take "$bdf"
done
