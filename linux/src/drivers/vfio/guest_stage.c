// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's own stage of translation, bound by way of a container
 *
 * Arguments are copied and checked here, and the device is resolved; the rest
 * is for the IOMMU core and its drivers. Nothing here knows what a guest's
 * tables look like.
 */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <uapi/linux/vfio.h>

#include "vfio.h"

void vfio_guest_stages_init(struct vfio_guest_stages *stages)
{
	mutex_init(&stages->lock);
	xa_init(&stages->by_vsid);
	INIT_LIST_HEAD(&stages->domains);
}

void vfio_guest_stages_destroy(struct vfio_guest_stages *stages)
{
	WARN_ON(!xa_empty(&stages->by_vsid));
	xa_destroy(&stages->by_vsid);
	iommu_guest_faults_end(stages->faults);
	iommu_guest_faults_put(stages->faults);
}

/**
 * vfio_guest_stage_domain() - What a device's guest stage is or would be bound on
 * @container: the container, with group_lock held
 * @device: a device in it, open
 *
 * The domain lives until the group is detached, and so outlives the open device.
 *
 * The backend holds the lock that its look-up takes while it pins pages, and the
 * close of a device waits for stages->lock with the lock of a device set that
 * other containers share: never wait for the former with the latter held.
 *
 * Return: The domain, ERR_PTR(-EINVAL) if the container has no backend or
 * ERR_PTR(-EOPNOTSUPP) if that has no domains.
 */
struct iommu_domain *
vfio_guest_stage_domain(struct vfio_container *container,
			struct vfio_device *device)
{
	struct vfio_guest_stages *stages = &container->guest_stages;
	struct vfio_iommu_driver *driver = container->iommu_driver;
	struct iommu_domain *domain = NULL;

	lockdep_assert_held_read(&container->group_lock);

	mutex_lock(&stages->lock);
	if (device->guest_stage)
		domain = device->guest_stage->domain;
	mutex_unlock(&stages->lock);
	if (domain)
		return domain;

	if (!driver)
		return ERR_PTR(-EINVAL);
	if (!driver->ops->group_iommu_domain)
		return ERR_PTR(-EOPNOTSUPP);
	return driver->ops->group_iommu_domain(container->iommu_data,
					       device->group->iommu_group);
}

/* Have @stage stand for its domain, unless another does already */
static void vfio_guest_stage_add_domain(struct vfio_guest_stages *stages,
					struct vfio_guest_stage *stage)
{
	struct vfio_guest_stage *other;

	list_for_each_entry(other, &stages->domains, next_domain) {
		if (other->domain == stage->domain)
			return;
	}
	list_add_tail(&stage->next_domain, &stages->domains);
}

/* @stage is gone from by_vsid: any other that is bound on its domain takes over */
static void vfio_guest_stage_del_domain(struct vfio_guest_stages *stages,
					struct vfio_guest_stage *stage)
{
	struct vfio_guest_stage *other;
	unsigned long vsid;

	if (list_empty(&stage->next_domain))
		return;
	list_del(&stage->next_domain);

	xa_for_each(&stages->by_vsid, vsid, other) {
		if (other->domain == stage->domain) {
			list_add_tail(&other->next_domain, &stages->domains);
			return;
		}
	}
}

static struct vfio_guest_stage *
vfio_guest_stage_alloc(struct vfio_guest_stages *stages,
		       struct vfio_device *device, struct iommu_domain *domain,
		       u32 vsid)
{
	struct vfio_guest_stage *stage;
	int ret;

	lockdep_assert_held(&stages->lock);

	stage = kzalloc(sizeof(*stage), GFP_KERNEL_ACCOUNT);
	if (!stage)
		return ERR_PTR(-ENOMEM);
	stage->device = device;
	stage->domain = domain;
	stage->vsid = vsid;
	INIT_LIST_HEAD(&stage->next_domain);

	ret = xa_insert(&stages->by_vsid, vsid, stage, GFP_KERNEL_ACCOUNT);
	if (ret) {
		kfree(stage);
		return ERR_PTR(ret == -EBUSY ? -EEXIST : ret);
	}
	vfio_guest_stage_add_domain(stages, stage);
	return stage;
}

