// SPDX-License-Identifier: GPL-2.0-only
/*
 * The STEs of a device with a guest's own stage 1, and the changes between them
 */
#include <kunit/test.h>
#include <linux/io-pgtable.h>

#include "arm-smmu-v3-guest-stage.h"

#define NUM_ENTRY_QWORDS	ARRAY_SIZE(((struct arm_smmu_ste *)NULL)->data)

#define GUEST_TABLE_A		0x0000000123456000ULL
#define GUEST_TABLE_B		0x00000fedcba98000ULL
#define HOST_TABLE		0x0000f0f0f0f0f000ULL
#define HOST_S2TTB		0x0000daedbeefd000ULL
#define HOST_VMID		0x1234

struct guest_stage_test {
	struct arm_smmu_device smmu;
	struct arm_smmu_master master;
	struct arm_smmu_domain domain;
	struct io_pgtable pgtable;
	struct iommu_guest_stage_config cfg;
};

static int guest_stage_test_init(struct kunit *test)
{
	struct guest_stage_test *t;
	typeof(t->pgtable.cfg.arm_lpae_s2_cfg) *s2;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);

	t->smmu.features = ARM_SMMU_FEAT_NESTING | ARM_SMMU_FEAT_2_LVL_CDTAB |
			   ARM_SMMU_FEAT_ATTR_TYPES_OVR;
	t->master.smmu = &t->smmu;
	t->master.ssid_bits = 20;
	t->master.cd_table.cdtab_dma = HOST_TABLE;
	t->master.cd_table.s1cdmax = 10;
	t->master.cd_table.s1fmt = STRTAB_STE_0_S1FMT_64K_L2;

	s2 = &t->pgtable.cfg.arm_lpae_s2_cfg;
	s2->vttbr = HOST_S2TTB;
	s2->vtcr.ps = 4;
	s2->vtcr.sh = 3;
	s2->vtcr.orgn = 1;
	s2->vtcr.irgn = 1;
	s2->vtcr.sl = 2;
	s2->vtcr.tsz = 20;
	t->domain.pgtbl_ops = &t->pgtable.ops;
	t->domain.stage = ARM_SMMU_DOMAIN_S2;
	t->domain.s2_cfg.vmid = HOST_VMID;
	t->domain.domain.nesting = true;

	t->cfg.argsz = sizeof(t->cfg);
	t->cfg.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	t->cfg.state = IOMMU_GUEST_STAGE_TRANSLATE;
	t->cfg.base_ptr = GUEST_TABLE_A;
	t->cfg.smmuv3.s1cir = 1;
	t->cfg.smmuv3.s1cor = 1;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_ISH;

	test->priv = t;
	return 0;
}

static struct arm_smmu_ste guest_ste(struct guest_stage_test *t)
{
	struct arm_smmu_ste ste;

	arm_smmu_make_guest_ste(&ste, &t->master, &t->domain, &t->cfg);
	return ste;
}

static struct arm_smmu_ste guest_ste_with_ats(struct guest_stage_test *t)
{
	t->cfg.smmuv3.flags |= IOMMU_GUEST_STAGE_SMMUV3_EATS;
	return guest_ste(t);
}

static struct arm_smmu_ste bypass_ste(struct guest_stage_test *t)
{
	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	return guest_ste(t);
}

static struct arm_smmu_ste abort_ste(void)
{
	struct arm_smmu_ste ste;

	arm_smmu_make_abort_ste(&ste);
	return ste;
}

static struct arm_smmu_ste s2_ste(struct guest_stage_test *t, bool ats)
{
	struct arm_smmu_ste ste;

	arm_smmu_make_s2_domain_ste(&ste, &t->master, &t->domain, ats);
	return ste;
}

static u64 ste_field(const struct arm_smmu_ste *ste, unsigned int i, u64 mask)
{
	return (le64_to_cpu(ste->data[i]) & mask) >> __ffs64(mask);
}

/* The builder, field by field */

static void guest_stage_test_make_config(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste = guest_ste(t);

	KUNIT_EXPECT_EQ(test, ste_field(&ste, 0, STRTAB_STE_0_V), 1);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 0, STRTAB_STE_0_CFG),
			STRTAB_STE_0_CFG_NESTED);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[0]) & STRTAB_STE_0_S1CTXPTR_MASK,
			GUEST_TABLE_A);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 0, STRTAB_STE_0_S1CDMAX), 0);
}

