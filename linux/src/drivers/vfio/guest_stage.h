/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's own stage of translation, bound by way of a container
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
 * struct vfio_guest_stages - The guest stages of a container
 * @by_vsid: &struct vfio_guest_stage, by what the guest calls the device
 * @domains: one &struct vfio_guest_stage for each domain that any is bound on
 * @found: the one in @by_vsid that was looked for last, NULL if there was none or
 *	it is gone
 * @faults: the latest queue for their faults, its file open or closed, or NULL
 */
struct vfio_guest_stages {
	/**
	 * @lock: Protects all below. Devices stay bound, or are bound and
	 * unbound, while it is held.
	 * As commands of the guest are executed with it, a VMM has no more than
	 * a few of them in the queue that others use too, however many threads
	 * it has. Nests inside the container's group_lock, the device set's lock
	 * and a device's reset_lock, and outside of the IOMMU group's mutex. The
	 * backend's lock is never taken inside of it.
	 */
	struct mutex		lock;
	struct xarray		by_vsid;
	struct list_head	domains;
	struct vfio_guest_stage	*found;
	struct iommu_guest_faults *faults;
};

/**
 * struct vfio_guest_stage - A device with a guest stage
 * @device: the device, open for as long as this exists
 * @domain: nesting domain that @device is attached to for as long
 * @next_domain: in &vfio_guest_stages.domains, if this is the one for @domain
 * @vsid: what the guest calls it
 * @stopped: @device is being closed, and its faults go nowhere
 */
struct vfio_guest_stage {
	struct vfio_device	*device;
	struct iommu_domain	*domain;
	struct list_head	next_domain;
	u32			vsid;
	bool			stopped;
};

/*
 * Whose name @vsid is, or NULL. Of a guest's commands most name the same device as
 * the one before.
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
void vfio_guest_stage_stop(struct vfio_guest_stages *stages,
			   struct vfio_device *device);
void vfio_guest_stage_close(struct vfio_guest_stages *stages,
			    struct vfio_device *device);

#endif /* __VFIO_GUEST_STAGE_H__ */
