// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a guest's invalidation commands
 */
#include <kunit/test.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "arm-smmu-v3-guest-invalidate.h"

#define HOST_VMID	0x1234
#define GUEST_ASID	0xabcd
#define GUEST_VA	0x0000123456789000ULL
#define GUEST_VSID	0x42
#define ELSEWHERE_VSID	0x52

#define TG_4K		1
#define TG_16K		2
#define TG_64K		3

struct guest_invalidate_test {
	struct arm_smmu_device smmu;
	u64 in[2];
	u64 out[2];
};

static int guest_invalidate_test_init(struct kunit *test)
{
	struct guest_invalidate_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);

	t->smmu.features = ARM_SMMU_FEAT_RANGE_INV | ARM_SMMU_FEAT_ATS;
	t->smmu.asid_bits = 16;
	t->smmu.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G | SZ_16K | SZ_32M |
				SZ_64K | SZ_512M;
	test->priv = t;
	return 0;
}

static enum arm_smmu_guest_command_kind command(struct guest_invalidate_test *t)
{
	const struct iommu_guest_command_smmuv3 cmd = { {
		cpu_to_le64(t->in[0]), cpu_to_le64(t->in[1])
	} };

	return arm_smmu_make_guest_command(&t->smmu, HOST_VMID, &cmd, t->out);
}

static u64 asid(u16 asid)
{
	return FIELD_PREP(CMDQ_TLBI_0_ASID, asid);
}

static void set_va(struct guest_invalidate_test *t, u64 va, u32 tg, u32 ttl,
		   u32 num, u32 scale)
{
	t->in[0] = CMDQ_OP_TLBI_NH_VA | asid(GUEST_ASID) |
		   FIELD_PREP(CMDQ_TLBI_0_NUM, num) |
		   FIELD_PREP(CMDQ_TLBI_0_SCALE, scale);
	t->in[1] = va | FIELD_PREP(CMDQ_TLBI_1_TG, tg) |
		   FIELD_PREP(CMDQ_TLBI_1_TTL, ttl) | CMDQ_TLBI_1_LEAF;
}

#define HOST_VMID_FIELD		FIELD_PREP(CMDQ_TLBI_0_VMID, HOST_VMID)

static void expect_command(struct kunit *test, u64 cmd0, u64 cmd1)
{
	struct guest_invalidate_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, t->out[0], cmd0);
	KUNIT_EXPECT_EQ(test, t->out[1], cmd1);
}

static void expect_nh_all(struct kunit *test)
{
	expect_command(test, CMDQ_OP_TLBI_NH_ALL | HOST_VMID_FIELD, 0);
}

static void guest_invalidate_test_nh_all(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->in[0] = CMDQ_OP_TLBI_NH_ALL;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_nh_all(test);
}

/* The guest gets rid of its own translations only */
static void guest_invalidate_test_nsnh_all(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->in[0] = CMDQ_OP_TLBI_NSNH_ALL;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_nh_all(test);
}

static void guest_invalidate_test_nh_asid(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->in[0] = CMDQ_OP_TLBI_NH_ASID | asid(GUEST_ASID);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_command(test, t->in[0] | HOST_VMID_FIELD, 0);
}

