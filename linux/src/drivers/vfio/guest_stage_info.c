// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be bound for a device of a container
 */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <uapi/linux/vfio.h>

#include "vfio.h"

static int vfio_guest_stage_info(struct vfio_container *container, int fd,
				 struct iommu_guest_stage_info *info)
{
	struct iommu_domain *domain;
	struct vfio_device *device;
	struct file *file;
	int ret;

	file = fget(fd);
	if (!file)
		return -EBADF;

	device = vfio_container_device_from_file(container, file);
	if (IS_ERR(device)) {
		ret = PTR_ERR(device);
		goto out_fput;
	}

	ret = -EINTR;
	if (down_read_killable(&container->group_lock))
		goto out_fput;
	domain = vfio_guest_stage_domain(container, device);
	ret = PTR_ERR_OR_ZERO(domain);
	if (!ret)
		ret = iommu_get_guest_stage_info(domain, device->dev, info);
	up_read(&container->group_lock);
out_fput:
	fput(file);
	return ret;
}

/* A caller with a larger structure gets zeros at its end, one with a smaller less */
static int
vfio_guest_stage_copy_info(struct iommu_guest_stage_info __user *to, u32 argsz,
			   struct iommu_guest_stage_info *info)
{
	size_t size = min_t(size_t, argsz, sizeof(*info));

	info->argsz = size;
	if (copy_to_user(to, info, size) ||
	    clear_user((void __user *)to + size, argsz - size))
		return -EFAULT;
	return 0;
}

/**
 * vfio_ioctl_guest_stage_info() - VFIO_IOMMU_GET_GUEST_STAGE_INFO
 * @container: the container
 * @arg: its argument
 *
 * Return: 0, or an error as described at the ioctl
 */
long vfio_ioctl_guest_stage_info(struct vfio_container *container,
				 struct vfio_iommu_type1_guest_stage_info __user *arg)
{
	size_t minsz = offsetof(struct vfio_iommu_type1_guest_stage_info, info);
	/* The size of the structure's first version */
	size_t infosz = offsetofend(struct iommu_guest_stage_info, smmuv3);
	struct vfio_iommu_type1_guest_stage_info get;
	u32 argsz;
	int ret;

	if (copy_from_user(&get, arg, minsz))
		return -EFAULT;
	if (get.argsz < minsz + infosz || get.flags || get.__reserved)
		return -EINVAL;

	if (copy_from_user(&get.info, &arg->info,
			   offsetofend(typeof(get.info), flags)))
		return -EFAULT;
	if (get.info.argsz < infosz || get.info.argsz > get.argsz - minsz ||
	    get.info.flags)
		return -EINVAL;
	/* No future structure is that large, so no more is cleared */
	if (get.info.argsz > PAGE_SIZE)
		return -E2BIG;

	argsz = get.info.argsz;
	ret = vfio_guest_stage_info(container, get.device_fd, &get.info);
	if (ret)
		return ret;
	return vfio_guest_stage_copy_info(&arg->info, argsz, &get.info);
}