/* Every field that the host owns is that of the domain's own STE */
static void guest_stage_test_make_host_fields(struct kunit *test)
{
	const u64 s1_fields = STRTAB_STE_1_S1DSS | STRTAB_STE_1_S1CIR |
			      STRTAB_STE_1_S1COR | STRTAB_STE_1_S1CSH |
			      STRTAB_STE_1_S1STALLD;
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste, s2 = s2_ste(t, false);
	unsigned int i;

	t->cfg.pasid_bits = 20;
	t->cfg.smmuv3.s1fmt = STRTAB_STE_0_S1FMT_64K_L2;
	t->cfg.smmuv3.s1dss = STRTAB_STE_1_S1DSS_SSID0;
	ste = guest_ste(t);

	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[1]) & ~s1_fields,
			le64_to_cpu(s2.data[1]));
	for (i = 2; i < NUM_ENTRY_QWORDS; i++)
		KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[i]),
				le64_to_cpu(s2.data[i]));

	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_MEV), 1);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_STRW), 0);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_SHCFG),
			STRTAB_STE_1_SHCFG_INCOMING);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 2, STRTAB_STE_2_S2VMID),
			HOST_VMID);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[3]), HOST_S2TTB);
}

/* S2FWB is set in bypass, too: stage 2 is the same for all devices of the domain */
static void guest_stage_test_make_s2fwb(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste = guest_ste(t);

	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S2FWB), 0);
	t->pgtable.cfg.quirks = IO_PGTABLE_QUIRK_ARM_S2FWB;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S2FWB), 1);
	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S2FWB), 1);
}

static void guest_stage_test_make_attributes(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct iommu_guest_stage_smmuv3 *s1 = &t->cfg.smmuv3;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		struct arm_smmu_ste ste;

		s1->s1cir = i & 3;
		s1->s1cor = (i >> 2) & 3;
		s1->s1csh = i >> 4;
		ste = guest_ste(t);
		KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1CIR),
				s1->s1cir);
		KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1COR),
				s1->s1cor);
		KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1CSH),
				s1->s1csh);
	}
}

static void guest_stage_test_make_table_format(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct iommu_guest_stage_smmuv3 *s1 = &t->cfg.smmuv3;

	t->cfg.pasid_bits = 16;
	for (s1->s1fmt = 0; s1->s1fmt <= 2; s1->s1fmt++) {
		for (s1->s1dss = 0; s1->s1dss <= 2; s1->s1dss++) {
			struct arm_smmu_ste ste = guest_ste(t);

			KUNIT_EXPECT_EQ(test,
					ste_field(&ste, 0, STRTAB_STE_0_S1FMT),
					s1->s1fmt);
			KUNIT_EXPECT_EQ(test,
					ste_field(&ste, 1, STRTAB_STE_1_S1DSS),
					s1->s1dss);
			KUNIT_EXPECT_EQ(test,
					ste_field(&ste, 0, STRTAB_STE_0_S1CDMAX),
					16);
		}
	}
}

/* Without PASIDs the hardware ignores both fields. The driver has them 0. */
static void guest_stage_test_make_ignored_format(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste;

	t->cfg.smmuv3.s1fmt = 3;
	t->cfg.smmuv3.s1dss = 3;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 0, STRTAB_STE_0_S1FMT), 0);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1DSS), 0);
}

static void guest_stage_test_make_eats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste = guest_ste(t);

	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_EATS),
			STRTAB_STE_1_EATS_ABT);
	ste = guest_ste_with_ats(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_EATS),
			STRTAB_STE_1_EATS_TRANS);
}

/* The flags say something of stage 1, which the guest does not use */
static void guest_stage_test_make_bypass_without_eats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste, s2 = s2_ste(t, false);

	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	ste = guest_ste_with_ats(t);
	KUNIT_EXPECT_MEMEQ(test, &ste, &s2, sizeof(ste));
}

