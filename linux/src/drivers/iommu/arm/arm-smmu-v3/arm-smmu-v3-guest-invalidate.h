/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's invalidation commands, executed on the host's command queue
 */
#ifndef _ARM_SMMU_V3_GUEST_INVALIDATE_H
#define _ARM_SMMU_V3_GUEST_INVALIDATE_H

#include <linux/iommu.h>

#include "arm-smmu-v3.h"

/*
 * The kinds of commands a guest may send. A command of one kind relies on those
 * of the kinds before it being complete.
 */
enum arm_smmu_guest_command_kind {
	GUEST_COMMAND_ILLEGAL,
	GUEST_COMMAND_CFGI,
	GUEST_COMMAND_TLBI,
	GUEST_COMMAND_ATC_INV,
};

int arm_smmu_invalidate_guest_stage(struct iommu_domain *domain,
				    struct iommu_guest_commands *commands);

#if IS_ENABLED(CONFIG_KUNIT)
enum arm_smmu_guest_command_kind
arm_smmu_make_guest_command(struct arm_smmu_device *smmu, u16 vmid,
			    const struct iommu_guest_command_smmuv3 *guest,
			    u64 *cmd);
#endif

#endif /* _ARM_SMMU_V3_GUEST_INVALIDATE_H */
