// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains that hold the second stage of a nested translation
 */
#include <linux/iommu.h>

#include "iommu-priv.h"

/**
 * iommu_nesting_domain_alloc() - Allocate a domain that guests can nest on
 * @dev: device for which the domain is allocated
 *
 * The domain is an unmanaged paging domain whose mappings are a second stage of
 * translation. With a driver that has domain_alloc_nesting() the stage is fixed
 * here, and never another than asked for. One that has only enable_nesting()
 * chooses when a device is first attached.
 *
 * &iommu_domain.nesting tells whether a guest's first stage can also be bound
 * on top. It is not set for a driver that can't bind one, nor for hardware that
 * has a second stage but can't combine it with a first.
 *
 * Return:
 * * The domain, to be freed with iommu_domain_free()
 * * ERR_PTR(-ENODEV) - @dev has no IOMMU
 * * ERR_PTR(-EOPNOTSUPP) - The IOMMU or its driver has no second stage
 * * ERR_PTR(-ENOMEM) - Out of memory
 * * ERR_PTR(-ENOSPC) - Out of hardware resources, such as VMIDs
 */
struct iommu_domain *iommu_nesting_domain_alloc(struct device *dev)
{
	const struct iommu_ops *ops;
	struct iommu_domain *domain;
	int ret;

	if (!dev_has_iommu(dev))
		return ERR_PTR(-ENODEV);

	ops = dev_iommu_ops(dev);
	if (ops->domain_alloc_nesting) {
		domain = ops->domain_alloc_nesting(dev);
		if (!IS_ERR(domain))
			domain->owner = ops;
		return domain;
	}

	/* Drivers that choose the stage when a device is first attached */
	domain = iommu_paging_domain_alloc(dev);
	if (IS_ERR(domain))
		return domain;

	ret = -EOPNOTSUPP;
	if (domain->ops->enable_nesting)
		ret = iommu_enable_nesting(domain);
	if (ret)
		goto out_free;

	return domain;

out_free:
	iommu_domain_free(domain);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(iommu_nesting_domain_alloc);