/* A guest has stalls only if it resumes them. S1STALLD is ILLEGAL without stalls. */
static void guest_stage_test_make_stalls(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste = guest_ste(t);

	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1STALLD), 0);
	t->smmu.features |= ARM_SMMU_FEAT_STALLS;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1STALLD), 1);
	t->master.stall_enabled = true;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1STALLD), 1);
	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_S1STALLD |
			      IOMMU_GUEST_STAGE_SMMUV3_STALL;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1STALLD), 1);
	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_STALL;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1STALLD), 0);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 2, STRTAB_STE_2_S2S), 0);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 2, STRTAB_STE_2_S2R), 1);
}

/* A stage 2 domain that is not for nesting still stalls, and does not merge events */
static void guest_stage_test_make_plain_s2(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste;

	t->domain.domain.nesting = false;
	t->master.stall_enabled = true;
	ste = s2_ste(t, false);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_MEV), 0);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 2, STRTAB_STE_2_S2S), 1);
}

static void guest_stage_test_make_bypass(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste = bypass_ste(t), s2 = s2_ste(t, false);

	KUNIT_EXPECT_MEMEQ(test, &ste, &s2, sizeof(ste));
}

static void guest_stage_test_make_abort(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste, abort = abort_ste();

	t->cfg.state = IOMMU_GUEST_STAGE_ABORT;
	ste = guest_ste(t);
	KUNIT_EXPECT_MEMEQ(test, &ste, &abort, sizeof(ste));
}

/* The entry writer may only rely on what arm_smmu_get_ste_used() knows */
static void guest_stage_test_used_bits(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	__le64 used[NUM_ENTRY_QWORDS] = {};
	struct arm_smmu_ste ste;
	unsigned int i;

	t->smmu.features |= ARM_SMMU_FEAT_STALLS;
	t->cfg.pasid_bits = 20;
	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS;
	t->cfg.smmuv3.s1fmt = STRTAB_STE_0_S1FMT_4K_L2;
	t->cfg.smmuv3.s1dss = STRTAB_STE_1_S1DSS_BYPASS;
	t->cfg.smmuv3.s1cir = 3;
	t->cfg.smmuv3.s1cor = 3;
	ste = guest_ste(t);

	arm_smmu_get_ste_used(ste.data, used);
	for (i = 0; i < NUM_ENTRY_QWORDS; i++)
		KUNIT_EXPECT_EQ(test, 0, le64_to_cpu(ste.data[i] & ~used[i]));
	KUNIT_EXPECT_TRUE(test, used[1] & cpu_to_le64(STRTAB_STE_1_MEV));
}

/* PCI ATS of the device is off only while EATS changes, so no other bit is safe */
static void guest_stage_test_safe_bits(struct kunit *test)
{
	const __le64 *safe = arm_smmu_get_ste_safe();
	unsigned int i;

	for (i = 0; i < NUM_ENTRY_QWORDS; i++)
		KUNIT_EXPECT_EQ(test, le64_to_cpu(safe[i]),
				i == 1 ? STRTAB_STE_1_EATS : 0);
}

/* Transitions */

struct guest_stage_test_writer {
	struct arm_smmu_entry_writer writer;
	struct kunit *test;
	const struct arm_smmu_ste *from;
	const struct arm_smmu_ste *to;
	struct arm_smmu_ste *entry;
	struct arm_smmu_ste synced;
	unsigned int num_syncs;
	bool hitless;
};

/* Whether the SMMU does the same with both, apart from what EATS says */
static bool ste_equivalent(const struct arm_smmu_ste *ste,
			   const struct arm_smmu_ste *other)
{
	__le64 used[NUM_ENTRY_QWORDS] = {};
	unsigned int i;

	arm_smmu_get_ste_used(ste->data, used);
	for (i = 0; i < NUM_ENTRY_QWORDS; i++) {
		__le64 diff = (ste->data[i] & used[i]) ^ other->data[i];

		if (i == 1)
			diff &= ~cpu_to_le64(STRTAB_STE_1_EATS);
		if (diff)
			return false;
	}
	return true;
}

/* While the entry is in use, EATS has no third value */
static bool ste_has_eats_of(const struct arm_smmu_ste *ste,
			    const struct arm_smmu_ste *other)
{
	return ste_field(ste, 1, STRTAB_STE_1_EATS) ==
	       ste_field(other, 1, STRTAB_STE_1_EATS);
}

