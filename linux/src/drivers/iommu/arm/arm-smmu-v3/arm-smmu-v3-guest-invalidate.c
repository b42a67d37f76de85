// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's invalidation commands, executed on the host's command queue
 *
 * Each is rebuilt from fields that are known to be legal on this SMMU, with the
 * VMID and the StreamIDs of the host: nothing of a guest raises CERROR_ILL on
 * the queue that it shares with the host, or invalidates anything but its own.
 */
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/pci.h>

#include "arm-smmu-v3-guest-invalidate.h"
#include "arm-smmu-v3-guest-stage.h"

#define GUEST_TLBI_0_RANGE	(CMDQ_TLBI_0_NUM | CMDQ_TLBI_0_SCALE)
#define GUEST_TLBI_1_RANGE	(CMDQ_TLBI_1_TTL | CMDQ_TLBI_1_TG)
#define GUEST_TLBI_1_VA		(CMDQ_TLBI_1_LEAF | GUEST_TLBI_1_RANGE | \
				 CMDQ_TLBI_1_VA_MASK)

/*
 * What a guest may set in a command. It sees an SMMU without stage 2, where the
 * VMID is RES0, without Secure state, and without IDR5.DS (IHI 0070, 4.3, 4.4
 * and 4.5).
 */
static const struct arm_smmu_guest_command_rule {
	u64 used[CMDQ_ENT_DWORDS];
	enum arm_smmu_guest_command_kind kind;
} arm_smmu_guest_command_rules[] = {
	[CMDQ_OP_CFGI_CD] = {
		{ CMDQ_0_OP | CMDQ_CFGI_0_SSID | CMDQ_CFGI_0_SID,
		  CMDQ_CFGI_1_LEAF },
		GUEST_COMMAND_CFGI
	},
	[CMDQ_OP_CFGI_CD_ALL] = {
		{ CMDQ_0_OP | CMDQ_CFGI_0_SID }, GUEST_COMMAND_CFGI
	},
	[CMDQ_OP_TLBI_NH_ALL] = {
		{ CMDQ_0_OP }, GUEST_COMMAND_TLBI
	},
	[CMDQ_OP_TLBI_NH_ASID] = {
		{ CMDQ_0_OP | CMDQ_TLBI_0_ASID }, GUEST_COMMAND_TLBI
	},
	[CMDQ_OP_TLBI_NH_VA] = {
		{ CMDQ_0_OP | CMDQ_TLBI_0_ASID | GUEST_TLBI_0_RANGE,
		  GUEST_TLBI_1_VA },
		GUEST_COMMAND_TLBI
	},
	[CMDQ_OP_TLBI_NH_VAA] = {
		{ CMDQ_0_OP | GUEST_TLBI_0_RANGE, GUEST_TLBI_1_VA },
		GUEST_COMMAND_TLBI
	},
	[CMDQ_OP_TLBI_NSNH_ALL] = {
		{ CMDQ_0_OP }, GUEST_COMMAND_TLBI
	},
	[CMDQ_OP_ATC_INV] = {
		{ CMDQ_0_OP | CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL |
		  CMDQ_ATC_0_SSID | CMDQ_ATC_0_SID,
		  CMDQ_ATC_1_SIZE | CMDQ_ATC_1_ADDR_MASK },
		GUEST_COMMAND_ATC_INV
	},
};

/* TTL 1 of a table of 16KB granules acts as 0, any level (IHI 0070, 4.4.1.1) */
static u32 arm_smmu_tlbi_level(u32 tg, u32 ttl)
{
	return ttl == 1 && tg == CMDQ_TLBI_1_TG_16K ? 0 : ttl;
}

/* log2 of the smallest block or page that the command's TG and TTL tell of */
static unsigned int arm_smmu_tlbi_align_bits(u32 tg, u32 level)
{
	unsigned int page_bits = 10 + 2 * tg;

	return page_bits + (3 - (level ?: 3)) * (page_bits - 3);
}

