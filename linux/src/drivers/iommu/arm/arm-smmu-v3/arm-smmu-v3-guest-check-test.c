// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which configurations of a guest's stage 1 are refused
 */
#include <kunit/test.h>

#include "arm-smmu-v3-guest-stage.h"

#define GUEST_TABLE	0x0000000123456000ULL
#define IPA_BITS	44

struct guest_check_test {
	struct arm_smmu_device smmu;
	struct arm_smmu_master master;
	struct device dev;
	struct dev_iommu param;
	struct iommu_domain domain;
	struct iommu_guest_stage_config cfg;
};

static int guest_check_test_init(struct kunit *test)
{
	struct guest_check_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);

	t->smmu.features = ARM_SMMU_FEAT_NESTING | ARM_SMMU_FEAT_2_LVL_CDTAB;
	t->master.smmu = &t->smmu;
	t->master.ssid_bits = 20;
	t->master.dev = &t->dev;
	t->dev.iommu = &t->param;
	t->param.fwspec = kunit_kzalloc(test, sizeof(*t->param.fwspec),
					GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->param.fwspec);
	t->domain.geometry.aperture_end = BIT_ULL(IPA_BITS) - 1;

	t->cfg.argsz = sizeof(t->cfg);
	t->cfg.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	t->cfg.state = IOMMU_GUEST_STAGE_TRANSLATE;
	t->cfg.base_ptr = GUEST_TABLE;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_ISH;

	test->priv = t;
	return 0;
}

static int check(struct guest_check_test *t)
{
	return arm_smmu_check_guest_ste(&t->master, &t->domain, &t->cfg);
}

static void guest_check_test_accepts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, check(test->priv));
}

static void guest_check_test_format(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 + 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, check(t));
}

