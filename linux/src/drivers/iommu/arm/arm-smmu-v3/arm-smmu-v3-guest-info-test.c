// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ID registers that a guest's SMMUv3 is built from
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "arm-smmu-v3-guest-info.h"

struct guest_info_test {
	struct arm_smmu_device smmu;
	struct iommu_guest_stage_info info;
	u32 raw[6];
	bool ats;
	bool stalls;
};

/* Hardware with every feature there is, and a driver that uses all it can */
static int guest_info_test_init(struct kunit *test)
{
	struct guest_info_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);

	memset(t->raw, 0xff, sizeof(t->raw));
	t->smmu.features = ARM_SMMU_FEAT_NESTING | ARM_SMMU_FEAT_2_LVL_CDTAB |
			   ARM_SMMU_FEAT_COHERENCY | ARM_SMMU_FEAT_HA |
			   ARM_SMMU_FEAT_HD | ARM_SMMU_FEAT_RANGE_INV |
			   ARM_SMMU_FEAT_VAX | ARM_SMMU_FEAT_STALLS;
	t->smmu.asid_bits = 16;
	t->smmu.evtq.max_stalls = 40;
	t->info.ipa_bits = 48;
	t->info.pasid_bits = 20;
	t->ats = true;
	t->stalls = true;

	test->priv = t;
	return 0;
}

static u32 guest_idr(struct guest_info_test *t, unsigned int i)
{
	arm_smmu_guest_idrs(&t->smmu, t->raw, t->ats, t->stalls, &t->info);
	return t->info.smmuv3.idr[i];
}

/* All bits that a guest can ever have. Nobody has thought about the others. */
static void guest_info_test_most(struct kunit *test)
{
	struct guest_info_test *t = test->priv;
	u32 idr0 = IDR0_TERM_MODEL | FIELD_PREP(IDR0_STALL_MODEL, 0) |
		   IDR0_TTENDIAN | IDR0_CD2L | IDR0_ASID16 | IDR0_ATS |
		   FIELD_PREP(IDR0_HTTU, 2) | IDR0_COHACC |
		   FIELD_PREP(IDR0_TTF, 2) | IDR0_S1P;

	KUNIT_EXPECT_EQ(test, guest_idr(t, 0), idr0);
	KUNIT_EXPECT_EQ(test, guest_idr(t, 1), FIELD_PREP(IDR1_SSIDSIZE, 20));
	KUNIT_EXPECT_EQ(test, guest_idr(t, 2), 0);
	KUNIT_EXPECT_EQ(test, guest_idr(t, 3),
			IDR3_E0PD | IDR3_BBML | IDR3_RIL | IDR3_STT | IDR3_HAD);
	KUNIT_EXPECT_EQ(test, guest_idr(t, 4), 0);
	KUNIT_EXPECT_EQ(test, guest_idr(t, 5),
			FIELD_PREP(IDR5_STALL_MAX, 20) |
			FIELD_PREP(IDR5_VAX, 1) | IDR5_GRAN64K | IDR5_GRAN16K |
			IDR5_GRAN4K | IDR5_OAS_48_BIT);
}

/* What a guest has if neither the hardware nor the driver has any feature */
static void guest_info_test_least(struct kunit *test)
{
	struct guest_info_test *t = test->priv;

	memset(t->raw, 0, sizeof(t->raw));
	t->smmu.features = 0;
	t->smmu.asid_bits = 8;
	t->info.ipa_bits = 32;
	t->info.pasid_bits = 0;
	t->ats = false;
	t->stalls = false;

	KUNIT_EXPECT_EQ(test, guest_idr(t, 0),
			FIELD_PREP(IDR0_STALL_MODEL, 1) |
			FIELD_PREP(IDR0_TTF, 2));
	KUNIT_EXPECT_EQ(test, guest_idr(t, 1), 0);
	KUNIT_EXPECT_EQ(test, guest_idr(t, 3), 0);
	KUNIT_EXPECT_EQ(test, guest_idr(t, 5), IDR5_OAS_32_BIT);
}

/* The register has the feature. An erratum or the firmware keeps it from the driver. */
static void guest_info_test_driver_decides(struct kunit *test)
{
	struct guest_info_test *t = test->priv;

	t->smmu.features &= ~ARM_SMMU_FEAT_RANGE_INV;
	KUNIT_EXPECT_FALSE(test, guest_idr(t, 3) & IDR3_RIL);
	t->smmu.features &= ~ARM_SMMU_FEAT_COHERENCY;
	KUNIT_EXPECT_FALSE(test, guest_idr(t, 0) & IDR0_COHACC);
	t->smmu.features &= ~ARM_SMMU_FEAT_HD;
	KUNIT_EXPECT_EQ(test, FIELD_GET(IDR0_HTTU, guest_idr(t, 0)), 1);
	t->smmu.features &= ~ARM_SMMU_FEAT_HA;
	KUNIT_EXPECT_EQ(test, FIELD_GET(IDR0_HTTU, guest_idr(t, 0)), 0);
	t->smmu.features &= ~ARM_SMMU_FEAT_2_LVL_CDTAB;
	KUNIT_EXPECT_FALSE(test, guest_idr(t, 0) & IDR0_CD2L);
	t->smmu.features &= ~ARM_SMMU_FEAT_VAX;
	KUNIT_EXPECT_EQ(test, FIELD_GET(IDR5_VAX, guest_idr(t, 5)), 0);
	t->ats = false;
	KUNIT_EXPECT_FALSE(test, guest_idr(t, 0) & IDR0_ATS);
	t->stalls = false;
	KUNIT_EXPECT_EQ(test, FIELD_GET(IDR0_STALL_MODEL, guest_idr(t, 0)), 1);
	KUNIT_EXPECT_EQ(test, FIELD_GET(IDR5_STALL_MAX, guest_idr(t, 5)), 0);
}