/*
 * Whether the SMMU can do with TG, TTL, NUM and SCALE what the guest expects.
 * The range of a misaligned address is UNPREDICTABLE, and what is meant by a
 * granule that the SMMU doesn't have isn't defined (IHI 0070, 4.4.1.1).
 */
static bool arm_smmu_has_tlbi_range(const struct arm_smmu_device *smmu, u64 addr,
				    u32 tg, u32 level)
{
	return (smmu->features & ARM_SMMU_FEAT_RANGE_INV) &&
	       (smmu->pgsize_bitmap & BIT(10 + 2 * tg)) &&
	       !(addr & GENMASK_ULL(arm_smmu_tlbi_align_bits(tg, level) - 1, 12));
}

/*
 * A range, or one page with a hint. What the SMMU can't do so is done by VMID: by
 * ASID would not be enough, as a command with an ASID also removes global
 * entries.
 */
static int arm_smmu_guest_tlbi_range(const struct arm_smmu_device *smmu,
				     const u64 *in, u64 *out)
{
	u32 tg = FIELD_GET(CMDQ_TLBI_1_TG, in[1]);
	u32 level = arm_smmu_tlbi_level(tg, FIELD_GET(CMDQ_TLBI_1_TTL, in[1]));

	/* RES0 and Reserved */
	if (!tg || (!level && !(in[0] & GUEST_TLBI_0_RANGE)))
		return -EINVAL;

	if (!arm_smmu_has_tlbi_range(smmu, in[1], tg, level)) {
		out[0] = CMDQ_OP_TLBI_NH_ALL;
		out[1] = 0;
	} else if (!level) {
		/* With IDR5.DS, which no guest is told of, TTL 1 means level 1 */
		out[1] &= ~CMDQ_TLBI_1_TTL;
	}
	return 0;
}

/* The rule that a command of a guest keeps, or NULL. For every command: inline. */
static __always_inline const struct arm_smmu_guest_command_rule *
arm_smmu_guest_command_rule(const u64 *in)
{
	const struct arm_smmu_guest_command_rule *rule;
	unsigned int opcode = FIELD_GET(CMDQ_0_OP, in[0]);

	if (opcode >= ARRAY_SIZE(arm_smmu_guest_command_rules))
		return NULL;
	rule = &arm_smmu_guest_command_rules[opcode];
	if ((in[0] & ~rule->used[0]) | (in[1] & ~rule->used[1]))
		return NULL;
	return rule;
}

static bool arm_smmu_guest_is_tlbi(const struct iommu_guest_command_smmuv3 *cmd)
{
	unsigned int opcode = FIELD_GET(CMDQ_0_OP, le64_to_cpu(cmd->cmd[0]));

	return opcode < ARRAY_SIZE(arm_smmu_guest_command_rules) &&
	       arm_smmu_guest_command_rules[opcode].kind == GUEST_COMMAND_TLBI;
}

/*
 * From TLBIs of a guest, up to the first command that isn't one or is illegal, to
 * TLBIs of the host. Most of what guests send is this. Returns how many.
 */
VISIBLE_IF_KUNIT
unsigned int arm_smmu_guest_tlbis(const struct arm_smmu_device *smmu, u16 vmid,
				  const struct iommu_guest_command_smmuv3 *cmds,
				  unsigned int num, u64 *out)
{
	u64 reserved = smmu->asid_bits < 16 ?
			       GENMASK_ULL(63, 48 + smmu->asid_bits) : 0;
	const struct arm_smmu_guest_command_rule *rule;
	unsigned int i;

	for (i = 0; i < num; i++, out += CMDQ_ENT_DWORDS) {
		const u64 in[] = { le64_to_cpu(cmds[i].cmd[0]),
				   le64_to_cpu(cmds[i].cmd[1]) };

		rule = arm_smmu_guest_command_rule(in);
		if (!rule || rule->kind != GUEST_COMMAND_TLBI ||
		    (in[0] & reserved))
			break;

		out[0] = in[0];
		out[1] = in[1];
		if ((in[0] & GUEST_TLBI_0_RANGE) | (in[1] & GUEST_TLBI_1_RANGE)) {
			if (arm_smmu_guest_tlbi_range(smmu, in, out))
				break;
		}
		/* All guests' on hardware, all of this guest's here */
		if (in[0] == CMDQ_OP_TLBI_NSNH_ALL)
			out[0] = CMDQ_OP_TLBI_NH_ALL;
		out[0] |= FIELD_PREP(CMDQ_TLBI_0_VMID, vmid);
	}
	return i;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_tlbis);