static void guest_invalidate_test_nh_va(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	set_va(t, GUEST_VA, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_command(test, t->in[0] | HOST_VMID_FIELD, t->in[1]);
}

static void guest_invalidate_test_nh_vaa(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->in[0] = CMDQ_OP_TLBI_NH_VAA;
	t->in[1] = GUEST_VA;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_command(test, t->in[0] | HOST_VMID_FIELD, GUEST_VA);

	t->in[0] |= asid(1);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
}

/* For each opcode the bits that a guest may set, which are tried one by one */
struct guest_invalidate_mask {
	const char *name;
	u8 opcode;
	u8 kind;
	u64 used0, used1;
};

static const struct guest_invalidate_mask guest_invalidate_masks[] = {
	{ "CFGI_CD", CMDQ_OP_CFGI_CD, GUEST_COMMAND_CFGI,
	  GENMASK_ULL(63, 12), BIT(0) },
	{ "CFGI_CD_ALL", CMDQ_OP_CFGI_CD_ALL, GUEST_COMMAND_CFGI,
	  GENMASK_ULL(63, 32), 0 },
	{ "NSNH_ALL", CMDQ_OP_TLBI_NSNH_ALL, GUEST_COMMAND_TLBI, 0, 0 },
	{ "NH_ALL", CMDQ_OP_TLBI_NH_ALL, GUEST_COMMAND_TLBI, 0, 0 },
	{ "NH_ASID", CMDQ_OP_TLBI_NH_ASID, GUEST_COMMAND_TLBI,
	  GENMASK_ULL(63, 48), 0 },
	/* NUM, SCALE, TG and TTL are not valid by themselves */
	{ "NH_VA", CMDQ_OP_TLBI_NH_VA, GUEST_COMMAND_TLBI,
	  GENMASK_ULL(63, 48), GENMASK_ULL(63, 12) | BIT(0) },
	{ "NH_VAA", CMDQ_OP_TLBI_NH_VAA, GUEST_COMMAND_TLBI,
	  0, GENMASK_ULL(63, 12) | BIT(0) },
	{ "ATC_INV", CMDQ_OP_ATC_INV, GUEST_COMMAND_ATC_INV,
	  GENMASK_ULL(63, 11) | BIT(9),
	  GENMASK_ULL(63, 12) | GENMASK_ULL(5, 0) },
};

static void guest_invalidate_mask_desc(const struct guest_invalidate_mask *mask,
				       char *desc)
{
	strscpy(desc, mask->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(guest_invalidate_mask, guest_invalidate_masks,
		  guest_invalidate_mask_desc);

static void guest_invalidate_test_reserved(struct kunit *test)
{
	const struct guest_invalidate_mask *mask = test->param_value;
	struct guest_invalidate_test *t = test->priv;
	unsigned int bit;

	for (bit = 8; bit < 128; bit++) {
		u64 used = bit < 64 ? mask->used0 : mask->used1;

		t->in[0] = mask->opcode;
		t->in[1] = 0;
		t->in[bit / 64] |= BIT_ULL(bit % 64);
		KUNIT_EXPECT_EQ_MSG(test, command(t),
				    used & BIT_ULL(bit % 64) ?
					    mask->kind : GUEST_COMMAND_ILLEGAL,
				    "bit %u", bit);
	}
}

static bool guest_invalidate_knows(u8 opcode)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(guest_invalidate_masks); i++) {
		if (guest_invalidate_masks[i].opcode == opcode)
			return true;
	}
	return false;
}

static void guest_invalidate_test_opcodes(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;
	unsigned int opcode;

	for (opcode = 0; opcode < 256; opcode++) {
		if (guest_invalidate_knows(opcode))
			continue;
		t->in[0] = opcode;
		KUNIT_EXPECT_EQ_MSG(test, command(t), GUEST_COMMAND_ILLEGAL,
				    "opcode 0x%x", opcode);
	}
}

static void guest_invalidate_test_asid8(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->smmu.asid_bits = 8;
	t->in[0] = CMDQ_OP_TLBI_NH_ASID | asid(0xff);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	t->in[0] = CMDQ_OP_TLBI_NH_ASID | asid(0x100);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
}

/* The largest range there is, and one that ends beyond the address space */
static void guest_invalidate_test_range(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	set_va(t, 0, TG_64K, 0, 31, 31);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_command(test, t->in[0] | HOST_VMID_FIELD, t->in[1]);

	set_va(t, GENMASK_ULL(63, 12), TG_4K, 3, 31, 31);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_command(test, t->in[0] | HOST_VMID_FIELD, t->in[1]);
}

/* The SMMU raises CERROR_ILL for these, or their bits are RES0 */
static void guest_invalidate_test_range_illegal(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;
	u32 tg;

	for (tg = TG_4K; tg <= TG_64K; tg++) {
		set_va(t, 0, tg, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
	}
	set_va(t, 0, TG_16K, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));

	set_va(t, 0, 0, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
	set_va(t, 0, 0, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
	set_va(t, 0, 0, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));

	/* SCALE has another bit only with IDR5.DS = 1, which guests do not have */
	set_va(t, 0, TG_4K, 0, 0, 1);
	t->in[0] |= BIT_ULL(25);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
	/* The bit TTL128 */
	set_va(t, 0, TG_4K, 3, 0, 0);
	t->in[1] |= BIT_ULL(7);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
}

/* A command for the ASID would leave global entries */
static void guest_invalidate_test_no_ril(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->smmu.features &= ~ARM_SMMU_FEAT_RANGE_INV;
	set_va(t, GUEST_VA, TG_4K, 3, 0, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_nh_all(test);

	set_va(t, GUEST_VA, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_command(test, t->in[0] | HOST_VMID_FIELD, t->in[1]);
}

static void guest_invalidate_test_other_granule(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->smmu.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;
	set_va(t, 0, TG_64K, 3, 7, 1);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_nh_all(test);
}

/* The lowest bit of the address that a granule and a level leave to the guest */
struct guest_invalidate_align {
	u8 tg, ttl, bits;
};

static const struct guest_invalidate_align guest_invalidate_aligns[] = {
	{ TG_4K, 0, 12 }, { TG_4K, 1, 30 }, { TG_4K, 2, 21 }, { TG_4K, 3, 12 },
	{ TG_16K, 0, 14 }, { TG_16K, 1, 14 }, { TG_16K, 2, 25 },
	{ TG_16K, 3, 14 },
	{ TG_64K, 0, 16 }, { TG_64K, 1, 42 }, { TG_64K, 2, 29 },
	{ TG_64K, 3, 16 },
};

static void guest_invalidate_align_desc(const struct guest_invalidate_align *a,
					char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "TG=%u TTL=%u", a->tg, a->ttl);
}

KUNIT_ARRAY_PARAM(guest_invalidate_align, guest_invalidate_aligns,
		  guest_invalidate_align_desc);

static void guest_invalidate_test_align(struct kunit *test)
{
	const struct guest_invalidate_align *a = test->param_value;
	struct guest_invalidate_test *t = test->priv;

	set_va(t, BIT_ULL(a->bits), a->tg, a->ttl, 1, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	/* The guest has IDR5.DS = 0, so it means any level */
	if (a->tg == TG_16K && a->ttl == 1)
		t->in[1] &= ~CMDQ_TLBI_1_TTL;
	expect_command(test, t->in[0] | HOST_VMID_FIELD, t->in[1]);

	if (a->bits == 12)
		return;
	set_va(t, BIT_ULL(a->bits - 1), a->tg, a->ttl, 1, 0);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_TLBI, command(t));
	expect_nh_all(test);
}

static void guest_invalidate_test_cfgi_cd(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;
	u64 ssid = FIELD_PREP(CMDQ_CFGI_0_SSID, 0x54321);

	t->in[0] = CMDQ_OP_CFGI_CD | ssid |
		   FIELD_PREP(CMDQ_CFGI_0_SID, GUEST_VSID);
	t->in[1] = CMDQ_CFGI_1_LEAF;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_CFGI, command(t));
	/* The caller fills in the StreamID */
	expect_command(test, CMDQ_OP_CFGI_CD | ssid, CMDQ_CFGI_1_LEAF);
}

static void guest_invalidate_test_cfgi_cd_all(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->in[0] = CMDQ_OP_CFGI_CD_ALL | FIELD_PREP(CMDQ_CFGI_0_SID, GUEST_VSID);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_CFGI, command(t));
	expect_command(test, CMDQ_OP_CFGI_CD_ALL, 0);

	t->in[1] = CMDQ_CFGI_1_LEAF;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));
}

