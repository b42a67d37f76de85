// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's own first stage of translation, on top of a nesting domain
 *
 * The core checks what holds for every IOMMU and for every framework that assigns
 * devices. The driver knows the format of the guest's tables and commands.
 */
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/iommu.h>
#include <linux/string.h>

#include "iommu-priv.h"

#define CREATE_TRACE_POINTS
#include <trace/events/iommu_guest_stage.h>

static int guest_stage_check_smmuv3(const struct iommu_guest_stage_smmuv3 *cfg)
{
	if (cfg->flags & ~(IOMMU_GUEST_STAGE_SMMUV3_EATS |
			   IOMMU_GUEST_STAGE_SMMUV3_S1STALLD |
			   IOMMU_GUEST_STAGE_SMMUV3_STALL))
		return -EINVAL;
	if (memchr_inv(cfg->__reserved, 0, sizeof(cfg->__reserved)))
		return -EINVAL;
	return 0;
}

static int guest_stage_check(const struct iommu_guest_stage_config *cfg)
{
	if (cfg->argsz < sizeof(*cfg) || cfg->flags)
		return -EINVAL;
	if (memchr_inv(cfg->__reserved, 0, sizeof(cfg->__reserved)))
		return -EINVAL;

	switch (cfg->state) {
	case IOMMU_GUEST_STAGE_TRANSLATE:
	case IOMMU_GUEST_STAGE_BYPASS:
	case IOMMU_GUEST_STAGE_ABORT:
		break;
	default:
		return -EINVAL;
	}

	switch (cfg->format) {
	case IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3:
		return guest_stage_check_smmuv3(&cfg->smmuv3);
	default:
		return -EINVAL;
	}
}

/**
 * iommu_bind_guest_stage() - Give a device to a guest's own first stage
 * @domain: nesting domain, from iommu_nesting_domain_alloc(), that @dev is
 *	    attached to. Its mappings remain the second stage.
 * @dev: the device
 * @cfg: what the guest configured, in kernel memory. It is not referred to
 *	 after the call.
 *
 * The first call for a device binds it, later calls replace the configuration. If
 * the hardware can do so, no transaction of the device is lost in between. A call
 * that fails leaves the device as it was.
 *
 * A replacement does not invalidate what the IOMMU has in its TLB of the guest's
 * tables. The guest does that by its own commands, as on hardware of its own.
 *
 * The caller keeps @domain attached to @dev during the call, and calls
 * iommu_unbind_guest_stage() before it detaches them. The caller also makes sure
 * that no two devices of one guest IOMMU have the same
 * &iommu_guest_stage_config.vsid.
 *
 * Context: Process context, may sleep. Takes the mutex of the device's group.
 *
 * Return:
 * * %0 - @dev is bound as @cfg says
 * * %-EINVAL - In @cfg argsz is below the structure's size, flags or padding are
 *   set that are not defined, the format or the state does not exist, a field has a
 *   value that the field or the hardware doesn't have, or the table is misaligned
 *   or outside the domain's aperture
 * * %-EINVAL - @dev is bound with another vsid
 * * %-ENODEV - @dev has no IOMMU, or @domain is not what it is attached to
 * * %-EOPNOTSUPP - @domain or its hardware can't nest, the format is not the
 *   hardware's, or a valid feature isn't supported here
 * * %-EBUSY - The host uses PASIDs of the device itself, or resolves its faults
 * * %-EPERM - The guest could make the device's accesses incoherent, and the
 *   administrator hasn't allowed that
 * * %-ENOMEM - Out of memory
 */
int iommu_bind_guest_stage(struct iommu_domain *domain, struct device *dev,
			   const struct iommu_guest_stage_config *cfg)
{
	int ret;

	ret = guest_stage_check(cfg);
	if (ret)
		return ret;
	if (!domain->nesting || !domain->ops->bind_guest_stage)
		return -EOPNOTSUPP;

	ret = iommu_device_lock_domain(dev, domain);
	if (ret)
		return ret;

	if (iommu_device_has_pasids(dev))
		ret = -EBUSY;
	else
		ret = domain->ops->bind_guest_stage(domain, dev, cfg);
	if (!ret)
		dev->iommu->guest_stage_bound = true;
	trace_iommu_bind_guest_stage(dev, cfg, ret);
	iommu_device_unlock_domain(dev);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_bind_guest_stage);

