/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_GUEST_RAM_H
#define SELFTESTS_VFIO_LIBVFIO_GUEST_RAM_H

#include <linux/types.h>

#include <libvfio/container.h>

/* Below 4 GiB, and clear of the window for message-signalled interrupts. */
#define GUEST_RAM_IPA		0x40000000ULL
/* Needs 40 bits, so that an address that loses its upper half shows. */
#define GUEST_HIGH_RAM_IPA	0x8040000000ULL
#define GUEST_RAM_SIZE		0x80000ULL
#define GUEST_PAGE_SIZE		4096ULL

/**
 * struct guest_ram - A piece of guest memory, mapped in stage 2
 * @container: Where it is mapped
 * @vaddr: Where it is in this process, shared with its children
 * @shadow: A copy of it, made by guest_ram_snapshot()
 * @ipa: Where the guest sees it
 * @size: In bytes
 * @used: How much of it guest_ram_alloc() gave out
 */
struct guest_ram {
	struct vfio_container *container;
	u8 *vaddr;
	u8 *shadow;
	u64 ipa;
	u64 size;
	u64 used;
};

void guest_ram_init(struct guest_ram *ram, struct vfio_container *container,
		    u64 ipa, u64 size);
void guest_ram_cleanup(struct guest_ram *ram);

/* Take it out of stage 2 and put it back. The memory itself stays. */
void guest_ram_unmap(struct guest_ram *ram);
void guest_ram_map(struct guest_ram *ram);

/* Guarantees: what is returned, an IPA, is aligned to @align and was never used. */
u64 guest_ram_alloc(struct guest_ram *ram, u64 size, u64 align);
void *guest_ram_ptr(struct guest_ram *ram, u64 ipa);

/* Remember the memory as it is. */
void guest_ram_snapshot(struct guest_ram *ram);

/* What was at @ipa then. */
void *guest_ram_shadow(struct guest_ram *ram, u64 ipa);

/* Whether nothing was written since the snapshot, other than in @size bytes at @ipa. */
bool guest_ram_kept_but(struct guest_ram *ram, u64 ipa, u64 size);
bool guest_ram_kept(struct guest_ram *ram);

#endif /* SELFTESTS_VFIO_LIBVFIO_GUEST_RAM_H */
