// SPDX-License-Identifier: GPL-2.0-only
/*
 * A transfer is over when the write to the register that starts it is.
 *
 * Those that all drivers have are many small requests, each of which makes an event if it
 * fails, as with QEMU's other devices. Those of this device alone are large ones, up to
 * the first that fails.
 */
#include <linux/bitfield.h>
#include <linux/compiler.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/bar0.h>
#include <libvfio/dma.h>
#include <libvfio/host.h>
#include <libvfio/pasid_dma.h>
#include <libvfio/vfio_pci_device.h>

#include "registers.h"

#define SMALL_REQUEST	4
#define LARGE_REQUEST	SZ_4K
#define POLL_US		1000
#define POLLS_MAX	10000

static bool match(u16 vendor, u16 device)
{
	return vendor == PASID_DMA_VENDOR_ID && device == PASID_DMA_DEVICE_ID;
}

const char *pasid_dma_bdf(unsigned int i)
{
	const char *bdf;
	unsigned int n;

	for (n = 0; (bdf = vfio_selftests_bdf(n)); n++)
		if (vfio_selftests_is(bdf, PASID_DMA) && !i--)
			return bdf;
	return NULL;
}

static bool busy(struct vfio_pci_device *device)
{
	return bar0_read32(device, PASID_DMA_COMMAND) & PASID_DMA_COMMAND_START;
}

/* The device ignores what is written meanwhile. */
static void start(struct vfio_pci_device *device, u64 addr, size_t size, u32 command)
{
	VFIO_ASSERT(size <= PASID_DMA_BUFFER_SIZE, "the buffer has %d bytes",
		    PASID_DMA_BUFFER_SIZE);
	VFIO_ASSERT(!busy(device), "%s is busy", device->bdf);
	bar0_write32(device, PASID_DMA_IOVA, addr);
	bar0_write32(device, PASID_DMA_IOVA + 4, addr >> 32);
	bar0_write32(device, PASID_DMA_OFFSET, 0);
	bar0_write32(device, PASID_DMA_LENGTH, size);
	bar0_write32(device, PASID_DMA_COMMAND, command | PASID_DMA_COMMAND_START);
}

static void read_start(struct vfio_pci_device *device, u64 addr, size_t size)
{
	bar0_write32(device, PASID_DMA_REQUEST, SMALL_REQUEST);
	start(device, addr, size, PASID_DMA_COMMAND_GO_ON);
}

static void write_start(struct vfio_pci_device *device, u64 addr, size_t size)
{
	bar0_write32(device, PASID_DMA_REQUEST, SMALL_REQUEST);
	start(device, addr, size, PASID_DMA_COMMAND_GO_ON | PASID_DMA_COMMAND_TO_MEMORY);
}

static bool send_irq(struct vfio_pci_device *device, unsigned int i, u64 addr, void *vaddr)
{
	bar0_write32(device, PASID_DMA_INTERRUPT, i);
	return true;
}

void pasid_dma_set_pasid(struct vfio_pci_device *device, u32 pasid)
{
	bar0_write32(device, PASID_DMA_PASID,
		     pasid == PASID_DMA_NO_PASID ? 0 : pasid | PASID_DMA_PASID_VALID);
}

unsigned int pasid_dma_width(struct vfio_pci_device *device)
{
	return FIELD_GET(PASID_DMA_FEATURES_WIDTH, bar0_read32(device, PASID_DMA_FEATURES));
}

u64 *pasid_dma_buffer(struct vfio_pci_device *device)
{
	return device->memory;
}

enum pasid_dma_result pasid_dma_result(struct vfio_pci_device *device)
{
	return bar0_read32(device, PASID_DMA_RESULT);
}

size_t pasid_dma_done(struct vfio_pci_device *device)
{
	return bar0_read32(device, PASID_DMA_DONE);
}

