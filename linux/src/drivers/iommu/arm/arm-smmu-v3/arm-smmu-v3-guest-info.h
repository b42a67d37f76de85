/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest's SMMUv3 can have of the host's
 */
#ifndef _ARM_SMMU_V3_GUEST_INFO_H
#define _ARM_SMMU_V3_GUEST_INFO_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

void arm_smmu_guest_stage_info(struct iommu_domain *domain, struct device *dev,
			       struct iommu_guest_stage_info *info);

#if IS_ENABLED(CONFIG_KUNIT)
void arm_smmu_guest_idrs(const struct arm_smmu_device *smmu, const u32 raw[6],
			 bool ats, bool stalls,
			 struct iommu_guest_stage_info *info);
#endif

#endif /* _ARM_SMMU_V3_GUEST_INFO_H */