static int arm_smmu_guest_cfgi(const u64 *in, u64 *out)
{
	out[0] = in[0] & ~CMDQ_CFGI_0_SID;
	out[1] = in[1];
	return GUEST_COMMAND_CFGI;
}

/*
 * A size beyond the address space is ILLEGAL where an implementation decides so.
 * Without SSV two fields are IGNORED (IHI 0070, 4.5.1).
 */
static int arm_smmu_guest_atc_inv(const u64 *in, u64 *out)
{
	if (FIELD_GET(CMDQ_ATC_1_SIZE, in[1]) > ATC_INV_SIZE_ALL)
		return -EINVAL;

	out[0] = in[0] & ~CMDQ_ATC_0_SID;
	out[1] = in[1];
	if (!(in[0] & CMDQ_0_SSV))
		out[0] &= ~(CMDQ_ATC_0_SSID | CMDQ_ATC_0_GLOBAL);
	return GUEST_COMMAND_ATC_INV;
}

/*
 * From a command of a guest for one device to one of the host, with a StreamID of
 * 0 that is yet to be filled in. Returns its kind, or -EINVAL.
 */
VISIBLE_IF_KUNIT
int arm_smmu_guest_device_command(const u64 *in, u64 *out)
{
	const struct arm_smmu_guest_command_rule *rule =
		arm_smmu_guest_command_rule(in);

	if (!rule)
		return -EINVAL;

	switch (rule->kind) {
	case GUEST_COMMAND_CFGI:
		return arm_smmu_guest_cfgi(in, out);
	case GUEST_COMMAND_ATC_INV:
		return arm_smmu_guest_atc_inv(in, out);
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_device_command);

struct arm_smmu_guest_batch {
	struct arm_smmu_domain *smmu_domain;
	struct iommu_guest_commands *commands;
	/* Of the last command, or GUEST_COMMAND_LAST if there is none */
	enum arm_smmu_guest_command_kind kind;
	unsigned int max;
	unsigned int num;
	/* How many of the guest's commands are in the batch or complete */
	unsigned int taken;
	/* The device that an ATC_INV in the batch is for, and that is held for it */
	struct arm_smmu_master *held;
	u64 cmds[CMDQ_BATCH_ENTRIES * CMDQ_ENT_DWORDS];
};

/*
 * Issue what is in the batch. Always on the SMMU's own queue: others may not
 * have all commands. Only a CMD_SYNC tells that those before it are complete
 * (IHI 0070, 4.1.4).
 */
static int arm_smmu_guest_batch_issue(struct arm_smmu_guest_batch *batch)
{
	struct arm_smmu_device *smmu = batch->smmu_domain->smmu;
	int ret = 0;

	if (batch->num) {
		ret = arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq,
						  batch->cmds, batch->num,
						  true);
		batch->num = 0;
		batch->kind = GUEST_COMMAND_LAST;
	}
	if (batch->held) {
		batch->commands->release(batch->commands);
		batch->held = NULL;
	}
	if (!ret)
		batch->commands->done = batch->taken;
	return ret;
}

/*
 * Make room for a command. A guest that changes a CD has it invalidated before the
 * TLB, and that before the ATC, each with a CMD_SYNC in between that isn't among
 * the commands here (IHI 0070, 4.3.3 and 4.5.1).
 */
static int arm_smmu_guest_batch_prepare(struct arm_smmu_guest_batch *batch,
					enum arm_smmu_guest_command_kind kind)
{
	int ret;

	if (batch->num == batch->max || kind > batch->kind) {
		ret = arm_smmu_guest_batch_issue(batch);
		if (ret)
			return ret;
	}
	batch->kind = kind;
	return 0;
}