static enum pasid_dma_result transfer(struct vfio_pci_device *device, u32 pasid, u64 addr,
				      size_t size, u32 command)
{
	pasid_dma_set_pasid(device, pasid);
	bar0_write32(device, PASID_DMA_REQUEST, LARGE_REQUEST);
	start(device, addr, size, command);
	return pasid_dma_result(device);
}

enum pasid_dma_result pasid_dma_read(struct vfio_pci_device *device, u32 pasid, u64 addr,
				     size_t size)
{
	return transfer(device, pasid, addr, size, 0);
}

enum pasid_dma_result pasid_dma_write(struct vfio_pci_device *device, u32 pasid, u64 addr,
				      size_t size)
{
	return transfer(device, pasid, addr, size, PASID_DMA_COMMAND_TO_MEMORY);
}

enum pasid_dma_result pasid_dma_translate(struct vfio_pci_device *device, u32 pasid, u64 addr,
					  u32 *grant, u64 *translation)
{
	enum pasid_dma_result result =
		transfer(device, pasid, addr, SMALL_REQUEST,
			 PASID_DMA_COMMAND_TRANSLATE | PASID_DMA_COMMAND_TO_MEMORY);

	*grant = bar0_read32(device, PASID_DMA_GRANT);
	*translation = bar0_read32(device, PASID_DMA_TRANSLATION) |
		       (u64)bar0_read32(device, PASID_DMA_TRANSLATION + 4) << 32;
	return result;
}

enum pasid_dma_result pasid_dma_write_translated(struct vfio_pci_device *device, u64 addr,
						 size_t size)
{
	return transfer(device, PASID_DMA_NO_PASID, addr, size,
			PASID_DMA_COMMAND_TO_MEMORY | PASID_DMA_COMMAND_TRANSLATED);
}

static void repeat(struct vfio_pci_device *device, u64 addr, size_t size,
		   unsigned int period_us, u32 command)
{
	bar0_write32(device, PASID_DMA_PERIOD, period_us);
	bar0_write32(device, PASID_DMA_REQUEST, LARGE_REQUEST);
	start(device, addr, size, command | PASID_DMA_COMMAND_REPEAT);
}

void pasid_dma_repeat_read(struct vfio_pci_device *device, u64 addr, size_t size,
			   unsigned int period_us)
{
	repeat(device, addr, size, period_us, 0);
}

void pasid_dma_repeat_write(struct vfio_pci_device *device, u64 addr, size_t size,
			    unsigned int period_us)
{
	repeat(device, addr, size, period_us, PASID_DMA_COMMAND_TO_MEMORY);
}

void pasid_dma_stop(struct vfio_pci_device *device)
{
	bar0_write32(device, PASID_DMA_COMMAND, 0);
}

u32 pasid_dma_succeeded(struct vfio_pci_device *device)
{
	return bar0_read32(device, PASID_DMA_SUCCEEDED);
}

u32 pasid_dma_failed(struct vfio_pci_device *device)
{
	return bar0_read32(device, PASID_DMA_FAILED);
}

bool pasid_dma_goes_on(u32 (*counter)(struct vfio_pci_device *device),
		       struct vfio_pci_device *device)
{
	u32 from = counter(device);
	int polls;

	for (polls = 0; polls < POLLS_MAX && counter(device) < from + 3; polls++)
		usleep(POLL_US);
	return polls < POLLS_MAX;
}

static const struct vfio_pci_driver_ops pasid_dma_ops = {
	.name = PASID_DMA,
	/* Of which small requests are not too many. */
	.buffer_size = SZ_4K,
	.memory_bar = 2,
	.match = match,
	.read_start = read_start,
	.write_start = write_start,
	.busy = busy,
	.irq_index = VFIO_PCI_MSIX_IRQ_INDEX,
	.nr_irqs = PASID_DMA_VECTORS,
	.send_irq = send_irq,
};

VFIO_PCI_DRIVER(pasid_dma_ops)
