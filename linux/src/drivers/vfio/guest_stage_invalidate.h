/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Invalidation for devices of a container that are bound to a guest
 */
#ifndef __VFIO_GUEST_STAGE_INVALIDATE_H__
#define __VFIO_GUEST_STAGE_INVALIDATE_H__

struct vfio_container;
struct vfio_iommu_type1_invalidate_guest_stage;

long
vfio_ioctl_invalidate_guest_stage(struct vfio_container *container,
				  struct vfio_iommu_type1_invalidate_guest_stage __user *arg);

#endif /* __VFIO_GUEST_STAGE_INVALIDATE_H__ */