static void guest_invalidate_test_atc_inv(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;
	u64 what = CMDQ_0_SSV | FIELD_PREP(CMDQ_ATC_0_SSID, 0x54321);

	t->in[0] = CMDQ_OP_ATC_INV | what |
		   FIELD_PREP(CMDQ_ATC_0_SID, GUEST_VSID);
	t->in[1] = GUEST_VA | FIELD_PREP(CMDQ_ATC_1_SIZE, ATC_INV_SIZE_ALL);
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ATC_INV, command(t));
	expect_command(test, CMDQ_OP_ATC_INV | what, t->in[1]);

	/* Without SSV the field SubstreamID is IGNORED */
	t->in[0] &= ~CMDQ_0_SSV;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ATC_INV, command(t));
	expect_command(test, CMDQ_OP_ATC_INV, t->in[1]);
}

/* Without SSV the field Global is IGNORED, too */
static void guest_invalidate_test_atc_inv_global(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->in[0] = CMDQ_OP_ATC_INV | CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ATC_INV, command(t));
	expect_command(test, t->in[0], 0);

	t->in[0] &= ~CMDQ_0_SSV;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ATC_INV, command(t));
	expect_command(test, CMDQ_OP_ATC_INV, 0);
}

static void guest_invalidate_test_atc_inv_illegal(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;

	t->in[0] = CMDQ_OP_ATC_INV;
	t->in[1] = ATC_INV_SIZE_ALL + 1;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ILLEGAL, command(t));

	t->in[1] = 0;
	KUNIT_EXPECT_EQ(test, GUEST_COMMAND_ATC_INV, command(t));
}