static bool ste_exposes_guest_pointer(const struct arm_smmu_ste *ste)
{
	u64 ptr = le64_to_cpu(ste->data[0]) & STRTAB_STE_0_S1CTXPTR_MASK;

	return ste_field(ste, 0, STRTAB_STE_0_V) &&
	       ste_field(ste, 0, STRTAB_STE_0_CFG) == STRTAB_STE_0_CFG_S1_TRANS &&
	       (ptr == GUEST_TABLE_A || ptr == GUEST_TABLE_B);
}

static void guest_stage_test_check_entry(struct guest_stage_test_writer *w,
					 const struct arm_smmu_ste *ste)
{
	KUNIT_EXPECT_FALSE(w->test, ste_exposes_guest_pointer(ste));

	if (!ste_field(ste, 0, STRTAB_STE_0_V)) {
		w->hitless = false;
		return;
	}
	KUNIT_EXPECT_TRUE(w->test,
			  ste_equivalent(ste, w->from) ||
			  ste_equivalent(ste, w->to));
	KUNIT_EXPECT_TRUE(w->test,
			  ste_has_eats_of(ste, w->from) ||
			  ste_has_eats_of(ste, w->to));
}

/*
 * Until a sync the SMMU may have seen any of the stores since the last sync, in any
 * order. So each mixture of old and new quad-words is checked.
 */
static void guest_stage_test_sync(struct arm_smmu_entry_writer *writer)
{
	struct guest_stage_test_writer *w =
		container_of(writer, struct guest_stage_test_writer, writer);
	unsigned int mix, i;

	for (mix = 0; mix < BIT(NUM_ENTRY_QWORDS); mix++) {
		struct arm_smmu_ste seen = w->synced;

		for (i = 0; i < NUM_ENTRY_QWORDS; i++)
			if (mix & BIT(i))
				seen.data[i] = w->entry->data[i];
		guest_stage_test_check_entry(w, &seen);
	}

	w->synced = *w->entry;
	w->num_syncs++;
}

static const struct arm_smmu_entry_writer_ops guest_stage_test_ops = {
	.sync = guest_stage_test_sync,
	.get_used = arm_smmu_get_ste_used,
	.get_safe = arm_smmu_get_ste_safe,
};

static void expect_transition(struct kunit *test, const struct arm_smmu_ste *from,
			      const struct arm_smmu_ste *to,
			      unsigned int num_syncs, bool hitless)
{
	struct arm_smmu_ste entry = *from;
	struct guest_stage_test_writer w = {
		.writer.ops = &guest_stage_test_ops,
		.test = test,
		.from = from,
		.to = to,
		.entry = &entry,
		.synced = *from,
		.hitless = true,
	};

	arm_smmu_write_entry(&w.writer, entry.data, to->data);

	KUNIT_EXPECT_EQ(test, w.num_syncs, num_syncs);
	KUNIT_EXPECT_EQ(test, w.hitless, hitless);
	KUNIT_EXPECT_MEMEQ(test, entry.data, to->data, sizeof(entry));
	/* There was a sync after the last store */
	KUNIT_EXPECT_MEMEQ(test, entry.data, w.synced.data, sizeof(entry));
}

/* @there and @back are the numbers of syncs */
static void expect_hitless_syncs(struct kunit *test, const struct arm_smmu_ste *a,
				 const struct arm_smmu_ste *b,
				 unsigned int there, unsigned int back)
{
	expect_transition(test, a, b, there, true);
	expect_transition(test, b, a, back, true);
}

static void expect_hitless(struct kunit *test, const struct arm_smmu_ste *a,
			   const struct arm_smmu_ste *b, unsigned int num_syncs)
{
	expect_hitless_syncs(test, a, b, num_syncs, num_syncs);
}

static void expect_breaking(struct kunit *test, const struct arm_smmu_ste *a,
			    const struct arm_smmu_ste *b)
{
	expect_transition(test, a, b, 3, false);
	expect_transition(test, b, a, 3, false);
}

/* The table pointer alone is one quad-word, so there is one sync */
static void guest_stage_test_rebind_table(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t), b;

	t->cfg.base_ptr = GUEST_TABLE_B;
	b = guest_ste(t);
	expect_hitless(test, &a, &b, 1);
}

