// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pci_regs.h>

#include <libvfio/assert.h>
#include <libvfio/vfio_pci_device.h>
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

void vfio_pci_driver_probe(struct vfio_pci_device *device)
{
	u16 vendor = vfio_pci_config_read(device, PCI_VENDOR_ID);
	u16 id = vfio_pci_config_read(device, PCI_DEVICE_ID);

	device->driver = vfio_pci_driver_find(vendor, id);
	if (!device->driver)
		return;
	vfio_pci_device_map_bar0(device);
	vfio_pci_config_write(device, PCI_COMMAND,
			      vfio_pci_config_read(device, PCI_COMMAND) |
			      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}
