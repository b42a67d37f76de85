// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/container.h>

static int container_ioctl(struct vfio_container *container, unsigned long cmd,
			   void *arg)
{
	return ioctl(container->fd, cmd, arg) < 0 ? -errno : 0;
}

void vfio_container_open(struct vfio_container *container, unsigned long type)
{
	container->type = type;
	container->set = false;
	container->fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	VFIO_ASSERT(container->fd >= 0, "/dev/vfio/vfio");
	VFIO_ASSERT(ioctl(container->fd, VFIO_GET_API_VERSION) ==
		    VFIO_API_VERSION, "unknown version of VFIO");
}

void vfio_container_close(struct vfio_container *container)
{
	if (container->fd >= 0)
		close(container->fd);
	container->fd = -1;
	container->set = false;
}

int vfio_container_check_extension(struct vfio_container *container,
				   unsigned long extension)
{
	return ioctl(container->fd, VFIO_CHECK_EXTENSION, extension);
}

int __vfio_container_set_iommu(struct vfio_container *container)
{
	if (ioctl(container->fd, VFIO_SET_IOMMU, container->type))
		return -errno;
	container->set = true;
	return 0;
}

void vfio_container_set_iommu(struct vfio_container *container)
{
	int ret = __vfio_container_set_iommu(container);

	VFIO_ASSERT(!ret, "VFIO_SET_IOMMU, type %lu: %d", container->type, ret);
}

static const struct vfio_info_cap_header *
find_capability(const struct vfio_iommu_type1_info *info, u16 id)
{
	const struct vfio_info_cap_header *cap;
	u32 offset;

	for (offset = info->cap_offset; offset; offset = cap->next) {
		cap = (const void *)info + offset;
		if (cap->id == id)
			return cap;
	}
	return NULL;
}

union container_info {
	struct vfio_iommu_type1_info info;
	u8 bytes[4096];
};

static int get_info(struct vfio_container *container, union container_info *u)
{
	u->info = (struct vfio_iommu_type1_info) { .argsz = sizeof(*u) };
	return container_ioctl(container, VFIO_IOMMU_GET_INFO, &u->info);
}

int __vfio_container_info(struct vfio_container *container)
{
	union container_info u;

	return get_info(container, &u);
}

u64 vfio_container_last_iova(struct vfio_container *container)
{
	const struct vfio_iommu_type1_info_cap_iova_range *ranges;
	union container_info u;
	int ret;

	ret = get_info(container, &u);
	VFIO_ASSERT(!ret, "VFIO_IOMMU_GET_INFO: %d", ret);
	ranges = (const void *)find_capability(&u.info,
				VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	VFIO_ASSERT(ranges && ranges->nr_iovas, "no ranges of addresses");
	return ranges->iova_ranges[ranges->nr_iovas - 1].end;
}

int __vfio_dma_map(struct vfio_container *container, void *vaddr, u64 iova,
		   u64 size, u32 flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	return container_ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

void vfio_dma_map(struct vfio_container *container, void *vaddr, u64 iova,
		  u64 size)
{
	int ret = __vfio_dma_map(container, vaddr, iova, size,
				 VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);

	VFIO_ASSERT(!ret, "map %#llx bytes at %#llx: %d",
		    (unsigned long long)size, (unsigned long long)iova, ret);
}

int __vfio_dma_unmap(struct vfio_container *container, u64 iova, u64 size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};
	int ret;

	ret = container_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);
	return ret ?: unmap.size == size ? 0 : -ENOENT;
}

void vfio_dma_unmap(struct vfio_container *container, u64 iova, u64 size)
{
	int ret = __vfio_dma_unmap(container, iova, size);

	VFIO_ASSERT(!ret, "unmap %#llx bytes at %#llx: %d",
		    (unsigned long long)size, (unsigned long long)iova, ret);
}

static int group_of(const char *device)
{
	char path[PATH_MAX], target[PATH_MAX] = "";

	snprintf(path, sizeof(path), "%s/iommu_group", device);
	VFIO_ASSERT(readlink(path, target, sizeof(target) - 1) > 0,
		    "%s is not behind an IOMMU", device);
	return atoi(strrchr(target, '/') + 1);
}

int vfio_group_open_sysfs(const char *device)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%d", group_of(device));
	fd = open(path, O_RDWR | O_CLOEXEC);
	VFIO_ASSERT(fd >= 0, "%s, the group of %s", path, device);
	return fd;
}

int vfio_group_open(const char *bdf)
{
	char device[64];

	snprintf(device, sizeof(device), "/sys/bus/pci/devices/%s", bdf);
	return vfio_group_open_sysfs(device);
}

int __vfio_group_set_container(int group_fd, struct vfio_container *container)
{
	if (ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container->fd))
		return -errno;
	return 0;
}

int __vfio_group_unset_container(int group_fd)
{
	return ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER) ? -errno : 0;
}

int __vfio_group_get_device(int group_fd, const char *bdf)
{
	int fd = ioctl(group_fd, VFIO_GROUP_GET_DEVICE_FD, bdf);

	return fd < 0 ? -errno : fd;
}

int __vfio_dirty_bitmap(struct vfio_container *container, u64 iova, u64 size, void *bitmap)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} dirty = {
		.head.argsz = sizeof(dirty),
		.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
		.get.iova = iova,
		.get.size = size,
		.get.bitmap.pgsize = getpagesize(),
		.get.bitmap.size = getpagesize(),
		.get.bitmap.data = bitmap,
	};

	if (ioctl(container->fd, VFIO_IOMMU_DIRTY_PAGES, &dirty))
		return -errno;
	dirty.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
	return ioctl(container->fd, VFIO_IOMMU_DIRTY_PAGES, &dirty) ? -errno : 0;
}