static void guest_check_test_s1fmt(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.pasid_bits = 1;
	for (t->cfg.smmuv3.s1fmt = 0; t->cfg.smmuv3.s1fmt <= 2;
	     t->cfg.smmuv3.s1fmt++)
		KUNIT_EXPECT_EQ(test, 0, check(t));
	for (; t->cfg.smmuv3.s1fmt; t->cfg.smmuv3.s1fmt++)
		KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

static void guest_check_test_two_levels(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.pasid_bits = 1;
	t->smmu.features &= ~ARM_SMMU_FEAT_2_LVL_CDTAB;
	KUNIT_EXPECT_EQ(test, 0, check(t));
	t->cfg.smmuv3.s1fmt = STRTAB_STE_0_S1FMT_4K_L2;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->cfg.smmuv3.s1fmt = STRTAB_STE_0_S1FMT_64K_L2;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

static void guest_check_test_s1dss(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.pasid_bits = 1;
	for (t->cfg.smmuv3.s1dss = 0; t->cfg.smmuv3.s1dss <= 2;
	     t->cfg.smmuv3.s1dss++)
		KUNIT_EXPECT_EQ(test, 0, check(t));
	for (; t->cfg.smmuv3.s1dss; t->cfg.smmuv3.s1dss++)
		KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

/* Without PASIDs the hardware ignores both fields */
static void guest_check_test_ignored_format(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.smmuv3.s1fmt = 3;
	t->cfg.smmuv3.s1dss = 3;
	KUNIT_EXPECT_EQ(test, 0, check(t));
}

/* A guest can't write a value that is wider than the field, ignored or not */
static void guest_check_test_ignored_width(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.smmuv3.s1fmt = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->cfg.smmuv3.s1fmt = 0;
	t->cfg.smmuv3.s1dss = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

static void guest_check_test_s1cdmax(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.base_ptr = 0;
	t->master.ssid_bits = 6;
	t->cfg.pasid_bits = 6;
	KUNIT_EXPECT_EQ(test, 0, check(t));
	t->cfg.pasid_bits = 7;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->cfg.pasid_bits = U32_MAX;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->master.ssid_bits = 0;
	t->cfg.pasid_bits = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

static void guest_check_test_attributes(struct kunit *test)
{
	struct guest_check_test *t = test->priv;
	struct iommu_guest_stage_smmuv3 *s1 = &t->cfg.smmuv3;
	unsigned int i;

	for (i = 0; i <= U8_MAX; i++) {
		s1->s1cir = i;
		KUNIT_EXPECT_EQ(test, i < 4 ? 0 : -EINVAL, check(t));
		s1->s1cir = 0;
		s1->s1cor = i;
		KUNIT_EXPECT_EQ(test, i < 4 ? 0 : -EINVAL, check(t));
		s1->s1cor = 0;
		s1->s1csh = i;
		KUNIT_EXPECT_EQ(test, i < 4 && i != 1 ? 0 : -EINVAL, check(t));
		s1->s1csh = 0;
	}
}

static void guest_check_test_s1stalld(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_S1STALLD;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->smmu.features |= ARM_SMMU_FEAT_STALLS;
	KUNIT_EXPECT_EQ(test, 0, check(t));
}

static void guest_check_test_ipa_size(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.base_ptr = BIT_ULL(IPA_BITS) - 64;
	KUNIT_EXPECT_EQ(test, 0, check(t));
	t->cfg.base_ptr = BIT_ULL(IPA_BITS);
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->cfg.base_ptr = U64_MAX - 63;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

struct guest_check_alignment {
	u8 s1fmt;
	u8 pasid_bits;
	/* The lowest bit of S1ContextPtr that may be set */
	u8 bit;
};

/* IHI 0070, 5.2 Stream Table Entry, S1Fmt: the bits that are RES0 */
static const struct guest_check_alignment guest_check_alignments[] = {
	{ STRTAB_STE_0_S1FMT_LINEAR, 0, 6 },
	{ STRTAB_STE_0_S1FMT_LINEAR, 1, 7 },
	{ STRTAB_STE_0_S1FMT_LINEAR, 6, 12 },
	{ STRTAB_STE_0_S1FMT_LINEAR, 20, 26 },
	{ STRTAB_STE_0_S1FMT_4K_L2, 1, 6 },
	{ STRTAB_STE_0_S1FMT_4K_L2, 9, 6 },
	{ STRTAB_STE_0_S1FMT_4K_L2, 10, 7 },
	{ STRTAB_STE_0_S1FMT_4K_L2, 20, 17 },
	{ STRTAB_STE_0_S1FMT_64K_L2, 1, 6 },
	{ STRTAB_STE_0_S1FMT_64K_L2, 13, 6 },
	{ STRTAB_STE_0_S1FMT_64K_L2, 14, 7 },
	{ STRTAB_STE_0_S1FMT_64K_L2, 20, 13 },
};

static void guest_check_alignment_desc(const struct guest_check_alignment *a,
				       char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "s1fmt=%u s1cdmax=%u", a->s1fmt,
		 a->pasid_bits);
}

KUNIT_ARRAY_PARAM(guest_check_alignment, guest_check_alignments,
		  guest_check_alignment_desc);

static void guest_check_test_alignment(struct kunit *test)
{
	const struct guest_check_alignment *a = test->param_value;
	struct guest_check_test *t = test->priv;
	unsigned int bit;

	t->cfg.pasid_bits = a->pasid_bits;
	t->cfg.smmuv3.s1fmt = a->s1fmt;
	for (bit = 0; bit < IPA_BITS; bit++) {
		t->cfg.base_ptr = BIT_ULL(bit);
		KUNIT_EXPECT_EQ(test, bit < a->bit ? -EINVAL : 0, check(t));
	}
}

/* The fields of stage 1 do not matter while the guest does not use it */
static void guest_check_test_unused_fields(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->cfg.base_ptr = U64_MAX;
	t->cfg.pasid_bits = U32_MAX;
	memset(&t->cfg.smmuv3, 0xff, sizeof(t->cfg.smmuv3));

	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	KUNIT_EXPECT_EQ(test, 0, check(t));
	t->cfg.state = IOMMU_GUEST_STAGE_ABORT;
	KUNIT_EXPECT_EQ(test, 0, check(t));
}

/* What keeps the DMA coherent */

static void guest_check_test_stage2_is_coherent(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->smmu.features |= ARM_SMMU_FEAT_S2FWB;
	KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(&t->master),
			IOMMU_GUEST_STAGE_COHERENCY_STAGE2);
}

static void guest_check_test_device_is_coherent(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->param.fwspec->flags = IOMMU_FWSPEC_PCI_RC_CANWBS;
	KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(&t->master),
			IOMMU_GUEST_STAGE_COHERENCY_DEVICE);
}

/* Stage 2 also governs what the SMMU fetches, so it is named first */
static void guest_check_test_both_are_coherent(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->smmu.features |= ARM_SMMU_FEAT_S2FWB;
	t->param.fwspec->flags = IOMMU_FWSPEC_PCI_RC_CANWBS;
	KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(&t->master),
			IOMMU_GUEST_STAGE_COHERENCY_STAGE2);
}

/* Another flag of the firmware says nothing of coherency */
static void guest_check_test_nothing_is_coherent(struct kunit *test)
{
	struct guest_check_test *t = test->priv;

	t->param.fwspec->flags = IOMMU_FWSPEC_PCI_RC_ATS;
	KUNIT_EXPECT_NE(test, arm_smmu_guest_stage_coherency(&t->master),
			IOMMU_GUEST_STAGE_COHERENCY_STAGE2);
	KUNIT_EXPECT_NE(test, arm_smmu_guest_stage_coherency(&t->master),
			IOMMU_GUEST_STAGE_COHERENCY_DEVICE);
}

static struct kunit_case guest_check_test_cases[] = {
	KUNIT_CASE(guest_check_test_accepts),
	KUNIT_CASE(guest_check_test_format),
	KUNIT_CASE(guest_check_test_s1fmt),
	KUNIT_CASE(guest_check_test_two_levels),
	KUNIT_CASE(guest_check_test_s1dss),
	KUNIT_CASE(guest_check_test_ignored_format),
	KUNIT_CASE(guest_check_test_ignored_width),
	KUNIT_CASE(guest_check_test_s1cdmax),
	KUNIT_CASE(guest_check_test_attributes),
	KUNIT_CASE(guest_check_test_s1stalld),
	KUNIT_CASE(guest_check_test_ipa_size),
	KUNIT_CASE_PARAM(guest_check_test_alignment,
			 guest_check_alignment_gen_params),
	KUNIT_CASE(guest_check_test_unused_fields),
	KUNIT_CASE(guest_check_test_stage2_is_coherent),
	KUNIT_CASE(guest_check_test_device_is_coherent),
	KUNIT_CASE(guest_check_test_both_are_coherent),
	KUNIT_CASE(guest_check_test_nothing_is_coherent),
	{},
};

static struct kunit_suite guest_check_test_suite = {
	.name = "arm-smmu-v3-guest-check",
	.init = guest_check_test_init,
	.test_cases = guest_check_test_cases,
};

kunit_test_suite(guest_check_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for what arm-smmu-v3 refuses of guest stages");
MODULE_LICENSE("GPL");