/*
 * Whether a command has no effect because of its SubstreamID or because there is
 * no ATC. A SubstreamID out of range is permitted to have none (IHI 0070,
 * 4.1.7).
 */
static bool arm_smmu_guest_command_idle(struct arm_smmu_master *master,
					enum arm_smmu_guest_command_kind kind,
					const u64 *cmd)
{
	if (kind == GUEST_COMMAND_ATC_INV && !master->ats_enabled)
		return true;
	return FIELD_GET(CMDQ_CFGI_0_SSID, cmd[0]) >> master->ssid_bits;
}

/*
 * A device that is being reset or powered down answers no ATC_INV, and the queue
 * would be held up for all others until the SMMU gives up waiting for it. So keep
 * it as it is until the batch is complete.
 */
static int arm_smmu_guest_batch_hold(struct arm_smmu_guest_batch *batch,
				     struct arm_smmu_master *master, u32 vsid)
{
	struct iommu_guest_commands *commands = batch->commands;
	struct pci_dev *pdev;
	int ret;

	if (batch->held == master)
		return 0;
	if (batch->held) {
		ret = arm_smmu_guest_batch_issue(batch);
		if (ret)
			return ret;
	}
	ret = commands->hold(commands, vsid);
	if (ret)
		return ret;
	batch->held = master;

	/* It sleeps or is gone, although nobody is seeing to that right now */
	pdev = to_pci_dev(master->dev);
	if (pdev->current_state != PCI_D0 || pci_channel_offline(pdev))
		return -EBUSY;
	return 0;
}

/* @cmd for each stream of the device that the guest calls @vsid */
static int arm_smmu_guest_batch_add_streams(struct arm_smmu_guest_batch *batch,
					    struct arm_smmu_master *master,
					    enum arm_smmu_guest_command_kind kind,
					    u32 vsid, const u64 *cmd)
{
	unsigned int i;
	u64 *to;
	int ret;

	for (i = 0; i < master->num_streams; i++) {
		ret = arm_smmu_guest_batch_prepare(batch, kind);
		if (!ret && kind == GUEST_COMMAND_ATC_INV)
			ret = arm_smmu_guest_batch_hold(batch, master, vsid);
		if (ret)
			return ret;
		to = &batch->cmds[batch->num++ * CMDQ_ENT_DWORDS];
		to[0] = cmd[0] | FIELD_PREP(CMDQ_CFGI_0_SID,
					    master->streams[i].id);
		to[1] = cmd[1];
	}
	return 0;
}

/* Take the TLBIs that come next, at least one and as many as fit */
static int arm_smmu_guest_batch_take_tlbis(struct arm_smmu_guest_batch *batch)
{
	const struct iommu_guest_commands *commands = batch->commands;
	const struct iommu_guest_command_smmuv3 *cmds = commands->commands;
	struct arm_smmu_domain *smmu_domain = batch->smmu_domain;
	unsigned int num;
	int ret;

	ret = arm_smmu_guest_batch_prepare(batch, GUEST_COMMAND_TLBI);
	if (ret)
		return ret;

	num = min(commands->num - batch->taken, batch->max - batch->num);
	num = arm_smmu_guest_tlbis(smmu_domain->smmu, smmu_domain->s2_cfg.vmid,
				   &cmds[batch->taken], num,
				   &batch->cmds[batch->num * CMDQ_ENT_DWORDS]);
	if (!num)
		return -EINVAL;
	batch->num += num;
	batch->taken += num;
	return 0;
}

/*
 * What an SMMU without ATS refuses is ILLEGAL whether the device is there or not.
 * Without PASIDs a device may take one in an ATC_INV for a malformed request, and
 * all that it has is invalidated without (IHI 0070, 4.5.1).
 */