/* A device, and what the framework answers if a reset of the device has to wait */
struct guest_invalidate_held {
	struct iommu_guest_commands commands;
	struct iommu_guest_command_smmuv3 cmd;
	struct arm_smmu_device smmu;
	struct arm_smmu_domain smmu_domain;
	struct arm_smmu_master master;
	struct arm_smmu_stream stream;
	struct dev_iommu iommu;
	struct pci_dev pdev;
	enum iommu_guest_command_error hold_error;
	int held;
	int released;
};

static enum iommu_guest_command_error
guest_invalidate_find_device(struct iommu_guest_commands *commands, u32 vsid,
			     struct device **dev)
{
	struct guest_invalidate_held *h =
		container_of(commands, struct guest_invalidate_held, commands);

	if (vsid != GUEST_VSID && vsid != ELSEWHERE_VSID)
		return IOMMU_GUEST_COMMAND_NO_DEVICE;
	*dev = vsid == GUEST_VSID ? &h->pdev.dev : NULL;
	return IOMMU_GUEST_COMMAND_OK;
}

static enum iommu_guest_command_error
guest_invalidate_hold(struct iommu_guest_commands *commands, u32 vsid)
{
	struct guest_invalidate_held *h =
		container_of(commands, struct guest_invalidate_held, commands);

	if (!h->hold_error)
		h->held++;
	return h->hold_error;
}

static void guest_invalidate_release(struct iommu_guest_commands *commands)
{
	struct guest_invalidate_held *h =
		container_of(commands, struct guest_invalidate_held, commands);

	h->released++;
}

static void guest_invalidate_names(struct guest_invalidate_held *h, u32 vsid)
{
	h->cmd.cmd[0] = cpu_to_le64(CMDQ_OP_ATC_INV |
				    FIELD_PREP(CMDQ_ATC_0_SID, vsid));
}

static const struct iommu_guest_commands_ops guest_invalidate_ops = {
	.find_device	= guest_invalidate_find_device,
	.hold		= guest_invalidate_hold,
	.release	= guest_invalidate_release,
};

/* One ATC_INV for a device with ATS on. There is no queue, so no command may reach it. */
static struct guest_invalidate_held *guest_invalidate_held_init(struct kunit *test)
{
	struct guest_invalidate_test *t = test->priv;
	struct guest_invalidate_held *h;

	h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h);

	h->smmu = t->smmu;
	h->smmu_domain.smmu = &h->smmu;
	h->master.smmu = &h->smmu;
	h->master.dev = &h->pdev.dev;
	h->master.streams = &h->stream;
	h->master.num_streams = 1;
	h->master.ats_enabled = true;
	h->iommu.priv = &h->master;
	h->pdev.dev.iommu = &h->iommu;
	h->pdev.current_state = PCI_D0;
	h->pdev.error_state = pci_channel_io_normal;

	guest_invalidate_names(h, GUEST_VSID);
	h->commands.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	h->commands.num = 1;
	h->commands.commands = &h->cmd;
	h->commands.ops = &guest_invalidate_ops;
	return h;
}

static void expect_end(struct kunit *test, struct guest_invalidate_held *h,
		       unsigned int done, enum iommu_guest_command_error error)
{
	KUNIT_EXPECT_EQ(test, 0,
			arm_smmu_invalidate_guest_stage(&h->smmu_domain.domain,
							&h->commands));
	KUNIT_EXPECT_EQ(test, h->commands.done, done);
	KUNIT_EXPECT_EQ(test, h->commands.error, error);
	h->commands.done = 0;
}

static void guest_invalidate_test_format(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	h->commands.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 + 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			arm_smmu_invalidate_guest_stage(&h->smmu_domain.domain,
							&h->commands));
}

static void guest_invalidate_test_atc_inv_reset(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	h->hold_error = IOMMU_GUEST_COMMAND_BUSY;
	expect_end(test, h, 0, IOMMU_GUEST_COMMAND_BUSY);
	KUNIT_EXPECT_EQ(test, 0, h->released);
}

static void guest_invalidate_test_atc_inv_asleep(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	h->pdev.current_state = PCI_D3hot;
	expect_end(test, h, 0, IOMMU_GUEST_COMMAND_BUSY);
	KUNIT_EXPECT_EQ(test, 1, h->held);
	KUNIT_EXPECT_EQ(test, 1, h->released);
}

