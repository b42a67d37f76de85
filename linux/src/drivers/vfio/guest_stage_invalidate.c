// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation for devices of a container that are bound to a guest
 *
 * A guest sees one IOMMU. The devices of a container may be behind several IOMMUs,
 * each with a domain of its own. Each of these executes the guest's commands.
 */
#include <linux/iommu.h>
#include <linux/pm_runtime.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <uapi/linux/vfio.h>

#include "vfio.h"

/* Size of a piece of commands, on the stack. An SMMUv3 gets it with one CMD_SYNC. */
#define VFIO_GUEST_COMMANDS_BYTES	1024

/**
 * struct vfio_guest_commands - Commands of a guest that are being executed
 * @iommu: what the IOMMU core is given
 * @stages: the bound devices of the container, with their lock held
 * @domain: the domain that the commands are executed for now
 * @held: the device that can't be reset until its release, or NULL
 * @held_active: @held has a reference that keeps it from sleeping, too
 */
struct vfio_guest_commands {
	struct iommu_guest_commands	iommu;
	struct vfio_guest_stages	*stages;
	struct iommu_domain		*domain;
	struct vfio_device		*held;
	bool				held_active;
};

static enum iommu_guest_command_error
vfio_guest_commands_find_device(struct iommu_guest_commands *iommu, u32 vsid,
				struct device **dev)
{
	struct vfio_guest_commands *commands =
		container_of(iommu, struct vfio_guest_commands, iommu);
	struct vfio_guest_stage *stage;

	stage = vfio_guest_stage_find(commands->stages, vsid);
	if (!stage)
		return IOMMU_GUEST_COMMAND_NO_DEVICE;
	*dev = stage->domain == commands->domain ? stage->device->dev : NULL;
	return IOMMU_GUEST_COMMAND_OK;
}

/*
 * Until vfio_guest_commands_release() nobody resets the device or changes its power
 * state. pm_runtime_get_if_active() returns a negative number for a device without
 * runtime power management.
 */
static enum iommu_guest_command_error
vfio_guest_commands_hold(struct iommu_guest_commands *iommu, u32 vsid)
{
	struct vfio_guest_commands *commands =
		container_of(iommu, struct vfio_guest_commands, iommu);
	struct vfio_guest_stage *stage =
		vfio_guest_stage_find(commands->stages, vsid);
	struct vfio_device *device = stage->device;
	int usage;

	usage = pm_runtime_get_if_active(device->dev);
	if (!usage)
		return IOMMU_GUEST_COMMAND_BUSY;
	if (!down_read_trylock(&device->reset_lock)) {
		if (usage > 0)
			pm_runtime_put(device->dev);
		return IOMMU_GUEST_COMMAND_BUSY;
	}
	commands->held = device;
	commands->held_active = usage > 0;
	return IOMMU_GUEST_COMMAND_OK;
}

static void vfio_guest_commands_release(struct iommu_guest_commands *iommu)
{
	struct vfio_guest_commands *commands =
		container_of(iommu, struct vfio_guest_commands, iommu);
	struct vfio_device *device = commands->held;

	up_read(&device->reset_lock);
	if (commands->held_active)
		pm_runtime_put(device->dev);
	commands->held = NULL;
}

static const struct iommu_guest_commands_ops vfio_guest_commands_ops = {
	.find_device	= vfio_guest_commands_find_device,
	.hold		= vfio_guest_commands_hold,
	.release	= vfio_guest_commands_release,
};

/*
 * Executes one piece of the guest's commands. The lock keeps the devices bound. It is
 * held only as long as the hardware needs for this piece. Each IOMMU is given only
 * those commands that all IOMMUs before it have completed, so that a command counts
 * as done when all of them have done it.
 */