static void guest_stage_unbind_locked(struct iommu_domain *domain,
				      struct device *dev)
{
	domain->ops->unbind_guest_stage(domain, dev);
	iommu_guest_faults_detach(dev);
	dev->iommu->guest_stage_bound = false;
	trace_iommu_unbind_guest_stage(dev);
}

/**
 * iommu_unbind_guest_stage() - Take a device from a guest's first stage
 * @domain: the domain that @dev was bound on top of
 * @dev: the device
 *
 * When this returns, @domain alone translates for the device, as before it was
 * bound, and the IOMMU has nothing cached of the guest's tables. No fault of the
 * device is reported to the guest any more, and none of its transactions waits for
 * an answer of the guest.
 *
 * Context: Process context, may sleep. Takes the mutex of the device's group.
 *
 * Return:
 * * %0 - @dev isn't bound any more
 * * %-ENODEV - @dev has no IOMMU, or @domain is not what it is attached to
 * * %-ENOENT - @dev is not bound
 */
int iommu_unbind_guest_stage(struct iommu_domain *domain, struct device *dev)
{
	int ret;

	ret = iommu_device_lock_domain(dev, domain);
	if (ret)
		return ret;

	if (dev->iommu->guest_stage_bound)
		guest_stage_unbind_locked(domain, dev);
	else
		ret = -ENOENT;
	iommu_device_unlock_domain(dev);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_unbind_guest_stage);

/* Tells where the doorbells of MSIs are mapped, if the IOMMU translates MSIs */
static void guest_info_msi_window(struct device *dev,
				  struct iommu_guest_stage_info *info)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list) {
		if (region->type != IOMMU_RESV_SW_MSI)
			continue;
		info->msi_base = region->start;
		info->msi_size = region->length;
	}
	iommu_put_resv_regions(dev, &regions);
}

/**
 * iommu_get_guest_stage_info() - Ask what can be bound for a device
 * @domain: nesting domain that @dev is attached to
 * @dev: the device, which need not be bound
 * @info: filled in by the call
 *
 * @info tells what the hardware and its driver can give to a guest, which may be
 * less than what the hardware has. The answer stays the same while @dev is attached
 * to @domain, unless the administrator changes what is allowed.
 *
 * Context: Process context, may sleep. Takes the mutex of the device's group.
 *
 * Return:
 * * %0 - @info is valid
 * * %-ENODEV - @dev has no IOMMU, or @domain is not what it is attached to
 * * %-EOPNOTSUPP - @domain or its hardware can't nest
 */
int iommu_get_guest_stage_info(struct iommu_domain *domain, struct device *dev,
			       struct iommu_guest_stage_info *info)
{
	int ret;

	if (!domain->nesting || !domain->ops->guest_stage_info)
		return -EOPNOTSUPP;

	ret = iommu_device_lock_domain(dev, domain);
	if (ret)
		return ret;

	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->ipa_bits = fls64(domain->geometry.aperture_end);
	info->max_commands = IOMMU_GUEST_COMMANDS_MAX;
	guest_info_msi_window(dev, info);
	domain->ops->guest_stage_info(domain, dev, info);
	iommu_device_unlock_domain(dev);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_get_guest_stage_info);

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
 * The driver checks each command, confines it to what @domain has cached for the
 * guest, and executes it. Commands by which the guest waits for others are not
 * taken. A command is complete before another one that relies on it is started, and
 * all are complete when the call returns.
 *
 * &iommu_guest_commands.done is the number of commands that are known to be
 * complete. If that is less than &iommu_guest_commands.num,
 * &iommu_guest_commands.error tells why the next command isn't complete.
 *
 * The caller keeps @domain attached to all devices that
 * &iommu_guest_commands_ops.find_device returns, and keeps them bound, during the call.
 *
 * Context: Process context. The call does not wait for changes of @domain's
 * mappings, nor for the mutex of a group.
 *
 * Return:
 * * %0 - &iommu_guest_commands.done and &iommu_guest_commands.error are valid
 * * %-EOPNOTSUPP - @domain or its hardware can't nest, or the format is not the
 *   hardware's. No command was looked at.
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

/*
 * The guest's pointers mean something only under the second stage that they were
 * bound on. Callers unbind a device before they detach it. A caller that does not
 * is warned.
 */
void iommu_guest_stage_detach(struct iommu_domain *domain, struct device *dev)
{
	iommu_group_mutex_assert(dev);

	if (WARN_ON(dev->iommu->guest_stage_bound))
		guest_stage_unbind_locked(domain, dev);
}
