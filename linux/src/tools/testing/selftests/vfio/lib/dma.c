// SPDX-License-Identifier: GPL-2.0-only
#include <sys/random.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/dma.h>

#define POLL_US		1000
#define POLLS_MAX	20000

void dma_read_start(struct vfio_pci_device *device, u64 addr, size_t size)
{
	dma_barrier();
	device->driver->read_start(device, addr, size);
}

void dma_write_start(struct vfio_pci_device *device, u64 addr, size_t size)
{
	dma_barrier();
	device->driver->write_start(device, addr, size);
}

bool dma_busy(struct vfio_pci_device *device)
{
	return device->driver->busy(device);
}

void dma_wait(struct vfio_pci_device *device)
{
	int polls;

	for (polls = 0; dma_busy(device); polls++) {
		VFIO_ASSERT(polls < POLLS_MAX, "%s never finished", device->bdf);
		usleep(POLL_US);
	}
	dma_barrier();
}

void dma_read(struct vfio_pci_device *device, u64 addr, size_t size)
{
	dma_read_start(device, addr, size);
	dma_wait(device);
}

void dma_write(struct vfio_pci_device *device, u64 addr, size_t size)
{
	dma_write_start(device, addr, size);
	dma_wait(device);
}

void dma_stream_start(struct vfio_pci_device *device, u64 addr, size_t size,
		      unsigned int flags)
{
	dma_barrier();
	device->driver->stream_start(device, addr, size, flags);
}

void pattern_fill(void *buf, size_t size)
{
	u64 *words = buf;
	size_t i;
	u32 tag;

	VFIO_ASSERT(getrandom(&tag, sizeof(tag), 0) == sizeof(tag), "getrandom");
	for (i = 0; i < size / sizeof(*words); i++)
		words[i] = (u64)(tag | 1) << 32 | i;
}

bool dma_arrives(struct vfio_pci_device *device, struct guest_ram *ram,
		 struct dma_page *from, u64 from_addr,
		 struct dma_page *to, u64 to_addr)
{
	u64 sent[DMA_SIZE / sizeof(u64)];
	bool arrived;

	pattern_fill(from->vaddr, GUEST_PAGE_SIZE);
	memcpy(sent, from->vaddr, DMA_SIZE);
	guest_ram_snapshot(ram);
	dma_read(device, from_addr, DMA_SIZE);
	if (!guest_ram_kept(ram))
		return false;
	pattern_fill(from->vaddr, GUEST_PAGE_SIZE);
	guest_ram_snapshot(ram);
	dma_write(device, to_addr, DMA_SIZE);
	arrived = !memcmp(sent, to->vaddr, DMA_SIZE) &&
		  guest_ram_kept_but(ram, to->ipa, DMA_SIZE);
	/* Let the next write of the same words show. */
	pattern_fill(to->vaddr, GUEST_PAGE_SIZE);
	return arrived;
}

void dma_marker_load(struct dma_marker *marker, struct vfio_pci_device *device,
		     struct dma_page *page, u64 addr)
{
	pattern_fill(page->vaddr, GUEST_PAGE_SIZE);
	memcpy(marker->words, page->vaddr, sizeof(marker->words));
	dma_read(device, addr, DMA_SIZE);
	pattern_fill(page->vaddr, GUEST_PAGE_SIZE);
}

/* What a device makes of a read that failed is up to it: nothing, zeros, ones. */
static bool is_marker_or_void(u64 word, u64 marker)
{
	return word == marker || word == 0 || word == ~0ULL;
}

bool dma_marker_kept(struct dma_marker *marker, struct vfio_pci_device *device,
		     struct dma_page *page, u64 addr)
{
	bool kept = true;
	unsigned int i;

	pattern_fill(page->vaddr, GUEST_PAGE_SIZE);
	dma_write(device, addr, DMA_SIZE);
	for (i = 0; i < DMA_SIZE / sizeof(u64); i++)
		kept &= is_marker_or_void(page->vaddr[i], marker->words[i]);
	pattern_fill(page->vaddr, GUEST_PAGE_SIZE);
	return kept;
}

bool dma_write_blocked(struct vfio_pci_device *device, struct guest_ram *ram,
		       u64 addr)
{
	guest_ram_snapshot(ram);
	dma_write(device, addr, DMA_SIZE);
	return guest_ram_kept(ram);
}
