/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_CANARY_H
#define SELFTESTS_VFIO_LIBVFIO_CANARY_H

#include <linux/types.h>

#include <libvfio/guest_ram.h>

/**
 * struct canaries - Pages of this process that no device has to do with
 * @vaddr: The pages
 * @copy: What is in them
 * @size: In bytes
 */
struct canaries {
	u8 *vaddr;
	u8 *copy;
	u64 size;
};

/*
 * As many pages as @ram has, and each allocated right after one of @ram, which gets
 * other pages than it had and keeps what is in them. Few allocators don't make
 * neighbours of them.
 */
void canaries_init(struct canaries *canaries, struct guest_ram *ram);
void canaries_cleanup(struct canaries *canaries);

/* Whether nothing has changed. */
bool canaries_kept(struct canaries *canaries);

/*
 * How many of them come right after a page of @ram or right before one, by
 * physical address. 0 if that isn't told.
 */
unsigned int canaries_beside(struct canaries *canaries, struct guest_ram *ram);

#endif /* SELFTESTS_VFIO_LIBVFIO_CANARY_H */
