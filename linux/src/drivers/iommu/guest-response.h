/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers of guests to faults that their devices wait for
 */
#ifndef __IOMMU_GUEST_RESPONSE_H
#define __IOMMU_GUEST_RESPONSE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct device;
struct iommu_guest_fault_response;

/**
 * struct iommu_guest_devices - Devices whose faults a guest answers
 * @list: of &dev_iommu.guest_devices_node
 */
struct iommu_guest_devices {
	/**
	 * @lock: A device that is in @list stays there, and so stays, while it
	 * is held. Taken inside of the mutex of a group, and outside of all
	 * that a driver takes to answer a fault.
	 */
	struct mutex		lock;
	struct list_head	list;
};

void iommu_guest_devices_init(struct iommu_guest_devices *devices);
void iommu_guest_devices_add(struct iommu_guest_devices *devices,
			     struct device *dev);
void iommu_guest_devices_remove(struct iommu_guest_devices *devices,
				struct device *dev);
void iommu_guest_devices_abort(struct iommu_guest_devices *devices);
int iommu_guest_devices_respond(struct iommu_guest_devices *devices,
				const struct iommu_guest_fault_response *resp);
ssize_t iommu_guest_devices_write(struct iommu_guest_devices *devices,
				  const char __user *buf, size_t count);

#endif /* __IOMMU_GUEST_RESPONSE_H */
