// SPDX-License-Identifier: GPL-2.0-only
/*
 * STEs of devices that have been given to a guest's own stage 1
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
#define IPA_BITS		44

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
	t->domain.domain.geometry.aperture_end = BIT_ULL(IPA_BITS) - 1;

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

	arm_smmu_make_guest_ste(&ste, &t->master, &t->domain, &t->cfg,
				t->cfg.smmuv3.flags &
					IOMMU_GUEST_STAGE_SMMUV3_EATS);
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

/* Also in bypass: stage 2 is the same for all devices of the domain */
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

/* The hardware ignores both without substreams, and so does the driver */
static void guest_stage_test_make_ignored_format(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste;

	t->cfg.smmuv3.s1fmt = 3;
	t->cfg.smmuv3.s1dss = 3;
	KUNIT_EXPECT_EQ(test, 0,
			arm_smmu_check_guest_ste(&t->master, &t->domain.domain,
						 &t->cfg));
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 0, STRTAB_STE_0_S1FMT), 0);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_S1DSS), 0);
}

/* But not what is wider than the fields, which no guest can write */
static void guest_stage_test_check_ignored_width(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.smmuv3.s1fmt = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			arm_smmu_check_guest_ste(&t->master, &t->domain.domain,
						 &t->cfg));
	t->cfg.smmuv3.s1fmt = 0;
	t->cfg.smmuv3.s1dss = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			arm_smmu_check_guest_ste(&t->master, &t->domain.domain,
						 &t->cfg));
}

static void guest_stage_test_make_eats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste = guest_ste(t);

	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_EATS),
			STRTAB_STE_1_EATS_ABT);
	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS;
	ste = guest_ste(t);
	KUNIT_EXPECT_EQ(test, ste_field(&ste, 1, STRTAB_STE_1_EATS),
			STRTAB_STE_1_EATS_TRANS);
}

/* Unless a guest resumes its stalls it has none. S1STALLD is ILLEGAL without them. */
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

/* A stage 2 domain that isn't for nesting stalls and doesn't merge, as ever */
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
	struct arm_smmu_ste ste, s2 = s2_ste(t, false);

	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	ste = guest_ste(t);
	KUNIT_EXPECT_MEMEQ(test, &ste, &s2, sizeof(ste));
}

static void guest_stage_test_make_abort(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste ste, abort;

	arm_smmu_make_abort_ste(&abort);
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

static bool ste_equivalent(const struct arm_smmu_ste *ste,
			   const struct arm_smmu_ste *other)
{
	__le64 used[NUM_ENTRY_QWORDS] = {};
	unsigned int i;

	arm_smmu_get_ste_used(ste->data, used);
	for (i = 0; i < NUM_ENTRY_QWORDS; i++)
		if ((ste->data[i] & used[i]) != other->data[i])
			return false;
	return true;
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

	if (!ste_field(ste, 0, STRTAB_STE_0_V))
		w->hitless = false;
	else
		KUNIT_EXPECT_TRUE(w->test,
				  ste_equivalent(ste, w->from) ||
				  ste_equivalent(ste, w->to));
}

/*
 * Until it is told by a sync, the SMMU may have seen the stores since the last
 * one in any order, and not all of them: check each mixture of old and new
 * quad-words, of which there are 2 to the power of those that changed.
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
	/* Nothing is left to the hardware that it hasn't been told of */
	KUNIT_EXPECT_MEMEQ(test, entry.data, w.synced.data, sizeof(entry));
}

static void expect_hitless(struct kunit *test, const struct arm_smmu_ste *a,
			   const struct arm_smmu_ste *b, unsigned int num_syncs)
{
	expect_transition(test, a, b, num_syncs, true);
	expect_transition(test, b, a, num_syncs, true);
}

static void expect_breaking(struct kunit *test, const struct arm_smmu_ste *a,
			    const struct arm_smmu_ste *b)
{
	expect_transition(test, a, b, 3, false);
	expect_transition(test, b, a, 3, false);
}

/* Only the table pointer: one quad-word, one sync */
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

/* Pointer and attributes are used at the same time: there is no order */
static void guest_stage_test_rebind_table_and_attributes(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste a = guest_ste(t), b;

	t->cfg.base_ptr = GUEST_TABLE_B;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	b = guest_ste(t);
	expect_breaking(test, &a, &b);
}

/* States 2 and 4 to 3 and back */
static void guest_stage_test_s2_to_translate(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), guest = guest_ste(t);

	expect_hitless(test, &s2, &guest, 2);
}

