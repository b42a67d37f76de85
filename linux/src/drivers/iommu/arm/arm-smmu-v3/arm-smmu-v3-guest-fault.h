/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the SMMU that are for a guest to know
 */
#ifndef _ARM_SMMU_V3_GUEST_FAULT_H
#define _ARM_SMMU_V3_GUEST_FAULT_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

/* Who is to know of an event of a device with a guest stage */
enum arm_smmu_event_owner {
	/* The host only */
	ARM_SMMU_EVENT_HOST,
	/* The guest, as what it would see on an SMMU of its own */
	ARM_SMMU_EVENT_GUEST,
	/* The host: to the guest it is an abort by the memory system */
	ARM_SMMU_EVENT_STAGE2,
};

extern const struct attribute_group *arm_smmu_guest_fault_groups[];

int arm_smmu_guest_events_start(struct arm_smmu_master *master, u32 vsid);
void arm_smmu_guest_events_stop(struct arm_smmu_master *master);
bool arm_smmu_handle_guest_event(struct arm_smmu_device *smmu, const u64 *evt,
				 u64 num);
void arm_smmu_guest_events_lost(struct arm_smmu_device *smmu);

#if IS_ENABLED(CONFIG_KUNIT)
enum arm_smmu_event_owner
arm_smmu_make_guest_event(struct iommu_guest_event_smmuv3 *guest,
			  const u64 *evt, u32 vsid);
#endif

#endif /* _ARM_SMMU_V3_GUEST_FAULT_H */