static int vfio_guest_commands_execute(struct vfio_guest_commands *commands)
{
	struct vfio_guest_stages *stages = commands->stages;
	struct iommu_guest_commands *iommu = &commands->iommu;
	enum iommu_guest_command_error error = IOMMU_GUEST_COMMAND_OK;
	struct vfio_guest_stage *stage;
	int ret = -ENODEV;

	lockdep_assert_held(&stages->lock);

	iommu->done = 0;
	list_for_each_entry(stage, &stages->domains, next_domain) {
		commands->domain = stage->domain;
		ret = iommu_invalidate_guest_stage(stage->domain, iommu);
		if (ret)
			break;
		if (iommu->error) {
			error = iommu->error;
			iommu->num = iommu->done;
		}
	}
	iommu->error = error;
	return ret;
}

static int vfio_guest_command_errno(enum iommu_guest_command_error error)
{
	switch (error) {
	case IOMMU_GUEST_COMMAND_OK:
		return 0;
	case IOMMU_GUEST_COMMAND_NO_DEVICE:
		return -ENOENT;
	case IOMMU_GUEST_COMMAND_FAULT:
		return -EFAULT;
	case IOMMU_GUEST_COMMAND_TIMEOUT:
		return -ETIMEDOUT;
	case IOMMU_GUEST_COMMAND_BUSY:
		return -EBUSY;
	default:
		return -EINVAL;
	}
}

static int
vfio_guest_commands_forward(struct vfio_container *container,
			    struct vfio_iommu_type1_invalidate_guest_stage *inv,
			    size_t size)
{
	struct vfio_guest_commands commands __uninitialized;
	const void __user *from = u64_to_user_ptr(inv->commands);
	u64 chunk[VFIO_GUEST_COMMANDS_BYTES / sizeof(u64)] __uninitialized;
	unsigned int num, left, room = sizeof(chunk) / size;
	int ret;

	commands.iommu.format = inv->format;
	commands.iommu.commands = chunk;
	commands.iommu.ops = &vfio_guest_commands_ops;
	commands.stages = &container->guest_stages;
	for (;;) {
		num = min(inv->count - inv->done, room);
		left = copy_from_user(chunk, from + inv->done * size,
				      num * size);
		commands.iommu.num = num - DIV_ROUND_UP(left, size);

		if (mutex_lock_killable(&container->guest_stages.lock))
			return -EINTR;
		ret = vfio_guest_commands_execute(&commands);
		mutex_unlock(&container->guest_stages.lock);
		if (ret)
			return ret;

		inv->done += commands.iommu.done;
		inv->error = commands.iommu.error;
		if (!inv->error && left && num == 1)
			inv->error = IOMMU_GUEST_COMMAND_FAULT;
		if (inv->error)
			return vfio_guest_command_errno(inv->error);
		/*
		 * A copy may end some bytes before what can't be read. The next
		 * piece is a single command then, to find the one that can't.
		 */
		room = left ? 1 : sizeof(chunk) / size;

		if (inv->done == inv->count)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/**
 * vfio_ioctl_invalidate_guest_stage() - VFIO_IOMMU_INVALIDATE_GUEST_STAGE
 * @container: the container
 * @arg: its argument
 *
 * The call does not wait for the backend, which may be pinning pages, nor for
 * changes of the container.
 *
 * Return: 0, or an error as described at the ioctl
 */
long
vfio_ioctl_invalidate_guest_stage(struct vfio_container *container,
				  struct vfio_iommu_type1_invalidate_guest_stage __user *arg)
{
	struct vfio_iommu_type1_invalidate_guest_stage inv __uninitialized;
	size_t size, minsz = offsetofend(typeof(inv), error);
	int ret = 0;

	if (copy_from_user(&inv, arg, minsz))
		return -EFAULT;
	if (inv.argsz < minsz || inv.flags)
		return -EINVAL;
	size = iommu_guest_command_size(inv.format);
	if (!size)
		return -EINVAL;
	if (inv.count > IOMMU_GUEST_COMMANDS_MAX)
		return -E2BIG;

	inv.done = 0;
	inv.error = IOMMU_GUEST_COMMAND_OK;
	if (inv.count)
		ret = vfio_guest_commands_forward(container, &inv, size);
	if (put_user(inv.done, &arg->done) || put_user(inv.error, &arg->error))
		return -EFAULT;
	return ret;
}