static void guest_invalidate_test_atc_inv_gone(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	h->pdev.error_state = pci_channel_io_perm_failure;
	expect_end(test, h, 0, IOMMU_GUEST_COMMAND_BUSY);
	KUNIT_EXPECT_EQ(test, 1, h->released);
}

/* The ATC is empty, so the device is not asked */
static void guest_invalidate_test_atc_inv_ats_off(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	h->master.ats_enabled = false;
	h->hold_error = IOMMU_GUEST_COMMAND_BUSY;
	expect_end(test, h, 1, IOMMU_GUEST_COMMAND_OK);
	KUNIT_EXPECT_EQ(test, 0, h->held);
}

/* The command is ILLEGAL on an SMMU without ATS, whatever device it names */
static void guest_invalidate_test_atc_inv_no_ats(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	h->smmu.features &= ~ARM_SMMU_FEAT_ATS;
	h->master.ats_enabled = false;
	expect_end(test, h, 0, IOMMU_GUEST_COMMAND_ILLEGAL);
	guest_invalidate_names(h, GUEST_VSID + 1);
	expect_end(test, h, 0, IOMMU_GUEST_COMMAND_ILLEGAL);
}

/* The SMMU that the device is behind may have ATS */
static void guest_invalidate_test_atc_inv_elsewhere(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	guest_invalidate_names(h, ELSEWHERE_VSID);
	expect_end(test, h, 1, IOMMU_GUEST_COMMAND_OK);
	h->smmu.features &= ~ARM_SMMU_FEAT_ATS;
	expect_end(test, h, 1, IOMMU_GUEST_COMMAND_OK);
	KUNIT_EXPECT_EQ(test, 0, h->held);
}

static void guest_invalidate_test_atc_inv_vsid(struct kunit *test)
{
	struct guest_invalidate_held *h = guest_invalidate_held_init(test);

	guest_invalidate_names(h, GUEST_VSID + 1);
	expect_end(test, h, 0, IOMMU_GUEST_COMMAND_NO_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, h->held);
}

static struct kunit_case guest_invalidate_test_cases[] = {
	KUNIT_CASE(guest_invalidate_test_nh_all),
	KUNIT_CASE(guest_invalidate_test_nsnh_all),
	KUNIT_CASE(guest_invalidate_test_nh_asid),
	KUNIT_CASE(guest_invalidate_test_nh_va),
	KUNIT_CASE(guest_invalidate_test_nh_vaa),
	KUNIT_CASE_PARAM(guest_invalidate_test_reserved,
			 guest_invalidate_mask_gen_params),
	KUNIT_CASE(guest_invalidate_test_opcodes),
	KUNIT_CASE(guest_invalidate_test_asid8),
	KUNIT_CASE(guest_invalidate_test_range),
	KUNIT_CASE(guest_invalidate_test_range_illegal),
	KUNIT_CASE(guest_invalidate_test_no_ril),
	KUNIT_CASE(guest_invalidate_test_other_granule),
	KUNIT_CASE_PARAM(guest_invalidate_test_align,
			 guest_invalidate_align_gen_params),
	KUNIT_CASE(guest_invalidate_test_cfgi_cd),
	KUNIT_CASE(guest_invalidate_test_cfgi_cd_all),
	KUNIT_CASE(guest_invalidate_test_atc_inv),
	KUNIT_CASE(guest_invalidate_test_atc_inv_global),
	KUNIT_CASE(guest_invalidate_test_atc_inv_illegal),
	KUNIT_CASE(guest_invalidate_test_format),
	KUNIT_CASE(guest_invalidate_test_atc_inv_reset),
	KUNIT_CASE(guest_invalidate_test_atc_inv_asleep),
	KUNIT_CASE(guest_invalidate_test_atc_inv_gone),
	KUNIT_CASE(guest_invalidate_test_atc_inv_ats_off),
	KUNIT_CASE(guest_invalidate_test_atc_inv_no_ats),
	KUNIT_CASE(guest_invalidate_test_atc_inv_elsewhere),
	KUNIT_CASE(guest_invalidate_test_atc_inv_vsid),
	{},
};

static struct kunit_suite guest_invalidate_test_suite = {
	.name = "arm-smmu-v3-guest-invalidate",
	.init = guest_invalidate_test_init,
	.test_cases = guest_invalidate_test_cases,
};

kunit_test_suite(guest_invalidate_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for the invalidations of guests of arm-smmu-v3");
MODULE_LICENSE("GPL");
