// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include <libvfio/assert.h>
#include <libvfio/vfio_pci_driver.h>

#define DRIVERS_MAX	8

static const struct vfio_pci_driver_ops *drivers[DRIVERS_MAX];
static unsigned int nr_drivers;

void vfio_pci_driver_register(const struct vfio_pci_driver_ops *ops)
{
	VFIO_ASSERT(nr_drivers < DRIVERS_MAX, "room for the driver of %s", ops->name);
	drivers[nr_drivers++] = ops;
}

const struct vfio_pci_driver_ops *vfio_pci_driver_find(u16 vendor, u16 id)
{
	unsigned int i;

	for (i = 0; i < nr_drivers; i++)
		if (drivers[i]->match(vendor, id))
			return drivers[i];
	return NULL;
}
