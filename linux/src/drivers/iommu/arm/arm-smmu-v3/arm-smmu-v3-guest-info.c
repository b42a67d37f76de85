// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's SMMUv3 can have of the host's
 */
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/io.h>

#include "arm-smmu-v3-guest-info.h"
#include "arm-smmu-v3-guest-stage.h"
#include "arm-smmu-v3-guest-stall.h"

/*
 * The fields that are the hardware's business alone: nothing in the driver or in
 * stage 2 limits what a guest does with them. All that isn't here is 0 or set by
 * arm_smmu_guest_idrs(), for the reasons given in
 * Documentation/userspace-api/iommu.rst.
 */
#define GUEST_IDR0_MASK	(IDR0_TERM_MODEL | IDR0_TTENDIAN | IDR0_S1P)
#define GUEST_IDR3_MASK	(IDR3_HAD | IDR3_STT | IDR3_RIL | IDR3_BBML | IDR3_E0PD)
#define GUEST_IDR5_MASK	(IDR5_GRAN4K | IDR5_GRAN16K | IDR5_GRAN64K)

static u32 arm_smmu_guest_oas(unsigned int bits)
{
	static const u8 sizes[] = {
		[IDR5_OAS_32_BIT] = 32,
		[IDR5_OAS_36_BIT] = 36,
		[IDR5_OAS_40_BIT] = 40,
		[IDR5_OAS_42_BIT] = 42,
		[IDR5_OAS_44_BIT] = 44,
		[IDR5_OAS_48_BIT] = 48,
		[IDR5_OAS_52_BIT] = 52,
	};
	u32 oas = ARRAY_SIZE(sizes) - 1;

	while (oas && sizes[oas] > bits)
		oas--;
	return oas;
}

static u32 arm_smmu_guest_httu(const struct arm_smmu_device *smmu)
{
	if (smmu->features & ARM_SMMU_FEAT_HD)
		return IDR0_HTTU_ACCESS_DIRTY;
	return smmu->features & ARM_SMMU_FEAT_HA ? IDR0_HTTU_ACCESS : 0;
}

static u32 arm_smmu_guest_idr0(const struct arm_smmu_device *smmu, u32 raw,
			       u32 pasid_bits, bool ats, bool stalls)
{
	u32 idr = raw & GUEST_IDR0_MASK;

	idr |= FIELD_PREP(IDR0_TTF, IDR0_TTF_AARCH64);
	idr |= FIELD_PREP(IDR0_STALL_MODEL, stalls ? IDR0_STALL_MODEL_STALL :
						     IDR0_STALL_MODEL_NONE);
	idr |= FIELD_PREP(IDR0_HTTU, arm_smmu_guest_httu(smmu));
	if (smmu->features & ARM_SMMU_FEAT_COHERENCY)
		idr |= IDR0_COHACC;
	if (smmu->asid_bits == 16)
		idr |= IDR0_ASID16;
	if (pasid_bits && (smmu->features & ARM_SMMU_FEAT_2_LVL_CDTAB))
		idr |= IDR0_CD2L;
	if (ats)
		idr |= IDR0_ATS;
	return idr;
}

static u32 arm_smmu_guest_idr3(const struct arm_smmu_device *smmu, u32 raw)
{
	u32 idr = raw & GUEST_IDR3_MASK;

	if (!(smmu->features & ARM_SMMU_FEAT_RANGE_INV))
		idr &= ~IDR3_RIL;
	return idr;
}

static u32 arm_smmu_guest_idr5(const struct arm_smmu_device *smmu, u32 raw,
			       unsigned int ipa_bits, bool stalls)
{
	u32 idr = raw & GUEST_IDR5_MASK;

	if (stalls)
		idr |= FIELD_PREP(IDR5_STALL_MAX,
				  min(arm_smmu_guest_max_stalls(smmu),
				      IOMMU_GUEST_STALLS_MAX));
	idr |= FIELD_PREP(IDR5_OAS, arm_smmu_guest_oas(ipa_bits));
	if ((smmu->features & ARM_SMMU_FEAT_VAX) && (raw & IDR5_GRAN64K))
		idr |= FIELD_PREP(IDR5_VAX, IDR5_VAX_52_BIT);
	return idr;
}

/*
 * From the registers of the hardware to those that a guest can be given, within
 * the limits that @info has already.
 */
VISIBLE_IF_KUNIT
void arm_smmu_guest_idrs(const struct arm_smmu_device *smmu, const u32 raw[6],
			 bool ats, bool stalls,
			 struct iommu_guest_stage_info *info)
{
	u32 *idr = info->smmuv3.idr;

	idr[0] = arm_smmu_guest_idr0(smmu, raw[0], info->pasid_bits, ats,
				     stalls);
	idr[1] = FIELD_PREP(IDR1_SSIDSIZE, info->pasid_bits);
	idr[2] = 0;
	idr[3] = arm_smmu_guest_idr3(smmu, raw[3]);
	idr[4] = 0;
	idr[5] = arm_smmu_guest_idr5(smmu, raw[5], info->ipa_bits, stalls);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_idrs);

void arm_smmu_guest_stage_info(struct iommu_domain *domain, struct device *dev,
			       struct iommu_guest_stage_info *info)
{
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	struct arm_smmu_device *smmu = master->smmu;
	u32 raw[6];
	int i;

	for (i = 0; i < ARRAY_SIZE(raw); i++)
		raw[i] = readl_relaxed(smmu->base + ARM_SMMU_IDR0 + 4 * i);

	info->format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	info->pasid_bits = master->ssid_bits;
	info->coherency = arm_smmu_guest_stage_coherency(master);
	info->smmuv3.iidr = readl_relaxed(smmu->base + ARM_SMMU_IIDR);
	info->smmuv3.aidr = readl_relaxed(smmu->base + ARM_SMMU_AIDR);
	arm_smmu_guest_idrs(smmu, raw, arm_smmu_ats_supported(master),
			    arm_smmu_guest_can_stall(master), info);
}
