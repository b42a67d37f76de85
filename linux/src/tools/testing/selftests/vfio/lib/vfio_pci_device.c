// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pci_regs.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/vfio_pci_device.h>

/* It differs from the StreamID, so that a mix-up of the two shows. */
#define VSID_OF(sid)	(0x10000 + (u32)(sid))

u16 pci_requester_id(const char *bdf)
{
	unsigned int segment, bus, device, function;

	VFIO_ASSERT(sscanf(bdf, "%x:%x:%x.%x", &segment, &bus, &device,
			   &function) == 4, "%s is not an address of PCI", bdf);
	return bus << 8 | device << 3 | function;
}

static off_t region_offset(struct vfio_pci_device *device, u32 index,
			   size_t *size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	int ret = ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &info);

	VFIO_ASSERT(!ret, "region %u of %s", index, device->bdf);
	if (size)
		*size = info.size;
	return info.offset;
}

u16 vfio_pci_config_read(struct vfio_pci_device *device, u16 offset)
{
	off_t config = region_offset(device, VFIO_PCI_CONFIG_REGION_INDEX, NULL);
	u16 val;

	VFIO_ASSERT(pread(device->fd, &val, sizeof(val), config + offset) ==
		    sizeof(val), "configuration space of %s", device->bdf);
	return val;
}

void vfio_pci_config_write(struct vfio_pci_device *device, u16 offset, u16 val)
{
	off_t config = region_offset(device, VFIO_PCI_CONFIG_REGION_INDEX, NULL);

	VFIO_ASSERT(pwrite(device->fd, &val, sizeof(val), config + offset) ==
		    sizeof(val), "configuration space of %s", device->bdf);
}

static void *map_region(struct vfio_pci_device *device, u32 index, size_t *size)
{
	off_t offset = region_offset(device, index, size);
	void *region = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    device->fd, offset);

	VFIO_ASSERT(region != MAP_FAILED, "BAR %u of %s", index, device->bdf);
	return region;
}

void vfio_pci_device_map_bar0(struct vfio_pci_device *device)
{
	device->bar0 = map_region(device, VFIO_PCI_BAR0_REGION_INDEX,
				  &device->bar0_size);
	if (device->driver && device->driver->memory_bar)
		device->memory = map_region(device, device->driver->memory_bar,
					    &device->memory_size);
}

void vfio_pci_device_unmap_bar0(struct vfio_pci_device *device)
{
	if (device->bar0)
		munmap(device->bar0, device->bar0_size);
	device->bar0 = NULL;
	if (device->memory)
		munmap(device->memory, device->memory_size);
	device->memory = NULL;
}

void vfio_pci_device_attach(struct vfio_pci_device *device, const char *bdf,
			    struct vfio_container *container)
{
	int ret;

	memset(device, 0, sizeof(*device));
	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	device->container = container;
	device->sid = pci_requester_id(bdf);
	device->vsid = VSID_OF(device->sid);
	device->fd = -1;
	device->group_fd = vfio_group_open(bdf);
	ret = __vfio_group_set_container(device->group_fd, container);
	VFIO_ASSERT(!ret, "put %s into a container: %d", bdf, ret);
}

/* Find the driver, if there is one, and let the device answer and do DMA. */
static void probe(struct vfio_pci_device *device)
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

void vfio_pci_device_get(struct vfio_pci_device *device)
{
	device->fd = __vfio_group_get_device(device->group_fd, device->bdf);
	VFIO_ASSERT(device->fd >= 0, "open %s: %d", device->bdf, device->fd);
	probe(device);
}

void vfio_pci_device_open(struct vfio_pci_device *device, const char *bdf,
			  struct vfio_container *container)
{
	vfio_pci_device_attach(device, bdf, container);
	if (!container->set)
		vfio_container_set_iommu(container);
	vfio_pci_device_get(device);
}

void vfio_pci_device_put(struct vfio_pci_device *device)
{
	vfio_pci_device_unmap_bar0(device);
	if (device->fd >= 0)
		close(device->fd);
	device->fd = -1;
}

void vfio_pci_device_close(struct vfio_pci_device *device)
{
	vfio_pci_device_put(device);
	if (device->group_fd >= 0)
		close(device->group_fd);
	device->group_fd = -1;
}

bool vfio_pci_device_can_reset(struct vfio_pci_device *device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int ret = ioctl(device->fd, VFIO_DEVICE_GET_INFO, &info);

	VFIO_ASSERT(!ret, "VFIO_DEVICE_GET_INFO of %s", device->bdf);
	return info.flags & VFIO_DEVICE_FLAGS_RESET;
}

int __vfio_pci_device_reset(struct vfio_pci_device *device)
{
	return ioctl(device->fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

int __vfio_pci_device_hot_reset(struct vfio_pci_device *device)
{
	union {
		struct vfio_pci_hot_reset reset;
		u8 bytes[sizeof(struct vfio_pci_hot_reset) + sizeof(__s32)];
	} u = {
		.reset = { .argsz = sizeof(u), .count = 1 },
	};

	u.reset.group_fds[0] = device->group_fd;
	return ioctl(device->fd, VFIO_DEVICE_PCI_HOT_RESET, &u.reset) ? -errno : 0;
}

int vfio_pci_device_request_eventfd(struct vfio_pci_device *device)
{
	union {
		struct vfio_irq_set set;
		u8 bytes[sizeof(struct vfio_irq_set) + sizeof(int)];
	} u = {
		.set = {
			.argsz = sizeof(u),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.count = 1,
		},
	};
	int fd = eventfd(0, EFD_CLOEXEC);

	memcpy(u.set.data, &fd, sizeof(fd));
	VFIO_ASSERT(fd >= 0 && !ioctl(device->fd, VFIO_DEVICE_SET_IRQS, &u.set),
		    "requests for %s", device->bdf);
	return fd;
}
