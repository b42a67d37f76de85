// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation of what an IOMMU has cached of a guest's own first stage
 */
#include <linux/iommu.h>

#include "iommu-priv.h"

/**
 * iommu_guest_command_size() - Size of a command of a guest's IOMMU
 * @format: &enum iommu_guest_stage_format
 *
 * Return: The size in bytes, 0 if there is no such format
 */
size_t iommu_guest_command_size(u32 format)
{
	switch (format) {
	case IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3:
		return sizeof(struct iommu_guest_command_smmuv3);
	default:
		return 0;
	}
}
EXPORT_SYMBOL_GPL(iommu_guest_command_size);

/**
 * iommu_invalidate_guest_stage() - Execute a guest's invalidation commands
 * @domain: nesting domain that guest stages are bound on top of
 * @commands: the commands, in the order that the guest gave them
 *
 * Each command is checked, made to mean what is the guest's own and nothing
 * else, and executed. One that would invalidate more than one guest's entries
 * is confined to those of @domain.
 *
 * The guest's commands that wait for others to complete are not among those
 * taken: commands are completed before ones that rely on them are started, and
 * all are completed on return.
 *
 * &iommu_guest_commands.done is the number of commands that are known to be
 * complete, also if the call fails. &iommu_guest_commands.error tells why the
 * next one isn't.
 *
 * The caller keeps @domain attached to all devices that
 * &iommu_guest_commands.device returns, and these bound, for the duration of
 * the call.
 *
 * Context: Process context. Doesn't wait for changes of @domain's mappings, nor
 * for any group's mutex.
 *
 * Return:
 * * %0 - All took effect
 * * %-EINVAL - The next one is illegal
 * * %-ENOENT - The next one is for a device that isn't bound
 * * %-EBUSY - The next one is for a device that can't answer it now
 * * %-ETIMEDOUT - The hardware didn't complete the next ones
 * * %-EOPNOTSUPP - @domain or its hardware can't nest, or the format is not the
 *   hardware's
 */
int iommu_invalidate_guest_stage(struct iommu_domain *domain,
				 struct iommu_guest_commands *commands)
{
	commands->done = 0;
	commands->error = IOMMU_GUEST_COMMAND_OK;

	if (!domain->nesting || !domain->ops->invalidate_guest_stage)
		return -EOPNOTSUPP;
	return domain->ops->invalidate_guest_stage(domain, commands);
}
EXPORT_SYMBOL_GPL(iommu_invalidate_guest_stage);
