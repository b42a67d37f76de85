/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's stage 1 on top of a nesting domain of the host
 */
#ifndef _ARM_SMMU_V3_GUEST_STAGE_H
#define _ARM_SMMU_V3_GUEST_STAGE_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

int arm_smmu_bind_guest_stage(struct iommu_domain *domain, struct device *dev,
			      const struct iommu_guest_stage_config *cfg);
void arm_smmu_unbind_guest_stage(struct iommu_domain *domain,
				 struct device *dev);

enum iommu_guest_stage_coherency
arm_smmu_guest_stage_coherency(const struct arm_smmu_master *master);

#if IS_ENABLED(CONFIG_KUNIT)
int arm_smmu_check_guest_table(const struct arm_smmu_master *master,
			       const struct iommu_domain *domain,
			       const struct iommu_guest_stage_config *cfg);
int arm_smmu_check_guest_ste(const struct arm_smmu_master *master,
			     const struct iommu_domain *domain,
			     const struct iommu_guest_stage_config *cfg);
void arm_smmu_make_guest_ste(struct arm_smmu_ste *target,
			     struct arm_smmu_master *master,
			     struct arm_smmu_domain *smmu_domain,
			     const struct iommu_guest_stage_config *cfg);
int arm_smmu_guest_prepare(struct arm_smmu_master *master,
			   struct iommu_guest_stage_config *cfg,
			   enum iommu_guest_stage_coherency coherency);
#endif

#endif /* _ARM_SMMU_V3_GUEST_STAGE_H */
