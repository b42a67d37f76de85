/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_DMA_H
#define SELFTESTS_VFIO_LIBVFIO_DMA_H

#include <linux/types.h>

#include <libvfio/guest_ram.h>
#include <libvfio/vfio_pci_device.h>

/*
 * The size of a transfer. A failing one makes an event for every few bytes of
 * it, so it is no larger than a test of the way needs: a block of a disk.
 */
#define DMA_SIZE	512

/**
 * struct dma_page - A page of guest memory that a test moves data from or to
 * @ipa: Where the guest has it
 * @iova: Where a guest's first stage of translation shows it to the device
 * @vaddr: Where this process has it
 */
struct dma_page {
	u64 ipa;
	u64 iova;
	u64 *vaddr;
};

/* Order accesses to memory against those to a device's registers. */
static inline void dma_barrier(void)
{
#ifdef __aarch64__
	asm volatile("dsb sy" : : : "memory");
#else
	__sync_synchronize();
#endif
}

/*
 * "read" and "write" are the device's: it reads memory into its buffer, it
 * writes its buffer to memory. Neither tells whether the access was allowed.
 */
void dma_read_start(struct vfio_pci_device *device, u64 addr, size_t size);
void dma_write_start(struct vfio_pci_device *device, u64 addr, size_t size);
bool dma_busy(struct vfio_pci_device *device);
void dma_wait(struct vfio_pci_device *device);
void dma_read(struct vfio_pci_device *device, u64 addr, size_t size);
void dma_write(struct vfio_pci_device *device, u64 addr, size_t size);

/* The same by a stream of transfers, for devices that can. dma_wait() for it. */
void dma_stream_start(struct vfio_pci_device *device, u64 addr, size_t size,
		      unsigned int flags);

/* Fill @buf with words that no other call, of any process, has written. */
void pattern_fill(void *buf, size_t size);

/*
 * Whether the device, which knows the two pages as @from_addr and @to_addr,
 * moves data from the one to the other, and to nowhere else in @ram. They may be
 * the same page. What is in both is lost.
 *
 * Guarantees: what is in the device's buffer afterwards is nowhere in the pages.
 */
bool dma_arrives(struct vfio_pci_device *device, struct guest_ram *ram,
		 struct dma_page *from, u64 from_addr,
		 struct dma_page *to, u64 to_addr);

/*
 * A read that is blocked shows in the device's buffer only, and that takes a
 * write that is not blocked. So: load a marker while transfers work, do the read
 * that should fail, and check the marker once transfers work again.
 */
struct dma_marker {
	u64 words[DMA_SIZE / sizeof(u64)];
};

void dma_marker_load(struct dma_marker *marker, struct vfio_pci_device *device,
		     struct dma_page *page, u64 addr);

/* Whether nothing of what the device read since is in its buffer. */
bool dma_marker_kept(struct dma_marker *marker, struct vfio_pci_device *device,
		     struct dma_page *page, u64 addr);

/*
 * Whether a write by the device at @addr changes nothing in @ram. It can only tell
 * if the device's buffer differs from what is there, as after all of the above.
 */
bool dma_write_blocked(struct vfio_pci_device *device, struct guest_ram *ram,
		       u64 addr);

#endif /* SELFTESTS_VFIO_LIBVFIO_DMA_H */
