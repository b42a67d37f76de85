/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults of devices of a container that are bound to a guest
 */
#ifndef __VFIO_GUEST_STAGE_FAULT_H__
#define __VFIO_GUEST_STAGE_FAULT_H__

struct vfio_container;
struct vfio_iommu_type1_guest_fault_fd;

long vfio_ioctl_guest_fault_fd(struct vfio_container *container,
			       struct vfio_iommu_type1_guest_fault_fd __user *arg);

#endif /* __VFIO_GUEST_STAGE_FAULT_H__ */
