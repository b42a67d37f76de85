/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be bound for a device of a container
 */
#ifndef __VFIO_GUEST_STAGE_INFO_H__
#define __VFIO_GUEST_STAGE_INFO_H__

struct vfio_container;
struct vfio_iommu_type1_guest_stage_info;

long vfio_ioctl_guest_stage_info(struct vfio_container *container,
				 struct vfio_iommu_type1_guest_stage_info __user *arg);

#endif /* __VFIO_GUEST_STAGE_INFO_H__ */
