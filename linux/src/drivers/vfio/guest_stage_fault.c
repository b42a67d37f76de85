// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of devices of a container that are bound to a guest
 *
 * The file that a VMM reads the faults from does not point to the container or its
 * devices. They can be closed in any order.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <uapi/linux/vfio.h>

#include "vfio.h"

/* The faults of all devices that are bound, and open, go to @faults from now on */
static void vfio_guest_faults_replace(struct vfio_guest_stages *stages,
				      struct iommu_guest_faults *faults)
{
	struct vfio_guest_stage *stage;
	unsigned long vsid;

	lockdep_assert_held(&stages->lock);

	xa_for_each(&stages->by_vsid, vsid, stage) {
		if (!stage->closing)
			iommu_guest_faults_attach(faults, stage->device->dev);
	}
	iommu_guest_faults_put(stages->faults);
	stages->faults = faults;
}

static struct file *vfio_guest_faults_file(struct vfio_guest_stages *stages,
					   int flags)
{
	struct iommu_guest_faults *faults;
	struct file *file;

	if (stages->faults && iommu_guest_faults_is_open(stages->faults))
		return ERR_PTR(-EBUSY);

	faults = iommu_guest_faults_alloc();
	if (IS_ERR(faults))
		return ERR_CAST(faults);
	file = iommu_guest_faults_file(faults, flags);
	if (IS_ERR(file))
		iommu_guest_faults_put(faults);
	else
		vfio_guest_faults_replace(stages, faults);
	return file;
}

static int vfio_guest_faults_fd(struct vfio_guest_stages *stages, int flags)
{
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(flags & O_CLOEXEC);
	if (fd < 0)
		return fd;

	file = ERR_PTR(-EINTR);
	if (mutex_lock_killable(&stages->lock))
		goto out_put_fd;
	file = vfio_guest_faults_file(stages, flags & O_NONBLOCK);
	mutex_unlock(&stages->lock);
	if (IS_ERR(file))
		goto out_put_fd;
	fd_install(fd, file);
	return fd;

out_put_fd:
	put_unused_fd(fd);
	return PTR_ERR(file);
}

/**
 * vfio_ioctl_guest_fault_fd() - VFIO_IOMMU_GET_GUEST_FAULT_FD
 * @container: the container
 * @arg: its argument
 *
 * Return: A file descriptor, or an error as described at the ioctl
 */
long vfio_ioctl_guest_fault_fd(struct vfio_container *container,
			       struct vfio_iommu_type1_guest_fault_fd __user *arg)
{
	struct vfio_iommu_type1_guest_fault_fd get;
	size_t minsz = offsetofend(typeof(get), __reserved);

	if (copy_from_user(&get, arg, minsz))
		return -EFAULT;
	if (get.argsz < minsz || get.flags & ~(O_CLOEXEC | O_NONBLOCK) ||
	    get.__reserved)
		return -EINVAL;
	return vfio_guest_faults_fd(&container->guest_stages, get.flags);
}