static void guest_stage_test_s2_to_translate_with_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, true), guest;

	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS;
	guest = guest_ste(t);
	expect_hitless(test, &s2, &guest, 2);
}

/* EATS and Config are in two quad-words: PCI ATS is off meanwhile */
static void guest_stage_test_s2_with_ats_to_translate(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, true), guest = guest_ste(t);

	expect_breaking(test, &s2, &guest);
}

/* EATS alone is one quad-word */
static void guest_stage_test_translate_switch_ats(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste off = guest_ste(t), on;

	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS;
	on = guest_ste(t);
	expect_hitless(test, &off, &on, 1);
}

/* State 2 to 2a and back */
static void guest_stage_test_s2_to_abort(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), abort;

	arm_smmu_make_abort_ste(&abort);
	expect_hitless(test, &s2, &abort, 2);
}

/* State 2a to 3 and back */
static void guest_stage_test_abort_to_translate(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste(t), abort;

	arm_smmu_make_abort_ste(&abort);
	expect_hitless(test, &abort, &guest, 2);
}

/* State 3 to 3b and back */
static void guest_stage_test_translate_to_bypass(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste guest = guest_ste(t), bypass;

	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	bypass = guest_ste(t);
	expect_hitless(test, &guest, &bypass, 2);
}

/* State 3b is what states 2 and 4 are */
static void guest_stage_test_s2_to_bypass(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), bypass;

	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	bypass = guest_ste(t);
	expect_hitless(test, &s2, &bypass, 0);
}

/* States 1 and 5 to 2 and back: the VMID is used in both and differs */
static void guest_stage_test_cdtable_to_s2(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
	struct arm_smmu_ste s2 = s2_ste(t, false), host;

	arm_smmu_make_cdtable_ste(&host, &t->master, false,
				  STRTAB_STE_1_S1DSS_SSID0);
	expect_breaking(test, &host, &s2);
}

/* Never asked for, and still not a way to show the guest's pointer */
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

/* What is refused */

static int check(struct guest_stage_test *t)
{
	return arm_smmu_check_guest_ste(&t->master, &t->domain.domain, &t->cfg);
}

static void guest_stage_test_check_accepts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, check(test->priv));
}

static void guest_stage_test_check_format(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 + 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, check(t));
}

