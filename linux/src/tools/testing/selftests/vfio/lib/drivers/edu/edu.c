// SPDX-License-Identifier: GPL-2.0-only
#include <libvfio/assert.h>
#include <libvfio/bar0.h>
#include <libvfio/dma.h>
#include <libvfio/vfio_pci_device.h>

#include "registers.h"

static bool edu_match(u16 vendor, u16 device)
{
	return vendor == EDU_VENDOR_ID && device == EDU_DEVICE_ID;
}

static bool edu_busy(struct vfio_pci_device *device)
{
	return bar0_read32(device, EDU_DMA_CMD) & EDU_DMA_CMD_RUN;
}

/* The device ignores a command, and any write of the four, while it is busy. */
static void edu_start(struct vfio_pci_device *device, u64 src, u64 dst,
		      size_t size, u32 cmd)
{
	VFIO_ASSERT(size <= EDU_BUFFER_SIZE, "the buffer has %d bytes",
		    EDU_BUFFER_SIZE);
	VFIO_ASSERT(!edu_busy(device), "%s is busy", device->bdf);
	bar0_write64(device, EDU_DMA_SRC, src);
	bar0_write64(device, EDU_DMA_DST, dst);
	bar0_write64(device, EDU_DMA_COUNT, size);
	bar0_write64(device, EDU_DMA_CMD, cmd | EDU_DMA_CMD_RUN);
}

static void edu_read_start(struct vfio_pci_device *device, u64 addr,
			   size_t size)
{
	edu_start(device, addr, EDU_BUFFER_ADDR, size, 0);
}

static void edu_write_start(struct vfio_pci_device *device, u64 addr,
			    size_t size)
{
	edu_start(device, EDU_BUFFER_ADDR, addr, size, EDU_DMA_CMD_TO_MEMORY);
}

static bool edu_send_irq(struct vfio_pci_device *device, unsigned int i, u64 addr,
			 void *vaddr)
{
	/* Below 0x80 the device takes accesses of 32 bits only. */
	bar0_write32(device, EDU_IRQ_RAISE, 1);
	bar0_write32(device, EDU_IRQ_ACK, 1);
	return true;
}

const struct vfio_pci_driver_ops edu_ops = {
	.name = "edu",
	.buffer_size = EDU_BUFFER_SIZE,
	.match = edu_match,
	.read_start = edu_read_start,
	.write_start = edu_write_start,
	.busy = edu_busy,
	.irq_index = VFIO_PCI_MSI_IRQ_INDEX,
	.nr_irqs = 1,
	.send_irq = edu_send_irq,
};

VFIO_PCI_DRIVER(edu_ops)
