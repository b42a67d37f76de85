/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stalled transactions of devices that are bound to a guest
 */
#ifndef _ARM_SMMU_V3_GUEST_STALL_H
#define _ARM_SMMU_V3_GUEST_STALL_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

bool arm_smmu_guest_can_stall(const struct arm_smmu_master *master);
unsigned int arm_smmu_guest_max_stalls(const struct arm_smmu_device *smmu);

int arm_smmu_guest_alloc_stalls(struct arm_smmu_master *master);
void arm_smmu_guest_free_stalls(struct arm_smmu_master *master);
void arm_smmu_guest_term_stalls(struct arm_smmu_master *master, u64 next_event);

bool arm_smmu_guest_add_stall(struct arm_smmu_master *master, const u64 *evt,
			      struct iommu_guest_fault *fault);
void arm_smmu_guest_abort_event(struct arm_smmu_master *master, const u64 *evt);

int arm_smmu_respond_guest_fault(struct device *dev,
				 const struct iommu_guest_fault_response *resp);
void arm_smmu_abort_guest_faults(struct device *dev);

#endif /* _ARM_SMMU_V3_GUEST_STALL_H */
