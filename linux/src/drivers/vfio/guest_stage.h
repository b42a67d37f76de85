/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices of a container that are bound to a guest's own stage of translation
 */
#ifndef __VFIO_GUEST_STAGE_H__
#define __VFIO_GUEST_STAGE_H__

#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct iommu_domain;
struct iommu_guest_faults;
struct vfio_container;
struct vfio_device;
struct vfio_iommu_driver;

/**
 * struct vfio_guest_stages - The bound devices of a container
 * @by_vsid: &struct vfio_guest_stage, by the guest's name for the device
 * @domains: one &struct vfio_guest_stage for each domain that devices are bound on
 * @found: the one in @by_vsid that was looked up last, or NULL
 * @faults: the latest queue for the devices' faults, or NULL. Its file may be
 *	closed.
 */
struct vfio_guest_stages {
	/**
	 * @lock: Protects all fields below. Only its holder binds and unbinds
	 * devices. The guest's commands are executed with it held, so that a
	 * VMM has only one piece of commands at a time in the queue that others
	 * use too, however many threads the VMM has. It is taken inside of the
	 * container's group_lock, the lock of the device set and a device's
	 * reset_lock, and outside of the mutex of the IOMMU group. Inside of
	 * it an invalidation only tries to take a reset_lock. The lock of the
	 * backend is never taken inside of it.
	 */
	struct mutex		lock;
	struct xarray		by_vsid;
	struct list_head	domains;
	struct vfio_guest_stage	*found;
	struct iommu_guest_faults *faults;
};

/**
 * struct vfio_guest_stage - A device that is bound
 * @device: the device, which is open while this structure exists
 * @domain: the nesting domain that @device is attached to
 * @next_domain: node in &vfio_guest_stages.domains, if this structure stands for
 *	@domain there
 * @vsid: the guest's name for @device
 * @closing: @device is being closed, and its faults go nowhere
 */
struct vfio_guest_stage {
	struct vfio_device	*device;
	struct iommu_domain	*domain;
	struct list_head	next_domain;
	u32			vsid;
	bool			closing;
};

/*
 * The device that the guest calls @vsid, or NULL. Most commands of a guest name the
 * same device as the command before.
 */
static inline struct vfio_guest_stage *
vfio_guest_stage_find(struct vfio_guest_stages *stages, u32 vsid)
{
	struct vfio_guest_stage *stage;

	lockdep_assert_held(&stages->lock);

	stage = stages->found;
	if (!stage || stage->vsid != vsid) {
		stage = xa_load(&stages->by_vsid, vsid);
		stages->found = stage;
	}
	return stage;
}

void vfio_guest_stages_init(struct vfio_guest_stages *stages);
void vfio_guest_stages_destroy(struct vfio_guest_stages *stages);
long vfio_guest_stage_ioctl(struct vfio_container *container, unsigned int cmd,
			    void __user *arg);
struct iommu_domain *
vfio_guest_stage_domain(struct vfio_container *container,
			struct vfio_device *device);
void vfio_guest_stage_quiesce(struct vfio_guest_stages *stages,
			      struct vfio_device *device);
void vfio_guest_stage_close(struct vfio_guest_stages *stages,
			    struct vfio_device *device);

#endif /* __VFIO_GUEST_STAGE_H__ */
