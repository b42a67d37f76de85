/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DEVICE_H
#define SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DEVICE_H

#include <linux/types.h>

#include <libvfio/container.h>
#include <libvfio/vfio_pci_driver.h>

/**
 * struct vfio_pci_device - A device assigned to the test
 * @bdf: Its address, 0000:00:02.0 for example
 * @container: Where it is
 * @group_fd: Its group, opened
 * @fd: The device itself, opened
 * @sid: Its requester ID, which is its StreamID where the oracle is
 * @vsid: What a guest would call it
 * @bar0: Its registers, mapped, if @driver knows it
 * @bar0_size: Their size
 * @memory: Memory of its own, mapped, if @driver needs it
 * @memory_size: Its size
 * @driver: How to make it do DMA, NULL if nobody knows
 */
struct vfio_pci_device {
	char bdf[sizeof("0000:00:00.0")];
	struct vfio_container *container;
	int group_fd;
	int fd;
	u16 sid;
	u32 vsid;
	void *bar0;
	size_t bar0_size;
	void *memory;
	size_t memory_size;
	const struct vfio_pci_driver_ops *driver;
};

/* Guarantees: the container has a type afterwards. */
void vfio_pci_device_open(struct vfio_pci_device *device, const char *bdf,
			  struct vfio_container *container);

/*
 * These are the two steps of it: first the group goes into the container, then the device is
 * opened. Guarantees: if the device has a driver, its memory space and bus mastering are on.
 */
void vfio_pci_device_attach(struct vfio_pci_device *device, const char *bdf,
			    struct vfio_container *container);
void vfio_pci_device_get(struct vfio_pci_device *device);

/* Close the device. A mapping of its registers or memory would keep it open. */
void vfio_pci_device_put(struct vfio_pci_device *device);
void vfio_pci_device_close(struct vfio_pci_device *device);

/* Unmap registers and memory only: the device can't be made to do DMA after this. */
void vfio_pci_device_unmap_bar0(struct vfio_pci_device *device);
void vfio_pci_device_map_bar0(struct vfio_pci_device *device);

u16 vfio_pci_config_read(struct vfio_pci_device *device, u16 offset);
void vfio_pci_config_write(struct vfio_pci_device *device, u16 offset, u16 val);

bool vfio_pci_device_can_reset(struct vfio_pci_device *device);
int __vfio_pci_device_reset(struct vfio_pci_device *device);

/* Reset its bus, on which nothing else may be. */
int __vfio_pci_device_hot_reset(struct vfio_pci_device *device);

/* An eventfd that tells when the kernel wants the device back. */
int vfio_pci_device_request_eventfd(struct vfio_pci_device *device);

u16 pci_requester_id(const char *bdf);

#endif /* SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_DEVICE_H */
