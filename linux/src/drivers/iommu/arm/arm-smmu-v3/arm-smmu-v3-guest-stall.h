/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stalled transactions of devices that were given to guests
 */
#ifndef _ARM_SMMU_V3_GUEST_STALL_H
#define _ARM_SMMU_V3_GUEST_STALL_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

bool arm_smmu_guest_can_stall(const struct arm_smmu_master *master);
unsigned int arm_smmu_guest_stalls_max(const struct arm_smmu_device *smmu);
int arm_smmu_guest_stalls_start(struct arm_smmu_master *master, u32 vsid);
void arm_smmu_guest_stalls_stop(struct arm_smmu_master *master);
void arm_smmu_guest_stalls_terminate(struct arm_smmu_master *master, u64 next);

void arm_smmu_abort_guest_stall(struct arm_smmu_master *master, const u64 *evt);
bool arm_smmu_report_guest_stall(struct arm_smmu_master *master, const u64 *evt,
				 struct iommu_guest_fault *fault);

int arm_smmu_respond_guest_fault(struct device *dev,
				 const struct iommu_guest_fault_response *resp);
void arm_smmu_abort_guest_faults(struct device *dev);

#endif /* _ARM_SMMU_V3_GUEST_STALL_H */
