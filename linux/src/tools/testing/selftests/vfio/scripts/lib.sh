# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What setup.sh, run.sh and cleanup.sh share. Sourced, not run.

readonly PCI=/sys/bus/pci
# shellcheck disable=SC2034 # used where this file is sourced
# Which devices setup.sh has taken, and from which driver.
readonly STATE=${TMPDIR:-/tmp}/vfio-selftests

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "has to be run as root"
}

# driver_of BDF: prints the name of its driver, nothing if it has none.
driver_of() {
	local link="$PCI/devices/$1/driver"

	[ -e "$link" ] || return 0
	basename "$(readlink -f "$link")"
}

# move_to BDF DRIVER: binds the device to that driver, or to none if it is "".
move_to() {
	local bdf="$1" driver=$2 now

	now=$(driver_of "$bdf")
	[ "$now" != "$driver" ] || return 0
	[ -z "$now" ] || echo "$bdf" >"$PCI/drivers/$now/unbind"
	[ -z "$driver" ] || echo "$bdf" >"$PCI/drivers/$driver/bind"
	[ "$(driver_of "$bdf")" = "$driver" ]
}