static void guest_stage_test_rebind_same(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t);

	expect_hitless(test, &a, &a, 0);
}

static void guest_stage_test_rebind_attributes(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t), b;

	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	b = guest_ste(t);
	expect_hitless(test, &a, &b, 1);
}

/* The SMMU uses pointer and attributes at the same time, so no order is right */
static void guest_stage_test_rebind_table_and_attributes(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t), b;

	t->cfg.base_ptr = GUEST_TABLE_B;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	b = guest_ste(t);
	expect_breaking(test, &a, &b);
}

static void guest_stage_test_rebind_table_attributes_and_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t), b;

	t->cfg.base_ptr = GUEST_TABLE_B;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	b = guest_ste_with_ats(t);
	expect_breaking(test, &a, &b);
}

/* EATS is in another quad-word than the pointer, and has its new value first */
static void guest_stage_test_rebind_table_and_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t), b;

	t->cfg.base_ptr = GUEST_TABLE_B;
	b = guest_ste_with_ats(t);
	expect_hitless(test, &a, &b, 2);
}

/* Both are in one quad-word */
static void guest_stage_test_rebind_attributes_and_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t), b;

	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	b = guest_ste_with_ats(t);
	expect_hitless(test, &a, &b, 1);
}

/* EATS alone is one quad-word */
static void guest_stage_test_translate_switch_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste off = guest_ste(t), on = guest_ste_with_ats(t);

	expect_hitless(test, &off, &on, 1);
}

static void guest_stage_test_s2_switch_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste off = s2_ste(t, false), on = s2_ste(t, true);

	expect_hitless(test, &off, &on, 1);
}

/* A bind, and an unbind */
static void guest_stage_test_s2_to_translate(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), guest = guest_ste(t);

	expect_hitless(test, &s2, &guest, 2);
}

static void guest_stage_test_s2_with_ats_to_translate_with_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, true), guest = guest_ste_with_ats(t);

	expect_hitless(test, &s2, &guest, 2);
}

/*
 * The first bind of a device with ATS, if the guest does not use ATS. On the way back
 * the fields of stage 1 are cleared after Config, and EATS has changed before Config.
 */
static void guest_stage_test_s2_with_ats_to_translate(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, true), guest = guest_ste(t);

	expect_hitless_syncs(test, &s2, &guest, 2, 3);
}

/* A guest that switches ATS on together with its stage of translation */
static void guest_stage_test_s2_to_translate_with_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), guest = guest_ste_with_ats(t);

	expect_hitless_syncs(test, &s2, &guest, 2, 3);
}

/* The guest is bound before it has a valid STE, and is unbound again */
static void guest_stage_test_s2_to_abort(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), abort = abort_ste();

	expect_hitless(test, &s2, &abort, 2);
}

static void guest_stage_test_s2_with_ats_to_abort(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, true), abort = abort_ste();

	expect_hitless(test, &s2, &abort, 2);
}

/* The guest makes its STE valid, and invalid again */
static void guest_stage_test_abort_to_translate(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste(t), abort = abort_ste();

	expect_hitless(test, &abort, &guest, 2);
}

static void guest_stage_test_abort_to_translate_with_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste_with_ats(t), abort = abort_ste();

	expect_hitless(test, &abort, &guest, 2);
}

/* The guest switches its stage of translation off, and on again */
static void guest_stage_test_translate_to_bypass(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste(t), bypass = bypass_ste(t);

	expect_hitless(test, &guest, &bypass, 2);
}

/* This is what a Linux guest does that leaves identity, and comes back to it */
static void guest_stage_test_bypass_to_translate_with_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste_with_ats(t), bypass = bypass_ste(t);

	expect_hitless_syncs(test, &bypass, &guest, 2, 3);
}

/* In bypass stage 2 alone translates, as for a device that is not bound */
static void guest_stage_test_s2_to_bypass(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), bypass = bypass_ste(t);

	expect_hitless(test, &s2, &bypass, 0);
}

static void guest_stage_test_s2_with_ats_to_bypass(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, true), bypass = bypass_ste(t);

	expect_hitless(test, &s2, &bypass, 1);
}

/* The guest makes an STE invalid that bypasses its stage, and valid again */
static void guest_stage_test_bypass_to_abort(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste bypass = bypass_ste(t), abort = abort_ste();

	expect_hitless(test, &bypass, &abort, 2);
}