static void vfio_guest_stage_free(struct vfio_guest_stages *stages,
				  struct vfio_guest_stage *stage)
{
	lockdep_assert_held(&stages->lock);

	xa_erase(&stages->by_vsid, stage->vsid);
	if (stages->found == stage)
		stages->found = NULL;
	vfio_guest_stage_del_domain(stages, stage);
	kfree(stage);
}

static int vfio_guest_stage_rebind(struct vfio_guest_stages *stages,
				   struct vfio_guest_stage *stage,
				   const struct iommu_guest_stage_config *cfg)
{
	if (cfg->vsid != stage->vsid && xa_load(&stages->by_vsid, cfg->vsid))
		return -EEXIST;
	return iommu_bind_guest_stage(stage->domain, stage->device->dev, cfg);
}

static int vfio_guest_stage_bind(struct vfio_guest_stages *stages,
				 struct vfio_device *device,
				 struct iommu_domain *domain,
				 const struct iommu_guest_stage_config *cfg)
{
	struct vfio_guest_stage *stage;
	int ret;

	lockdep_assert_held(&stages->lock);

	if (device->guest_stage)
		return vfio_guest_stage_rebind(stages, device->guest_stage, cfg);

	stage = vfio_guest_stage_alloc(stages, device, domain, cfg->vsid);
	if (IS_ERR(stage))
		return PTR_ERR(stage);

	/* The guest is told of the first fault that it can cause */
	if (stages->faults)
		iommu_guest_faults_attach(stages->faults, device->dev);
	ret = iommu_bind_guest_stage(domain, device->dev, cfg);
	if (ret) {
		iommu_guest_faults_detach(device->dev);
		vfio_guest_stage_free(stages, stage);
		return ret;
	}
	device->guest_stage = stage;
	return 0;
}

static int vfio_guest_stage_unbind(struct vfio_guest_stages *stages,
				   struct vfio_device *device)
{
	struct vfio_guest_stage *stage = device->guest_stage;
	int ret;

	lockdep_assert_held(&stages->lock);

	if (!stage)
		return -ENOENT;

	ret = iommu_unbind_guest_stage(stage->domain, device->dev);
	device->guest_stage = NULL;
	vfio_guest_stage_free(stages, stage);
	return ret;
}

/**
 * vfio_guest_stage_stop() - A device of a container is going to be closed
 * @stages: the guest stages of the container
 * @device: the device, with the lock of its group and of its device set held,
 *	    after its last file descriptor is gone
 *
 * Its driver resets it, which has to wait for transactions that are stalled. So
 * none waits for the guest any more. The guest stage remains until
 * vfio_guest_stage_close(): what the device still does is translated by it.
 */
void vfio_guest_stage_stop(struct vfio_guest_stages *stages,
			   struct vfio_device *device)
{
	guard(mutex)(&stages->lock);
	if (!device->guest_stage)
		return;
	device->guest_stage->stopped = true;
	iommu_guest_faults_stop(device->dev);
}

/**
 * vfio_guest_stage_close() - A device of a container has been closed
 * @stages: the guest stages of the container
 * @device: the device, with the lock of its group and of its device set held,
 *	    after its last file descriptor is gone
 *
 * The device was given to the guest by whoever had it open: it goes back to
 * what the container maps.
 */
void vfio_guest_stage_close(struct vfio_guest_stages *stages,
			    struct vfio_device *device)
{
	bool active;

	/* No call can bind it: that takes a file descriptor of the device */
	if (!device->guest_stage)
		return;

	/* Its driver may let it sleep already, and a change of ATS accesses it */
	active = !vfio_device_pm_runtime_get(device);

	mutex_lock(&stages->lock);
	WARN_ON(vfio_guest_stage_unbind(stages, device));
	mutex_unlock(&stages->lock);

	if (active)
		vfio_device_pm_runtime_put(device);
}

