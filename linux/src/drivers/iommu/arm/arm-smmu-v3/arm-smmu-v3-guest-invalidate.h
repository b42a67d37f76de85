/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's invalidation commands, executed on the host's command queue
 */
#ifndef _ARM_SMMU_V3_GUEST_INVALIDATE_H
#define _ARM_SMMU_V3_GUEST_INVALIDATE_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

int arm_smmu_invalidate_guest_stage(struct iommu_domain *domain,
				    struct iommu_guest_commands *commands);

#if IS_ENABLED(CONFIG_KUNIT)
int arm_smmu_guest_tlbi(const struct arm_smmu_device *smmu, u16 vmid,
			const u64 *in, u64 *out);
int arm_smmu_guest_cfgi(const u64 *in, u64 *out);
int arm_smmu_guest_atc_inv(const struct arm_smmu_device *smmu, const u64 *in,
			   u64 *out);
#endif

#endif /* _ARM_SMMU_V3_GUEST_INVALIDATE_H */
