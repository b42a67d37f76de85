/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_IRQ_H
#define SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_IRQ_H

#include <linux/types.h>

#include <libvfio/dma.h>
#include <libvfio/vfio_pci_device.h>

#define VFIO_PCI_IRQS_MAX	8

/**
 * struct vfio_pci_irqs - Message-signalled interrupts of a device, as eventfds
 * @device: Whose they are
 * @fds: One for each interrupt of its driver, in order
 * @page: What the device is given to write to before it sends one
 */
struct vfio_pci_irqs {
	struct vfio_pci_device *device;
	int fds[VFIO_PCI_IRQS_MAX];
	struct dma_page page;
};

/* Enable all that the device's driver has. @page is a page for the driver's use. */
void vfio_pci_irqs_enable(struct vfio_pci_irqs *irqs,
			  struct vfio_pci_device *device,
			  const struct dma_page *page);
void vfio_pci_irqs_disable(struct vfio_pci_irqs *irqs);

/*
 * Have the device send the @i-th, where it knows the page as @addr. Whether that
 * was possible, as far as the device can tell.
 */
bool vfio_pci_irq_send(struct vfio_pci_irqs *irqs, unsigned int i, u64 addr);

/* Wait until the @i-th arrives. False if it doesn't. */
bool vfio_pci_irq_arrives(struct vfio_pci_irqs *irqs, unsigned int i);

/* Whether any did that wasn't waited for. */
bool vfio_pci_irqs_pending(struct vfio_pci_irqs *irqs);

#endif /* SELFTESTS_VFIO_LIBVFIO_VFIO_PCI_IRQ_H */
