/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DRIVER_H
#define SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DRIVER_H

#include <linux/types.h>

struct vfio_pci_device;

/*
 * struct vfio_pci_driver_ops - How to make a device do DMA
 *
 * The device has a buffer of its own, which only its DMA can reach.
 */
struct vfio_pci_driver_ops {
	const char *name;

	/* The size of the device's buffer, in bytes. */
	size_t buffer_size;

	/* Whether the driver is for the device with these IDs. */
	bool (*match)(u16 vendor, u16 device);

	/*
	 * read_start() - Make the device read @size bytes at @addr
	 *
	 * Guarantees:
	 *  - What the device reads goes to the beginning of its buffer.
	 *  - The device doesn't write to memory and sends no interrupt.
	 *
	 * Doesn't wait for the transfer.
	 */
	void (*read_start)(struct vfio_pci_device *device, u64 addr, size_t size);

	/*
	 * write_start() - Make the device write @size bytes at @addr
	 *
	 * Guarantees:
	 *  - What the device writes is the beginning of its buffer.
	 *  - The device sends no interrupt.
	 *
	 * Doesn't wait for the transfer.
	 */
	void (*write_start)(struct vfio_pci_device *device, u64 addr, size_t size);

	/* Whether a transfer that was started isn't over yet. */
	bool (*busy)(struct vfio_pci_device *device);
};

extern const struct vfio_pci_driver_ops edu_ops;

/* The driver for the device with these IDs, or NULL. */
const struct vfio_pci_driver_ops *vfio_pci_driver_find(u16 vendor, u16 id);

/* Guarantees: the device's own memory space and bus mastering are enabled. */
void vfio_pci_driver_probe(struct vfio_pci_device *device);

#endif /* SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DRIVER_H */
