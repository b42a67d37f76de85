// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers of guests to faults that their devices wait for
 *
 * A transaction that waits belongs to the driver of the IOMMU, which knows it by
 * a name that it has given to the guest. Nothing of it is kept here: what is
 * checked here is only the form of an answer.
 */
#include <linux/iommu.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "guest-response.h"
#include "iommu-priv.h"

void iommu_guest_devices_init(struct iommu_guest_devices *devices)
{
	mutex_init(&devices->lock);
	INIT_LIST_HEAD(&devices->list);
}

void iommu_guest_devices_add(struct iommu_guest_devices *devices,
			     struct device *dev)
{
	guard(mutex)(&devices->lock);
	dev->iommu->guest_device = dev;
	list_add_tail(&dev->iommu->guest_devices_node, &devices->list);
}

/* No answer to a fault of @dev is under way on return */
void iommu_guest_devices_remove(struct iommu_guest_devices *devices,
				struct device *dev)
{
	guard(mutex)(&devices->lock);
	list_del(&dev->iommu->guest_devices_node);
}

/* Nobody is going to answer. The caller has seen to it that nothing is added. */
void iommu_guest_devices_abort(struct iommu_guest_devices *devices)
{
	struct dev_iommu *param;

	lockdep_assert_held(&devices->lock);

	list_for_each_entry(param, &devices->list, guest_devices_node) {
		struct device *dev = param->guest_device;

		if (dev_iommu_ops(dev)->abort_guest_faults)
			dev_iommu_ops(dev)->abort_guest_faults(dev);
	}
}

static int guest_response_check(const struct iommu_guest_fault_response *resp)
{
	if (resp->argsz != sizeof(*resp) || resp->flags || resp->__reserved)
		return -EINVAL;

	switch (resp->action) {
	case IOMMU_GUEST_FAULT_RETRY:
	case IOMMU_GUEST_FAULT_IGNORE:
	case IOMMU_GUEST_FAULT_ABORT:
		break;
	default:
		return -EINVAL;
	}

	if (resp->format != IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 ||
	    memchr_inv(resp->smmuv3.__reserved, 0,
		       sizeof(resp->smmuv3.__reserved)))
		return -EINVAL;
	return 0;
}

/* The name that the guest has for a device is compared where it can't change */
int iommu_guest_devices_respond(struct iommu_guest_devices *devices,
				const struct iommu_guest_fault_response *resp)
{
	struct dev_iommu *param;
	int ret;

	ret = guest_response_check(resp);
	if (ret)
		return ret;

	guard(mutex)(&devices->lock);
	list_for_each_entry(param, &devices->list, guest_devices_node) {
		struct device *dev = param->guest_device;

		if (!dev_iommu_ops(dev)->respond_guest_fault)
			continue;
		ret = dev_iommu_ops(dev)->respond_guest_fault(dev, resp);
		if (ret != -ENODEV)
			return ret;
	}
	return -ENOENT;
}

/* What userspace writes to the file that the faults are read from */
ssize_t iommu_guest_devices_write(struct iommu_guest_devices *devices,
				  const char __user *buf, size_t count)
{
	struct iommu_guest_fault_response resp;
	size_t done = 0;
	int ret;

	if (!count || count % sizeof(resp))
		return -EINVAL;

	do {
		if (copy_from_user(&resp, buf + done, sizeof(resp)))
			ret = -EFAULT;
		else
			ret = iommu_guest_devices_respond(devices, &resp);
		if (ret)
			return done ?: ret;
		done += sizeof(resp);
		cond_resched();
	} while (done < count && !signal_pending(current));
	return done;
}
