/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DRIVER_H
#define SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DRIVER_H

#include <linux/bits.h>
#include <linux/types.h>

struct vfio_pci_device;

/* From the buffer to memory; else from memory to the buffer. */
#define DMA_STREAM_WRITE	BIT(0)
#define DMA_STREAM_PACED	BIT(1)

/*
 * struct vfio_pci_driver_ops - How to make a device do DMA
 *
 * The device has a buffer of its own, which only its DMA can reach. Transfers of
 * DMA_SIZE bytes, and of multiples of it up to the buffer's size, are possible. What
 * isn't said here needs no memory: a device's queues, if it has any, are in the device.
 * So each transfer is tried, also where the device can't reach anything, and all of its
 * accesses are to the memory that was named.
 */
struct vfio_pci_driver_ops {
	const char *name;

	/* The size of the device's buffer, in bytes. */
	size_t buffer_size;

	/* The BAR with memory of the device that the driver needs, 0 if it needs none. */
	unsigned int memory_bar;

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

	/*
	 * stream_start() - The same in many transfers of DMA_SIZE bytes each
	 *
	 * Several of them are under way at a time. The buffer has @stream_size bytes.
	 * With DMA_STREAM_PACED they are from several queues, and what happens meanwhile
	 * happens in their middle; but nothing may reset the device before they are over.
	 * NULL if the device has one transfer at a time.
	 */
	size_t stream_size;
	void (*stream_start)(struct vfio_pci_device *device, u64 addr, size_t size,
			     unsigned int flags);

	/* Its message-signalled interrupts: the kind, where they begin, how many. */
	unsigned int irq_index;
	unsigned int first_irq;
	unsigned int nr_irqs;

	/*
	 * send_irq() - Make the device send interrupt @i of @nr_irqs
	 *
	 * @addr, which is @vaddr here, is where the device may have to write something
	 * before: a page.
	 *
	 * Guarantees:
	 *  - The device accesses that page only, and then sends the interrupt.
	 *  - It is sent when this returns, and whatever was to be written is.
	 *
	 * Returns false if the device knows that it couldn't write. No transfer may be
	 * under way.
	 */
	bool (*send_irq)(struct vfio_pci_device *device, unsigned int i, u64 addr,
			 void *vaddr);
};

extern const struct vfio_pci_driver_ops edu_ops;
extern const struct vfio_pci_driver_ops nvme_ops;

/* A new driver needs no edit elsewhere. */
void vfio_pci_driver_register(const struct vfio_pci_driver_ops *ops);

#define VFIO_PCI_DRIVER(ops)						\
	static void __attribute__((constructor)) register_##ops(void)	\
	{								\
		vfio_pci_driver_register(&(ops));			\
	}

/* The driver for the device with these IDs, or NULL. */
const struct vfio_pci_driver_ops *vfio_pci_driver_find(u16 vendor, u16 id);

#endif /* SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DRIVER_H */
