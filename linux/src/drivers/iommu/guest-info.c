// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's own first stage of translation can have
 */
#include <linux/bitops.h>
#include <linux/iommu.h>
#include <linux/string.h>

#include "iommu-priv.h"

/* Where the doorbells of MSIs are mapped, if the IOMMU translates them at all */
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
 * @info: filled in, wholly
 *
 * What is told is what the hardware and its driver can give to a guest, not
 * what the hardware has. It doesn't change while @dev is attached to @domain,
 * other than by what the administrator allows.
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