static int arm_smmu_guest_batch_add_device(struct arm_smmu_guest_batch *batch,
					   struct device *dev,
					   enum arm_smmu_guest_command_kind kind,
					   u32 vsid, u64 *cmd)
{
	struct arm_smmu_device *smmu = batch->smmu_domain->smmu;
	struct arm_smmu_master *master;

	if (kind == GUEST_COMMAND_ATC_INV &&
	    !(smmu->features & ARM_SMMU_FEAT_ATS))
		return -EINVAL;
	if (IS_ERR(dev))
		return PTR_ERR(dev);

	master = dev_iommu_priv_get(dev);
	if (arm_smmu_guest_command_idle(master, kind, cmd))
		return 0;
	if (kind == GUEST_COMMAND_ATC_INV && !master->ssid_bits)
		cmd[0] &= ~(CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL | CMDQ_ATC_0_SSID);
	return arm_smmu_guest_batch_add_streams(batch, master, kind, vsid, cmd);
}

/* One that names a device behind another SMMU is for that to refuse or execute */
static int arm_smmu_guest_batch_take_device(struct arm_smmu_guest_batch *batch)
{
	struct iommu_guest_commands *commands = batch->commands;
	const struct iommu_guest_command_smmuv3 *guest_cmd = commands->commands;
	u64 in[CMDQ_ENT_DWORDS], cmd[CMDQ_ENT_DWORDS];
	struct device *dev;
	int kind, ret;
	u32 vsid;

	guest_cmd += batch->taken;
	in[0] = le64_to_cpu(guest_cmd->cmd[0]);
	in[1] = le64_to_cpu(guest_cmd->cmd[1]);
	kind = arm_smmu_guest_device_command(in, cmd);
	if (kind < 0)
		return kind;

	vsid = FIELD_GET(CMDQ_CFGI_0_SID, in[0]);
	dev = commands->device(commands, vsid);
	if (dev) {
		ret = arm_smmu_guest_batch_add_device(batch, dev, kind, vsid,
						      cmd);
		if (ret)
			return ret;
	}
	batch->taken++;
	return 0;
}

static int arm_smmu_guest_batch_take(struct arm_smmu_guest_batch *batch)
{
	const struct iommu_guest_command_smmuv3 *cmds = batch->commands->commands;
	int ret;

	while (batch->taken < batch->commands->num) {
		if (arm_smmu_guest_is_tlbi(&cmds[batch->taken]))
			ret = arm_smmu_guest_batch_take_tlbis(batch);
		else
			ret = arm_smmu_guest_batch_take_device(batch);
		if (ret)
			return ret;
	}
	return 0;
}

static enum iommu_guest_command_error arm_smmu_guest_command_error(int ret)
{
	switch (ret) {
	case -ETIMEDOUT:
		return IOMMU_GUEST_COMMAND_TIMEOUT;
	case -ENOENT:
		return IOMMU_GUEST_COMMAND_NO_DEVICE;
	case -EBUSY:
		return IOMMU_GUEST_COMMAND_BUSY;
	default:
		return IOMMU_GUEST_COMMAND_ILLEGAL;
	}
}

int arm_smmu_invalidate_guest_stage(struct iommu_domain *domain,
				    struct iommu_guest_commands *commands)
{
	struct arm_smmu_guest_batch batch __uninitialized;
	int ret, issue_ret;

	if (commands->format != IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3)
		return -EOPNOTSUPP;

	batch.smmu_domain = to_smmu_domain(domain);
	batch.commands = commands;
	batch.kind = GUEST_COMMAND_LAST;
	batch.num = 0;
	batch.taken = 0;
	batch.held = NULL;
	/* CMDQ_FORCE_SYNC wants a CMD_SYNC among 64 */
	batch.max = CMDQ_BATCH_ENTRIES;
	if (batch.smmu_domain->smmu->options & ARM_SMMU_OPT_CMDQ_FORCE_SYNC)
		batch.max--;

	ret = arm_smmu_guest_batch_take(&batch);

	/* Those before one that is refused have to take effect */
	if (ret != -ETIMEDOUT) {
		issue_ret = arm_smmu_guest_batch_issue(&batch);
		ret = issue_ret ?: ret;
	}
	if (ret)
		commands->error = arm_smmu_guest_command_error(ret);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_invalidate_guest_stage);
