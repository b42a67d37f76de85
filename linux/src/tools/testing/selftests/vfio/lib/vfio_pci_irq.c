// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/vfio_pci_irq.h>

#define POLL_US		1000
#define POLLS_MAX	2000

static const struct vfio_pci_driver_ops *driver_of(struct vfio_pci_irqs *irqs)
{
	return irqs->device->driver;
}

static int set_irqs(struct vfio_pci_irqs *irqs, const int *fds, unsigned int count)
{
	union {
		struct vfio_irq_set set;
		u8 bytes[sizeof(struct vfio_irq_set) +
			 2 * VFIO_PCI_IRQS_MAX * sizeof(int)];
	} u = {
		.set = {
			.argsz = sizeof(u.set) + count * sizeof(*fds),
			.flags = VFIO_IRQ_SET_ACTION_TRIGGER |
				 (count ? VFIO_IRQ_SET_DATA_EVENTFD :
					  VFIO_IRQ_SET_DATA_NONE),
			.index = driver_of(irqs)->irq_index,
			.count = count,
		},
	};

	memcpy(u.set.data, fds, count * sizeof(*fds));
	return ioctl(irqs->device->fd, VFIO_DEVICE_SET_IRQS, &u.set) ? -errno : 0;
}

void vfio_pci_irqs_enable(struct vfio_pci_irqs *irqs,
			  struct vfio_pci_device *device,
			  const struct dma_page *page)
{
	int fds[2 * VFIO_PCI_IRQS_MAX], ret;
	unsigned int i, first, nr;

	irqs->device = device;
	irqs->page = *page;
	first = device->driver->first_irq;
	nr = device->driver->nr_irqs;
	VFIO_ASSERT(nr && nr <= VFIO_PCI_IRQS_MAX && first <= VFIO_PCI_IRQS_MAX,
		    "%u interrupts", nr);
	for (i = 0; i < first; i++)
		fds[i] = -1;
	for (i = 0; i < nr; i++) {
		irqs->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		VFIO_ASSERT(irqs->fds[i] >= 0, "an eventfd");
		fds[first + i] = irqs->fds[i];
	}
	ret = set_irqs(irqs, fds, first + nr);
	VFIO_ASSERT(!ret, "interrupts of %s: %d", device->bdf, ret);
}

void vfio_pci_irqs_disable(struct vfio_pci_irqs *irqs)
{
	unsigned int i;
	int ret;

	ret = set_irqs(irqs, NULL, 0);
	VFIO_ASSERT(!ret, "interrupts of %s: %d", irqs->device->bdf, ret);
	for (i = 0; i < driver_of(irqs)->nr_irqs; i++)
		close(irqs->fds[i]);
}

bool vfio_pci_irq_send(struct vfio_pci_irqs *irqs, unsigned int i, u64 addr)
{
	dma_barrier();
	return driver_of(irqs)->send_irq(irqs->device, i, addr,
					 irqs->page.vaddr);
}

static bool is_pending(struct vfio_pci_irqs *irqs, unsigned int i)
{
	u64 count;

	return read(irqs->fds[i], &count, sizeof(count)) == sizeof(count);
}

bool vfio_pci_irq_arrives(struct vfio_pci_irqs *irqs, unsigned int i)
{
	int polls;

	for (polls = 0; polls < POLLS_MAX; polls++) {
		if (is_pending(irqs, i))
			return true;
		usleep(POLL_US);
	}
	return false;
}

bool vfio_pci_irqs_pending(struct vfio_pci_irqs *irqs)
{
	bool pending = false;
	unsigned int i;

	usleep(POLL_US);
	for (i = 0; i < driver_of(irqs)->nr_irqs; i++)
		pending |= is_pending(irqs, i);
	return pending;
}
