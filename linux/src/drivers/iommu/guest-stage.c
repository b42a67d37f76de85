// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's own first stage of translation, on top of a nesting domain
 *
 * What holds for every IOMMU and for every framework that assigns devices is
 * checked here; the format of the guest's tables belongs to the driver.
 */
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

static int guest_stage_bind_locked(struct iommu_domain *domain,
				   struct device *dev,
				   const struct iommu_guest_stage_config *cfg)
{
	struct dev_iommu *param = dev->iommu;
	int ret;

	/* While it is bound, what invalidations name must not change */
	if (param->guest_stage_bound && param->guest_stage_vsid != cfg->vsid)
		return -EINVAL;

	ret = domain->ops->bind_guest_stage(domain, dev, cfg);
	if (ret)
		return ret;

	param->guest_stage_bound = true;
	param->guest_stage_vsid = cfg->vsid;
	return 0;
}

/**
 * iommu_bind_guest_stage() - Give a device to a guest's own first stage
 * @domain: nesting domain, from iommu_nesting_domain_alloc(), that @dev is
 *	    attached to. Its mappings remain the second stage.
 * @dev: the device
 * @cfg: what the guest configured, in kernel memory. It is not referred to
 *	 after the call.
 *
 * The first call for a device binds it, later ones replace the configuration.
 * Where the hardware can, no transaction of the device is lost in between. A
 * call that fails leaves the device as it was.
 *
 * A replacement does not invalidate anything that the IOMMU caches of the
 * guest's tables: that remains the duty of the guest, as on hardware of its own.
 *
 * The caller keeps @domain attached to @dev for the duration of the call, and
 * calls iommu_unbind_guest_stage() before it detaches them. It sees to it that
 * no two devices of one guest IOMMU have the same
 * &iommu_guest_stage_config.vsid.
 *
 * Context: Process context, may sleep. Takes the mutex of the device's group.
 *
 * Return:
 * * %0 - @dev is bound as @cfg says
 * * %-EINVAL - @cfg: argsz below the structure's size, flags or padding set that
 *   are not defined, no such format or state, a value that a field or the
 *   hardware doesn't have, a table misaligned or outside the domain's aperture
 * * %-EINVAL - @dev is bound with another vsid
 * * %-ENODEV - @dev has no IOMMU, or @domain is not what it is attached to
 * * %-EOPNOTSUPP - @domain or its hardware can't nest; the format is not the
 *   hardware's; or a valid feature isn't supported here
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
		ret = guest_stage_bind_locked(domain, dev, cfg);
	trace_iommu_bind_guest_stage(dev, cfg, ret);
	iommu_device_unlock_domain(dev);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_bind_guest_stage);

static void guest_stage_unbind_locked(struct iommu_domain *domain,
				      struct device *dev)
{
	struct dev_iommu *param = dev->iommu;

	domain->ops->unbind_guest_stage(domain, dev);
	iommu_guest_faults_detach(dev);
	param->guest_stage_bound = false;
	trace_iommu_unbind_guest_stage(dev, param->guest_stage_vsid);
}

/**
 * iommu_unbind_guest_stage() - Take a device from a guest's first stage
 * @domain: the domain that @dev was bound on top of
 * @dev: the device
 *
 * Afterwards @domain alone translates for the device, as before it was bound,
 * and nothing that the IOMMU cached of the guest's tables is left. No fault of
 * the device is reported to the guest any more, and none of its transactions
 * waits for an answer of the guest.
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

/*
 * The guest's pointers mean something only under the stage 2 that they were
 * bound on. Callers unbind before they detach, this is for those that don't.
 */
void iommu_guest_stage_detach(struct iommu_domain *domain, struct device *dev)
{
	iommu_group_mutex_assert(dev);

	if (WARN_ON(dev->iommu->guest_stage_bound))
		guest_stage_unbind_locked(domain, dev);
}
