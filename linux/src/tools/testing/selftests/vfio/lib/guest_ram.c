// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>

#include <libvfio/assert.h>
#include <libvfio/guest_ram.h>

static void *alloc_shared(u64 size)
{
	void *vaddr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT(vaddr != MAP_FAILED, "%llu bytes", (unsigned long long)size);
	return vaddr;
}

void guest_ram_init(struct guest_ram *ram, struct vfio_container *container,
		    u64 ipa, u64 size)
{
	ram->container = container;
	ram->ipa = ipa;
	ram->size = size;
	ram->used = 0;
	ram->vaddr = alloc_shared(size);
	ram->shadow = alloc_shared(size);
	guest_ram_map(ram);
}

void guest_ram_cleanup(struct guest_ram *ram)
{
	if (ram->vaddr)
		munmap(ram->vaddr, ram->size);
	if (ram->shadow)
		munmap(ram->shadow, ram->size);
	ram->vaddr = NULL;
	ram->shadow = NULL;
}

void guest_ram_map(struct guest_ram *ram)
{
	vfio_dma_map(ram->container, ram->vaddr, ram->ipa, ram->size);
}

void guest_ram_unmap(struct guest_ram *ram)
{
	vfio_dma_unmap(ram->container, ram->ipa, ram->size);
}

u64 guest_ram_alloc(struct guest_ram *ram, u64 size, u64 align)
{
	u64 offset = (ram->used + align - 1) & ~(align - 1);

	VFIO_ASSERT(offset + size <= ram->size, "guest memory is used up");
	ram->used = offset + size;
	return ram->ipa + offset;
}

void *guest_ram_ptr(struct guest_ram *ram, u64 ipa)
{
	VFIO_ASSERT(ipa - ram->ipa < ram->size,
		    "%#llx is not guest memory", (unsigned long long)ipa);
	return ram->vaddr + (ipa - ram->ipa);
}

void guest_ram_snapshot(struct guest_ram *ram)
{
	memcpy(ram->shadow, ram->vaddr, ram->size);
}

void *guest_ram_shadow(struct guest_ram *ram, u64 ipa)
{
	return ram->shadow + ((u8 *)guest_ram_ptr(ram, ipa) - ram->vaddr);
}

bool guest_ram_kept_but(struct guest_ram *ram, u64 ipa, u64 size)
{
	u64 before = ipa - ram->ipa, after = before + size;

	return !memcmp(ram->vaddr, ram->shadow, before) &&
	       !memcmp(ram->vaddr + after, ram->shadow + after,
		       ram->size - after);
}

bool guest_ram_kept(struct guest_ram *ram)
{
	return guest_ram_kept_but(ram, ram->ipa, 0);
}
