// SPDX-License-Identifier: GPL-2.0-only
#include <linux/compiler.h>
#include <sys/mman.h>

#include <libvfio/assert.h>
#include <libvfio/canary.h>
#include <libvfio/dma.h>
#include <libvfio/host.h>

static u8 *alloc_private(u64 size)
{
	u8 *vaddr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT(vaddr != MAP_FAILED, "%llu bytes", (unsigned long long)size);
	madvise(vaddr, size, MADV_NOHUGEPAGE);
	return vaddr;
}

/* The first store to a page is what allocates it. */
static void touch_in_turn(struct canaries *canaries, struct guest_ram *ram)
{
	u64 offset;

	for (offset = 0; offset < ram->size; offset += GUEST_PAGE_SIZE) {
		WRITE_ONCE(ram->vaddr[offset], 0);
		WRITE_ONCE(canaries->vaddr[offset], 0);
	}
}

void canaries_init(struct canaries *canaries, struct guest_ram *ram)
{
	canaries->size = ram->size;
	canaries->vaddr = alloc_private(ram->size);
	canaries->copy = alloc_private(ram->size);

	guest_ram_unmap(ram);
	guest_ram_snapshot(ram);
	VFIO_ASSERT(!madvise(ram->vaddr, ram->size, MADV_REMOVE), "guest memory");
	touch_in_turn(canaries, ram);
	memcpy(ram->vaddr, ram->shadow, ram->size);
	guest_ram_map(ram);

	pattern_fill(canaries->vaddr, canaries->size);
	memcpy(canaries->copy, canaries->vaddr, canaries->size);
}

void canaries_cleanup(struct canaries *canaries)
{
	if (!canaries->size)
		return;
	munmap(canaries->vaddr, canaries->size);
	munmap(canaries->copy, canaries->size);
	canaries->size = 0;
}

bool canaries_kept(struct canaries *canaries)
{
	return !memcmp(canaries->vaddr, canaries->copy, canaries->size);
}

static bool are_neighbours(u64 one, u64 other)
{
	return one && other && (one - other == GUEST_PAGE_SIZE ||
				other - one == GUEST_PAGE_SIZE);
}

unsigned int canaries_beside(struct canaries *canaries, struct guest_ram *ram)
{
	u64 canary, before, after, offset;
	unsigned int beside = 0;

	before = host_physical_address(ram->vaddr);
	for (offset = 0; offset < ram->size; offset += GUEST_PAGE_SIZE) {
		canary = host_physical_address(canaries->vaddr + offset);
		after = host_physical_address(ram->vaddr + (offset +
					GUEST_PAGE_SIZE) % ram->size);
		beside += are_neighbours(canary, before) ||
			  are_neighbours(canary, after);
		before = after;
	}
	return beside;
}
