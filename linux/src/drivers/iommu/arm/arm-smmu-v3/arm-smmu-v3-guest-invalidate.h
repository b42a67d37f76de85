/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's invalidation commands, executed on the host's command queue
 */
#ifndef _ARM_SMMU_V3_GUEST_INVALIDATE_H
#define _ARM_SMMU_V3_GUEST_INVALIDATE_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

/* In the order in which one relies on what is before it being complete */
enum arm_smmu_guest_command_kind {
	GUEST_COMMAND_NONE,
	GUEST_COMMAND_CFGI,
	GUEST_COMMAND_TLBI,
	GUEST_COMMAND_ATC_INV,
	GUEST_COMMAND_LAST = GUEST_COMMAND_ATC_INV,
};

int arm_smmu_invalidate_guest_stage(struct iommu_domain *domain,
				    struct iommu_guest_commands *commands);

#if IS_ENABLED(CONFIG_KUNIT)
unsigned int arm_smmu_guest_tlbis(const struct arm_smmu_device *smmu, u16 vmid,
				  const struct iommu_guest_command_smmuv3 *cmds,
				  unsigned int num, u64 *out);
int arm_smmu_guest_device_command(const u64 *in, u64 *out);
#endif

#endif /* _ARM_SMMU_V3_GUEST_INVALIDATE_H */
