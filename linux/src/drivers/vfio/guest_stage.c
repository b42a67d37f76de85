// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices of a container that are bound to a guest's own stage of translation
 *
 * VFIO copies and checks the arguments, and finds the device. The IOMMU core and
 * its drivers do the rest. VFIO does not know what a guest's tables look like.
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
	xa_init_flags(&stages->by_vsid, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&stages->domains);
}

void vfio_guest_stages_destroy(struct vfio_guest_stages *stages)
{
	WARN_ON(!xa_empty(&stages->by_vsid));
	xa_destroy(&stages->by_vsid);
	iommu_guest_faults_put(stages->faults);
}

/**
 * vfio_guest_stage_domain() - The domain that a device is or would be bound on
 * @container: the container, with group_lock held
 * @device: an open device of the container
 *
 * The domain lives until the group is detached, and so outlives the open device.
 *
 * The backend holds its lock while it pins pages, which may take for ever if
 * userspace serves a page itself. The close of a device waits for stages->lock, and
 * holds the lock of a device set meanwhile, which other containers share. So
 * stages->lock is not held while this function waits for the backend.
 *
 * Return:
 * * The domain
 * * ERR_PTR(-EINVAL) - The container has no backend
 * * ERR_PTR(-EOPNOTSUPP) - The backend has no domains
 * * ERR_PTR(-EINTR) - The process is being killed
 */
struct iommu_domain *
vfio_guest_stage_domain(struct vfio_container *container,
			struct vfio_device *device)
{
	struct vfio_guest_stages *stages = &container->guest_stages;
	struct vfio_iommu_driver *driver = container->iommu_driver;
	struct iommu_domain *domain = NULL;

	lockdep_assert_held_read(&container->group_lock);

	if (mutex_lock_killable(&stages->lock))
		return ERR_PTR(-EINTR);
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

/* Puts @stage into the list of domains, unless its domain is there already */
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

/*
 * Takes @stage, which is no longer in by_vsid, out of the list of domains. Another
 * device that is bound on the same domain takes its place.
 */
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

	/* Before the bind, so that the guest is told of the first fault */
	if (stages->faults)
		iommu_guest_faults_attach(stages->faults, device->dev);
	ret = iommu_bind_guest_stage(domain, device->dev, cfg);
	if (ret)
		goto out_free;
	device->guest_stage = stage;
	return 0;

out_free:
	iommu_guest_faults_detach(device->dev);
	vfio_guest_stage_free(stages, stage);
	return ret;
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
 * vfio_guest_stage_quiesce() - Prepare a device of a container for its close
 * @stages: the bound devices of the container
 * @device: the device, with the lock of its group and of its device set held,
 *	    after its last file descriptor is gone
 *
 * The driver of the device is going to reset it, and a reset waits for stalled
 * transactions. So no transaction waits for the guest any more. The device stays
 * bound until vfio_guest_stage_close(), because what it still does has to be
 * translated by the guest's tables.
 */
void vfio_guest_stage_quiesce(struct vfio_guest_stages *stages,
			      struct vfio_device *device)
{
	guard(mutex)(&stages->lock);
	if (!device->guest_stage)
		return;
	device->guest_stage->closing = true;
	iommu_guest_faults_detach(device->dev);
}

/**
 * vfio_guest_stage_close() - Unbind a device of a container that was closed
 * @stages: the bound devices of the container
 * @device: the device, with the lock of its group and of its device set held,
 *	    after its last file descriptor is gone
 *
 * Whoever had the device open has bound it. Now the mappings of the container alone
 * translate for it again.
 */
void vfio_guest_stage_close(struct vfio_guest_stages *stages,
			    struct vfio_device *device)
{
	bool active;

	/* Only a call that holds a file of the device binds it: none is left */
	if (!device->guest_stage)
		return;

	/* The device may sleep already, and a change of ATS accesses it */
	active = !vfio_device_pm_runtime_get(device);

	mutex_lock(&stages->lock);
	WARN_ON(vfio_guest_stage_unbind(stages, device));
	mutex_unlock(&stages->lock);

	if (active)
		vfio_device_pm_runtime_put(device);
}

/* Binds @device as @cfg says, or unbinds it if @cfg is NULL */
static int vfio_guest_stage_change(struct vfio_container *container,
				   struct vfio_device *device,
				   const struct iommu_guest_stage_config *cfg)
{
	struct vfio_guest_stages *stages = &container->guest_stages;
	struct iommu_domain *domain = NULL;
	int ret = -EINTR;

	if (down_read_killable(&container->group_lock))
		return -EINTR;
	if (cfg) {
		domain = vfio_guest_stage_domain(container, device);
		if (IS_ERR(domain)) {
			ret = PTR_ERR(domain);
			goto out_group;
		}
	}

	/* A reset would lose the change of ATS, or undo it at its end */
	if (down_read_killable(&device->reset_lock))
		goto out_group;
	if (mutex_lock_killable(&stages->lock))
		goto out_reset;
	if (cfg)
		ret = vfio_guest_stage_bind(stages, device, domain, cfg);
	else
		ret = vfio_guest_stage_unbind(stages, device);
	mutex_unlock(&stages->lock);
out_reset:
	up_read(&device->reset_lock);
out_group:
	up_read(&container->group_lock);
	return ret;
}

/* The same for the device that @fd names. It stays open, as the call holds its file. */
static int vfio_guest_stage_call(struct vfio_container *container, int fd,
				 const struct iommu_guest_stage_config *cfg)
{
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
	ret = vfio_guest_stage_change(container, device, cfg);
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
	/* No future structure is that large, so its zeros are not looked at */
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
	struct vfio_iommu_type1_bind_guest_stage bind __uninitialized;
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
 * The backend's data go away with the container's last group. These ioctls hold
 * group_lock while they use the data. The ioctls that are passed through to the
 * backend do not.
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