/* Guests get half of what the SMMU can stall, and each no more than the limit */
static void guest_info_test_stalls(struct kunit *test)
{
	static const u16 numbers[][2] = {
		{ 0, 1 }, { 1, 1 }, { 2, 1 }, { 5, 2 },
		{ 2 * IOMMU_GUEST_STALLS_MAX, IOMMU_GUEST_STALLS_MAX },
		{ U16_MAX, IOMMU_GUEST_STALLS_MAX },
	};
	struct guest_info_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		t->smmu.evtq.max_stalls = numbers[i][0];
		KUNIT_EXPECT_EQ(test, FIELD_GET(IDR5_STALL_MAX, guest_idr(t, 5)),
				numbers[i][1]);
	}
}

/* The driver does not add a feature that the hardware does not have */
static void guest_info_test_hardware_decides(struct kunit *test)
{
	struct guest_info_test *t = test->priv;

	t->raw[3] = 0;
	KUNIT_EXPECT_EQ(test, guest_idr(t, 3), 0);
	t->raw[5] = ~IDR5_GRAN64K;
	KUNIT_EXPECT_FALSE(test, guest_idr(t, 5) & IDR5_GRAN64K);
	/* Without IDR5.DS, 52 bits of address need pages of 64KB */
	KUNIT_EXPECT_EQ(test, FIELD_GET(IDR5_VAX, guest_idr(t, 5)), 0);
	t->raw[0] = 0;
	KUNIT_EXPECT_FALSE(test, guest_idr(t, 0) &
				 (IDR0_TERM_MODEL | IDR0_S1P | IDR0_TTENDIAN));
}

/* Two levels of descriptors are of no use without PASIDs */
static void guest_info_test_no_pasids(struct kunit *test)
{
	struct guest_info_test *t = test->priv;

	t->info.pasid_bits = 0;
	KUNIT_EXPECT_FALSE(test, guest_idr(t, 0) & IDR0_CD2L);
	KUNIT_EXPECT_EQ(test, guest_idr(t, 1), 0);
}

/* What stage 1 puts out is an IPA, so OAS is the size of an IPA, rounded down */
static void guest_info_test_oas(struct kunit *test)
{
	static const u8 sizes[][2] = {
		{ 31, IDR5_OAS_32_BIT }, { 32, IDR5_OAS_32_BIT },
		{ 35, IDR5_OAS_32_BIT }, { 36, IDR5_OAS_36_BIT },
		{ 39, IDR5_OAS_36_BIT }, { 40, IDR5_OAS_40_BIT },
		{ 42, IDR5_OAS_42_BIT }, { 43, IDR5_OAS_42_BIT },
		{ 44, IDR5_OAS_44_BIT }, { 47, IDR5_OAS_44_BIT },
		{ 48, IDR5_OAS_48_BIT }, { 51, IDR5_OAS_48_BIT },
		{ 52, IDR5_OAS_52_BIT }, { 64, IDR5_OAS_52_BIT },
	};
	struct guest_info_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		t->info.ipa_bits = sizes[i][0];
		KUNIT_EXPECT_EQ_MSG(test, FIELD_GET(IDR5_OAS, guest_idr(t, 5)),
				    sizes[i][1], "%u bits", sizes[i][0]);
	}
}

static struct kunit_case guest_info_test_cases[] = {
	KUNIT_CASE(guest_info_test_most),
	KUNIT_CASE(guest_info_test_least),
	KUNIT_CASE(guest_info_test_driver_decides),
	KUNIT_CASE(guest_info_test_stalls),
	KUNIT_CASE(guest_info_test_hardware_decides),
	KUNIT_CASE(guest_info_test_no_pasids),
	KUNIT_CASE(guest_info_test_oas),
	{},
};

static struct kunit_suite guest_info_test_suite = {
	.name = "arm-smmu-v3-guest-info",
	.init = guest_info_test_init,
	.test_cases = guest_info_test_cases,
};

kunit_test_suite(guest_info_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for what arm-smmu-v3 can give to guests");
MODULE_LICENSE("GPL");
