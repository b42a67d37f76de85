/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_BAR0_H
#define SELFTESTS_VFIO_LIBVFIO_BAR0_H

#include <linux/compiler.h>
#include <linux/types.h>

#include <libvfio/dma.h>
#include <libvfio/vfio_pci_device.h>

/*
 * Registers of a device, for its driver. A read comes before all accesses to memory that
 * follow it, and a write after all that precede it.
 */
static inline u32 bar0_read32(struct vfio_pci_device *device, u32 offset)
{
	u32 val = READ_ONCE(*(u32 *)(device->bar0 + offset));

	dma_barrier();
	return val;
}

static inline void bar0_write32(struct vfio_pci_device *device, u32 offset, u32 val)
{
	dma_barrier();
	WRITE_ONCE(*(u32 *)(device->bar0 + offset), val);
}

static inline void bar0_write64(struct vfio_pci_device *device, u32 offset, u64 val)
{
	dma_barrier();
	WRITE_ONCE(*(u64 *)(device->bar0 + offset), val);
}

#endif /* SELFTESTS_VFIO_LIBVFIO_BAR0_H */
