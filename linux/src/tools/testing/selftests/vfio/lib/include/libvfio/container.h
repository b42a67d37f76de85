/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_CONTAINER_H
#define SELFTESTS_VFIO_LIBVFIO_CONTAINER_H

#include <linux/types.h>
#include <linux/vfio.h>

/**
 * struct vfio_container - An IOMMU address space of VFIO
 * @fd: /dev/vfio/vfio, opened
 * @type: What VFIO_SET_IOMMU is called with once the first group is in
 * @set: Whether VFIO_SET_IOMMU was called
 */
struct vfio_container {
	int fd;
	unsigned long type;
	bool set;
};

/*
 * Throughout this library a function whose name starts with __ returns 0 or a
 * negative errno. The one without calls it and ends the test if it failed.
 */

void vfio_container_open(struct vfio_container *container, unsigned long type);
void vfio_container_close(struct vfio_container *container);
int vfio_container_check_extension(struct vfio_container *container,
				   unsigned long extension);
int __vfio_container_set_iommu(struct vfio_container *container);
void vfio_container_set_iommu(struct vfio_container *container);

/* The last address that the container can map. */
/* VFIO_IOMMU_GET_INFO, with room for its capabilities. */
int __vfio_container_info(struct vfio_container *container);

u64 vfio_container_last_iova(struct vfio_container *container);

int __vfio_dma_map(struct vfio_container *container, void *vaddr, u64 iova,
		   u64 size, u32 flags);
void vfio_dma_map(struct vfio_container *container, void *vaddr, u64 iova,
		  u64 size);
int __vfio_dma_unmap(struct vfio_container *container, u64 iova, u64 size);
void vfio_dma_unmap(struct vfio_container *container, u64 iova, u64 size);

/*
 * Ask which pages of @iova are dirty, for a range whose bits fit into the page at
 * @bitmap. The kernel holds the lock of the backend while it writes to @bitmap.
 */
int __vfio_dirty_bitmap(struct vfio_container *container, u64 iova, u64 size, void *bitmap);

int vfio_group_open(const char *bdf);
/* The same for a device of any bus, by its directory in sysfs. */
int vfio_group_open_sysfs(const char *device);
int __vfio_group_set_container(int group_fd, struct vfio_container *container);
int __vfio_group_unset_container(int group_fd);
int __vfio_group_get_device(int group_fd, const char *bdf);

#endif /* SELFTESTS_VFIO_LIBVFIO_CONTAINER_H */