/* An attach, and a detach. Both STEs use the VMID, and theirs are not the same. */
static void guest_stage_test_cdtable_to_s2(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), host;

	arm_smmu_make_cdtable_ste(&host, &t->master, false,
				  STRTAB_STE_1_S1DSS_SSID0);
	expect_breaking(test, &host, &s2);
}

/* Nobody asks for this change. Even so it would not expose the guest's pointer. */
static void guest_stage_test_cdtable_to_translate(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste(t), host;

	arm_smmu_make_cdtable_ste(&host, &t->master, false,
				  STRTAB_STE_1_S1DSS_SSID0);
	expect_breaking(test, &host, &guest);
}

static void guest_stage_test_translate_to_ste_bypass(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste(t), bypass;

	arm_smmu_make_bypass_ste(&t->smmu, &bypass);
	expect_hitless(test, &guest, &bypass, 2);
}

static struct kunit_case guest_stage_test_cases[] = {
	KUNIT_CASE(guest_stage_test_make_config),
	KUNIT_CASE(guest_stage_test_make_host_fields),
	KUNIT_CASE(guest_stage_test_make_s2fwb),
	KUNIT_CASE(guest_stage_test_make_attributes),
	KUNIT_CASE(guest_stage_test_make_table_format),
	KUNIT_CASE(guest_stage_test_make_ignored_format),
	KUNIT_CASE(guest_stage_test_make_eats),
	KUNIT_CASE(guest_stage_test_make_bypass_without_eats),
	KUNIT_CASE(guest_stage_test_make_stalls),
	KUNIT_CASE(guest_stage_test_make_plain_s2),
	KUNIT_CASE(guest_stage_test_make_bypass),
	KUNIT_CASE(guest_stage_test_make_abort),
	KUNIT_CASE(guest_stage_test_used_bits),
	KUNIT_CASE(guest_stage_test_safe_bits),
	KUNIT_CASE(guest_stage_test_rebind_table),
	KUNIT_CASE(guest_stage_test_rebind_same),
	KUNIT_CASE(guest_stage_test_rebind_attributes),
	KUNIT_CASE(guest_stage_test_rebind_table_and_attributes),
	KUNIT_CASE(guest_stage_test_rebind_table_attributes_and_ats),
	KUNIT_CASE(guest_stage_test_rebind_table_and_ats),
	KUNIT_CASE(guest_stage_test_rebind_attributes_and_ats),
	KUNIT_CASE(guest_stage_test_translate_switch_ats),
	KUNIT_CASE(guest_stage_test_s2_switch_ats),
	KUNIT_CASE(guest_stage_test_s2_to_translate),
	KUNIT_CASE(guest_stage_test_s2_with_ats_to_translate_with_ats),
	KUNIT_CASE(guest_stage_test_s2_with_ats_to_translate),
	KUNIT_CASE(guest_stage_test_s2_to_translate_with_ats),
	KUNIT_CASE(guest_stage_test_s2_to_abort),
	KUNIT_CASE(guest_stage_test_s2_with_ats_to_abort),
	KUNIT_CASE(guest_stage_test_abort_to_translate),
	KUNIT_CASE(guest_stage_test_abort_to_translate_with_ats),
	KUNIT_CASE(guest_stage_test_translate_to_bypass),
	KUNIT_CASE(guest_stage_test_bypass_to_translate_with_ats),
	KUNIT_CASE(guest_stage_test_s2_to_bypass),
	KUNIT_CASE(guest_stage_test_s2_with_ats_to_bypass),
	KUNIT_CASE(guest_stage_test_bypass_to_abort),
	KUNIT_CASE(guest_stage_test_cdtable_to_s2),
	KUNIT_CASE(guest_stage_test_cdtable_to_translate),
	KUNIT_CASE(guest_stage_test_translate_to_ste_bypass),
	{},
};

static struct kunit_suite guest_stage_test_suite = {
	.name = "arm-smmu-v3-guest-stage",
	.init = guest_stage_test_init,
	.test_cases = guest_stage_test_cases,
};

kunit_test_suite(guest_stage_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for guest stages of arm-smmu-v3");
MODULE_LICENSE("GPL");