/* Bind, or unbind without @cfg, the device that @fd names: it stays open for it */
static int vfio_guest_stage_call(struct vfio_container *container, int fd,
				 const struct iommu_guest_stage_config *cfg)
{
	struct vfio_guest_stages *stages = &container->guest_stages;
	struct iommu_domain *domain = NULL;
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

	/* A change of ATS accesses the device */
	ret = vfio_device_pm_runtime_get(device);
	if (ret)
		goto out_fput;

	down_read(&container->group_lock);
	if (cfg) {
		domain = vfio_guest_stage_domain(container, device);
		if (IS_ERR(domain)) {
			ret = PTR_ERR(domain);
			goto out_up;
		}
	}

	/* In a reset the change would get lost, or be undone at its end */
	down_read(&device->reset_lock);
	mutex_lock(&stages->lock);
	if (cfg)
		ret = vfio_guest_stage_bind(stages, device, domain, cfg);
	else
		ret = vfio_guest_stage_unbind(stages, device);
	mutex_unlock(&stages->lock);
	up_read(&device->reset_lock);
out_up:
	up_read(&container->group_lock);
	vfio_device_pm_runtime_put(device);
out_fput:
	fput(file);
	return ret;
}

static int
vfio_guest_stage_copy_config(struct iommu_guest_stage_config *cfg,
			     const struct iommu_guest_stage_config __user *from,
			     size_t room)
{
	/* The size of the structure's first version */
	size_t minsz = offsetofend(struct iommu_guest_stage_config, smmuv3);
	u32 argsz;
	int ret;

	if (room < minsz)
		return -EINVAL;
	if (get_user(argsz, &from->argsz))
		return -EFAULT;
	if (argsz < minsz || argsz > room)
		return -EINVAL;
	/* Not even a page of zeros is looked at for the sake of the future */
	if (argsz > PAGE_SIZE)
		return -E2BIG;

	ret = copy_struct_from_user(cfg, sizeof(*cfg), from, argsz);
	if (ret)
		return ret;
	cfg->argsz = sizeof(*cfg);
	return 0;
}

static int
vfio_ioctl_bind_guest_stage(struct vfio_container *container,
			    struct vfio_iommu_type1_bind_guest_stage __user *arg)
{
	size_t minsz = offsetof(struct vfio_iommu_type1_bind_guest_stage,
				config);
	struct vfio_iommu_type1_bind_guest_stage bind;
	int ret;

	if (copy_from_user(&bind, arg, minsz))
		return -EFAULT;
	if (bind.argsz < minsz || bind.flags || bind.__reserved)
		return -EINVAL;

	ret = vfio_guest_stage_copy_config(&bind.config, &arg->config,
					   bind.argsz - minsz);
	if (ret)
		return ret;
	return vfio_guest_stage_call(container, bind.device_fd, &bind.config);
}

static int
vfio_ioctl_unbind_guest_stage(struct vfio_container *container,
			      struct vfio_iommu_type1_unbind_guest_stage __user *arg)
{
	struct vfio_iommu_type1_unbind_guest_stage unbind;
	size_t minsz = offsetofend(typeof(unbind), __reserved);

	if (copy_from_user(&unbind, arg, minsz))
		return -EFAULT;
	if (unbind.argsz < minsz || unbind.flags || unbind.__reserved)
		return -EINVAL;
	return vfio_guest_stage_call(container, unbind.device_fd, NULL);
}

/**
 * vfio_guest_stage_ioctl() - Handle a container's ioctls for guest stages
 * @container: the container
 * @cmd: VFIO_IOMMU_BIND_GUEST_STAGE or VFIO_IOMMU_UNBIND_GUEST_STAGE
 * @arg: its argument
 *
 * The backend's data go away with the container's last group, so unlike the
 * ioctls that are passed through to the backend, these hold group_lock while
 * they use them.
 *
 * Return: 0, or an error as described at the ioctl
 */
long vfio_guest_stage_ioctl(struct vfio_container *container, unsigned int cmd,
			    void __user *arg)
{
	if (cmd == VFIO_IOMMU_BIND_GUEST_STAGE)
		return vfio_ioctl_bind_guest_stage(container, arg);
	return vfio_ioctl_unbind_guest_stage(container, arg);
}
