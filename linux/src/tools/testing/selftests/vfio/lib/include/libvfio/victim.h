/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_VICTIM_H
#define SELFTESTS_VFIO_LIBVFIO_VICTIM_H

#include <libvfio/child.h>
#include <libvfio/vmm.h>

/**
 * struct victim - A VMM that is going to be killed
 * @vmm: Memory for it, shared with the child that is the VMM: see child_shared()
 * @bdf: The device that it has
 * @state: The state that it has the device in
 */
struct victim {
	struct vmm *vmm;
	const char *bdf;
	const struct guest_state *state;
};

/* Start the VMM in this process. A driver's transfer to @vmm's dst is under way then. */
void victim_start_transfer(struct victim *victim);

/* These are for child_start(), with a victim. The child stays until it is killed. */
void victim_stay(struct child *child, void *victim);
void victim_stay_with_transfer(struct child *child, void *victim);

#endif /* SELFTESTS_VFIO_LIBVFIO_VICTIM_H */