static void guest_stage_test_check_s1fmt(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.pasid_bits = 1;
	for (t->cfg.smmuv3.s1fmt = 0; t->cfg.smmuv3.s1fmt <= 2;
	     t->cfg.smmuv3.s1fmt++)
		KUNIT_EXPECT_EQ(test, 0, check(t));
	for (; t->cfg.smmuv3.s1fmt; t->cfg.smmuv3.s1fmt++)
		KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

static void guest_stage_test_check_two_levels(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.pasid_bits = 1;
	t->smmu.features &= ~ARM_SMMU_FEAT_2_LVL_CDTAB;
	KUNIT_EXPECT_EQ(test, 0, check(t));
	t->cfg.smmuv3.s1fmt = STRTAB_STE_0_S1FMT_4K_L2;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->cfg.smmuv3.s1fmt = STRTAB_STE_0_S1FMT_64K_L2;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

static void guest_stage_test_check_s1dss(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.pasid_bits = 1;
	for (t->cfg.smmuv3.s1dss = 0; t->cfg.smmuv3.s1dss <= 2;
	     t->cfg.smmuv3.s1dss++)
		KUNIT_EXPECT_EQ(test, 0, check(t));
	for (; t->cfg.smmuv3.s1dss; t->cfg.smmuv3.s1dss++)
		KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

static void guest_stage_test_check_s1cdmax(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

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

static void guest_stage_test_check_attributes(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;
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

static void guest_stage_test_check_s1stalld(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_S1STALLD;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->smmu.features |= ARM_SMMU_FEAT_STALLS;
	KUNIT_EXPECT_EQ(test, 0, check(t));
}

static void guest_stage_test_check_ipa_size(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.base_ptr = BIT_ULL(IPA_BITS) - 64;
	KUNIT_EXPECT_EQ(test, 0, check(t));
	t->cfg.base_ptr = BIT_ULL(IPA_BITS);
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
	t->cfg.base_ptr = U64_MAX - 63;
	KUNIT_EXPECT_EQ(test, -EINVAL, check(t));
}

struct guest_stage_alignment {
	u8 s1fmt;
	u8 pasid_bits;
	/* The lowest bit of S1ContextPtr that may be set */
	u8 bit;
};

/* IHI 0070, 5.2 Stream Table Entry, S1Fmt: the bits that are RES0 */
static const struct guest_stage_alignment guest_stage_alignments[] = {
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

static void guest_stage_alignment_desc(const struct guest_stage_alignment *a,
				       char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "s1fmt=%u s1cdmax=%u", a->s1fmt,
		 a->pasid_bits);
}

KUNIT_ARRAY_PARAM(guest_stage_alignment, guest_stage_alignments,
		  guest_stage_alignment_desc);

static void guest_stage_test_check_alignment(struct kunit *test)
{
	const struct guest_stage_alignment *a = test->param_value;
	struct guest_stage_test *t = test->priv;
	unsigned int bit;

	t->cfg.pasid_bits = a->pasid_bits;
	t->cfg.smmuv3.s1fmt = a->s1fmt;
	for (bit = 0; bit < IPA_BITS; bit++) {
		t->cfg.base_ptr = BIT_ULL(bit);
		KUNIT_EXPECT_EQ(test, bit < a->bit ? -EINVAL : 0, check(t));
	}
}

/* Nothing of stage 1 matters while the guest doesn't use it */
static void guest_stage_test_check_unused_fields(struct kunit *test)
{
	struct guest_stage_test *t = test->priv;

	t->cfg.base_ptr = U64_MAX;
	t->cfg.pasid_bits = U32_MAX;
	memset(&t->cfg.smmuv3, 0xff, sizeof(t->cfg.smmuv3));

	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	KUNIT_EXPECT_EQ(test, 0, check(t));
	t->cfg.state = IOMMU_GUEST_STAGE_ABORT;
	KUNIT_EXPECT_EQ(test, 0, check(t));
}

static struct kunit_case guest_stage_test_cases[] = {
	KUNIT_CASE(guest_stage_test_make_config),
	KUNIT_CASE(guest_stage_test_make_host_fields),
	KUNIT_CASE(guest_stage_test_make_s2fwb),
	KUNIT_CASE(guest_stage_test_make_attributes),
	KUNIT_CASE(guest_stage_test_make_table_format),
	KUNIT_CASE(guest_stage_test_make_ignored_format),
	KUNIT_CASE(guest_stage_test_check_ignored_width),
	KUNIT_CASE(guest_stage_test_make_eats),
	KUNIT_CASE(guest_stage_test_make_stalls),
	KUNIT_CASE(guest_stage_test_make_plain_s2),
	KUNIT_CASE(guest_stage_test_make_bypass),
	KUNIT_CASE(guest_stage_test_make_abort),
	KUNIT_CASE(guest_stage_test_used_bits),
	KUNIT_CASE(guest_stage_test_rebind_table),
	KUNIT_CASE(guest_stage_test_rebind_same),
	KUNIT_CASE(guest_stage_test_rebind_attributes),
	KUNIT_CASE(guest_stage_test_rebind_table_and_attributes),
	KUNIT_CASE(guest_stage_test_s2_to_translate),
	KUNIT_CASE(guest_stage_test_s2_to_translate_with_ats),
	KUNIT_CASE(guest_stage_test_s2_with_ats_to_translate),
	KUNIT_CASE(guest_stage_test_translate_switch_ats),
	KUNIT_CASE(guest_stage_test_s2_to_abort),
	KUNIT_CASE(guest_stage_test_abort_to_translate),
	KUNIT_CASE(guest_stage_test_translate_to_bypass),
	KUNIT_CASE(guest_stage_test_s2_to_bypass),
	KUNIT_CASE(guest_stage_test_cdtable_to_s2),
	KUNIT_CASE(guest_stage_test_cdtable_to_translate),
	KUNIT_CASE(guest_stage_test_translate_to_ste_bypass),
	KUNIT_CASE(guest_stage_test_check_accepts),
	KUNIT_CASE(guest_stage_test_check_format),
	KUNIT_CASE(guest_stage_test_check_s1fmt),
	KUNIT_CASE(guest_stage_test_check_two_levels),
	KUNIT_CASE(guest_stage_test_check_s1dss),
	KUNIT_CASE(guest_stage_test_check_s1cdmax),
	KUNIT_CASE(guest_stage_test_check_attributes),
	KUNIT_CASE(guest_stage_test_check_s1stalld),
	KUNIT_CASE(guest_stage_test_check_ipa_size),
	KUNIT_CASE_PARAM(guest_stage_test_check_alignment,
			 guest_stage_alignment_gen_params),
	KUNIT_CASE(guest_stage_test_check_unused_fields),
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
