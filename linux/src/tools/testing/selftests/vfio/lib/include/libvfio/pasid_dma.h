/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_PASID_DMA_H
#define SELFTESTS_VFIO_LIBVFIO_PASID_DMA_H

#include <linux/bits.h>
#include <linux/types.h>

#include <libvfio/vfio_pci_device.h>

/*
 * QEMU's DMA engine for tests of IOMMUs, see docs/specs/pasid-dma.rst there, as our QEMU
 * has it. Beyond what all drivers do, it sends a PASID with what it transfers, and tells
 * how a transfer ended. All of this is for such a device only.
 */
#define PASID_DMA	"pasid-dma"

/* The @i-th of them that the test may use, or NULL. */
const char *pasid_dma_bdf(unsigned int i);

/* Not the same as PASID 0. */
#define PASID_DMA_NO_PASID	0xffffffff

enum pasid_dma_result {
	PASID_DMA_NONE,
	PASID_DMA_OK,
	/* The IOMMU refused a request, or there is nothing at its address. */
	PASID_DMA_ABORT,
	/* These two never left the device. */
	PASID_DMA_BAD_RANGE,
	PASID_DMA_PASID_OFF,
	/* Neither did this one: the device has fewer bits. */
	PASID_DMA_BAD_PASID,
	/* PCI ATS isn't enabled, or isn't there. */
	PASID_DMA_ATS_OFF,
};

/*
 * From now on, until a reset, transfers have @pasid, also those by dma_read() and whatever
 * else makes the device transfer. They have none at first.
 */
void pasid_dma_set_pasid(struct vfio_pci_device *device, u32 pasid);

/* The size of a PASID in bits, 0 if the device has none. */
unsigned int pasid_dma_width(struct vfio_pci_device *device);

/*
 * The device's buffer: a transfer is from its beginning, or to it. To be accessed by
 * words of 64 bits only.
 */
u64 *pasid_dma_buffer(struct vfio_pci_device *device);

/* How the last transfer ended, and how many bytes it moved. */
enum pasid_dma_result pasid_dma_result(struct vfio_pci_device *device);
size_t pasid_dma_done(struct vfio_pci_device *device);

/* One transfer of @size bytes between the buffer and @addr. @pasid stays set. */
enum pasid_dma_result pasid_dma_read(struct vfio_pci_device *device, u32 pasid,
				     u64 addr, size_t size);
enum pasid_dma_result pasid_dma_write(struct vfio_pci_device *device, u32 pasid,
				      u64 addr, size_t size);

/*
 * Ask for the translation of the page at @addr, as a device does that has an ATC, to write
 * there too. PASID_DMA_OK if there is an answer: in @grant, where 0 means no access, and
 * @translation.
 */
#define PASID_DMA_GRANT_READ	BIT(0)
#define PASID_DMA_GRANT_WRITE	BIT(1)
enum pasid_dma_result pasid_dma_translate(struct vfio_pci_device *device, u32 pasid, u64 addr,
					  u32 *grant, u64 *translation);

/* A transfer to an address that is said to be translated already. It has no PASID. */
enum pasid_dma_result pasid_dma_write_translated(struct vfio_pci_device *device, u64 addr,
						 size_t size);

/*
 * The same transfer again and again, whatever becomes of it, @period_us after the one
 * before. dma_busy() is true until it is stopped. The counts begin at a reset.
 */
void pasid_dma_repeat_read(struct vfio_pci_device *device, u64 addr, size_t size,
			   unsigned int period_us);
void pasid_dma_repeat_write(struct vfio_pci_device *device, u64 addr, size_t size,
			    unsigned int period_us);
void pasid_dma_stop(struct vfio_pci_device *device);
u32 pasid_dma_succeeded(struct vfio_pci_device *device);
u32 pasid_dma_failed(struct vfio_pci_device *device);

/* Whether three more transfers of those that @counter counts end, within ten seconds. */
bool pasid_dma_goes_on(u32 (*counter)(struct vfio_pci_device *device),
		       struct vfio_pci_device *device);

#endif /* SELFTESTS_VFIO_LIBVFIO_PASID_DMA_H */
