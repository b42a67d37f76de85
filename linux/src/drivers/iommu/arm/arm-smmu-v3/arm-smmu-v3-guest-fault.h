/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of devices that are bound to a guest
 */
#ifndef _ARM_SMMU_V3_GUEST_FAULT_H
#define _ARM_SMMU_V3_GUEST_FAULT_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

/* Who is told of an event of a device that is bound to a guest */
enum arm_smmu_event_owner {
	/* The host only */
	ARM_SMMU_EVENT_HOST,
	/* The guest, in the form that an SMMU of its own would use */
	ARM_SMMU_EVENT_GUEST,
	/* The host. The guest takes it for an abort by the memory system. */
	ARM_SMMU_EVENT_STAGE2,
};

/* What the event thread does with an event that guests may have caused */
enum arm_smmu_guest_event_result {
	/* No guest's event: handle it as one of the host */
	ARM_SMMU_GUEST_EVENT_NONE,
	/* Nothing more */
	ARM_SMMU_GUEST_EVENT_DONE,
	/* Write it to the log */
	ARM_SMMU_GUEST_EVENT_LOG,
};

extern const struct attribute_group *arm_smmu_guest_fault_groups[];

int arm_smmu_guest_start_events(struct arm_smmu_master *master, u32 vsid,
				bool tell_fetch_addr);
void arm_smmu_guest_stop_events(struct arm_smmu_master *master);
enum arm_smmu_guest_event_result
arm_smmu_handle_guest_event(struct arm_smmu_device *smmu, const u64 *evt,
			    u64 num);
bool arm_smmu_report_lost_events(struct arm_smmu_device *smmu);
void arm_smmu_discard_guest_faults(struct device *dev);

#if IS_ENABLED(CONFIG_KUNIT)
enum arm_smmu_event_owner
arm_smmu_make_guest_event(struct iommu_guest_event_smmuv3 *guest,
			  const u64 *evt, u32 vsid, bool tell_fetch_addr);
#endif

#endif /* _ARM_SMMU_V3_GUEST_FAULT_H */
