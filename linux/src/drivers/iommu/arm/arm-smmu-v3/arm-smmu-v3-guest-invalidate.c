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

#include "arm-smmu-v3-guest-invalidate.h"
#include "arm-smmu-v3-guest-stage.h"

/* What depends on the completion of what is before it, in that order */
enum arm_smmu_guest_command_kind {
	GUEST_COMMAND_CFGI,
	GUEST_COMMAND_TLBI,
	GUEST_COMMAND_ATC_INV,
};

/* No more than what CMDQ_FORCE_SYNC allows between two CMD_SYNCs */
struct arm_smmu_guest_batch {
	struct arm_smmu_domain *smmu_domain;
	struct iommu_guest_commands *commands;
	enum arm_smmu_guest_command_kind kind;
	unsigned int max;
	unsigned int num;
	/* How many of the guest's commands are in the batch or complete */
	unsigned int taken;
	u64 cmds[CMDQ_BATCH_ENTRIES * CMDQ_ENT_DWORDS];
};

/*
 * Issue what is in the batch. Always on the SMMU's own queue: others may not
 * have all commands. See IHI 0070, 4.1.4: only a CMD_SYNC tells that commands
 * before it are complete.
 */
static int arm_smmu_guest_batch_issue(struct arm_smmu_guest_batch *batch)
{
	struct arm_smmu_device *smmu = batch->smmu_domain->smmu;
	int ret;

	if (batch->num) {
		ret = arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq,
						  batch->cmds, batch->num,
						  true);
		if (ret) {
			batch->commands->error = IOMMU_GUEST_COMMAND_TIMEOUT;
			return ret;
		}
		batch->num = 0;
	}
	batch->commands->done = batch->taken;
	return 0;
}

/*
 * The place for another command. A guest that changes a CD has it invalidated
 * before the TLB, and that before the ATC, each with a CMD_SYNC in between which
 * isn't among the commands here (IHI 0070, 4.3.3 and 4.5.1).
 */
static int arm_smmu_guest_batch_next(struct arm_smmu_guest_batch *batch,
				     enum arm_smmu_guest_command_kind kind,
				     u64 **cmd)
{
	int ret;

	if (batch->num == batch->max || (batch->num && kind > batch->kind)) {
		ret = arm_smmu_guest_batch_issue(batch);
		if (ret)
			return ret;
	}
	batch->kind = kind;
	*cmd = &batch->cmds[batch->num++ * CMDQ_ENT_DWORDS];
	return 0;
}

/* log2 of the smallest block or page that the command's TG and TTL tell of */
static unsigned int arm_smmu_tlbi_align_bits(u32 tg, u32 ttl)
{
	unsigned int page_bits = 10 + 2 * tg;

	if (!ttl || (ttl == 1 && tg == CMDQ_TLBI_1_TG_16K))
		ttl = 3;
	return page_bits + (3 - ttl) * (page_bits - 3);
}

/*
 * Whether the SMMU can do with TG, TTL, NUM and SCALE what the guest expects.
 * The range of a misaligned address is UNPREDICTABLE, and what is meant by a
 * granule that the SMMU doesn't have isn't defined (IHI 0070, 4.4.1.1).
 */
static bool arm_smmu_has_tlbi_range(const struct arm_smmu_device *smmu, u64 addr,
				    u32 tg, u32 ttl)
{
	return (smmu->features & ARM_SMMU_FEAT_RANGE_INV) &&
	       (smmu->pgsize_bitmap & BIT(10 + 2 * tg)) &&
	       !(addr & GENMASK_ULL(arm_smmu_tlbi_align_bits(tg, ttl) - 1, 12));
}

/*
 * Invalidation by address. What can't be done so is done by VMID: by ASID would
 * not be enough, as a command with an ASID also removes global entries.
 */
static int arm_smmu_guest_tlbi_va(const struct arm_smmu_device *smmu,
				  const u64 *in, u64 *out)
{
	u32 scale = FIELD_GET(CMDQ_TLBI_0_SCALE, in[0]);
	u32 num = FIELD_GET(CMDQ_TLBI_0_NUM, in[0]);
	u32 ttl = FIELD_GET(CMDQ_TLBI_1_TTL, in[1]);
	u32 tg = FIELD_GET(CMDQ_TLBI_1_TG, in[1]);

	if (in[1] & ~(CMDQ_TLBI_1_LEAF | CMDQ_TLBI_1_TTL | CMDQ_TLBI_1_TG |
		      CMDQ_TLBI_1_VA_MASK))
		return -EINVAL;

	out[0] = in[0];
	out[1] = in[1];
	if (!tg)
		return num || scale || ttl ? -EINVAL : 0;

	/* TTL 1 of 16KB tables is taken for 0, which is Reserved without a range */
	if (!num && !scale &&
	    (!ttl || (ttl == 1 && tg == CMDQ_TLBI_1_TG_16K)))
		return -EINVAL;

	if (!arm_smmu_has_tlbi_range(smmu, in[1], tg, ttl)) {
		out[0] = CMDQ_OP_TLBI_NH_ALL;
		out[1] = 0;
	}
	return 0;
}

/*
 * From a TLBI of a guest to one for @vmid. A guest sees an SMMU without stage 2,
 * where the VMID is RES0 (IHI 0070, 4.4.2).
 */
VISIBLE_IF_KUNIT
int arm_smmu_guest_tlbi(const struct arm_smmu_device *smmu, u16 vmid,
			const u64 *in, u64 *out)
{
	u64 used = CMDQ_0_OP;
	int ret = 0;

	switch (FIELD_GET(CMDQ_0_OP, in[0])) {
	case CMDQ_OP_TLBI_NH_VA:
		used |= CMDQ_TLBI_0_ASID;
		fallthrough;
	case CMDQ_OP_TLBI_NH_VAA:
		used |= CMDQ_TLBI_0_NUM | CMDQ_TLBI_0_SCALE;
		ret = arm_smmu_guest_tlbi_va(smmu, in, out);
		break;
	case CMDQ_OP_TLBI_NH_ASID:
		used |= CMDQ_TLBI_0_ASID;
		fallthrough;
	case CMDQ_OP_TLBI_NH_ALL:
		out[0] = in[0];
		out[1] = in[1];
		ret = in[1] ? -EINVAL : 0;
		break;
	case CMDQ_OP_TLBI_NSNH_ALL:
		/* All guests' on hardware, all of this guest's here */
		out[0] = CMDQ_OP_TLBI_NH_ALL;
		out[1] = 0;
		ret = in[1] ? -EINVAL : 0;
		break;
	default:
		return -EINVAL;
	}

	if (ret || (in[0] & ~used))
		return -EINVAL;
	if (FIELD_GET(CMDQ_TLBI_0_ASID, in[0]) >> smmu->asid_bits)
		return -EINVAL;
	out[0] |= FIELD_PREP(CMDQ_TLBI_0_VMID, vmid);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_tlbi);

/* From a CFGI of a guest to one for a stream that isn't filled in yet */
VISIBLE_IF_KUNIT
int arm_smmu_guest_cfgi(const u64 *in, u64 *out)
{
	u64 used0 = CMDQ_0_OP | CMDQ_CFGI_0_SID, used1 = 0;

	if (FIELD_GET(CMDQ_0_OP, in[0]) == CMDQ_OP_CFGI_CD) {
		used0 |= CMDQ_CFGI_0_SSID;
		used1 |= CMDQ_CFGI_1_LEAF;
	}
	if ((in[0] & ~used0) || (in[1] & ~used1))
		return -EINVAL;

	out[0] = in[0] & ~CMDQ_CFGI_0_SID;
	out[1] = in[1];
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_cfgi);

/*
 * As arm_smmu_guest_cfgi(), for ATC_INV. It is ILLEGAL on an SMMU without ATS,
 * and so is a larger size than that of the address space, if it is so decided
 * (IHI 0070, 4.5.1).
 */
VISIBLE_IF_KUNIT
int arm_smmu_guest_atc_inv(const struct arm_smmu_device *smmu, const u64 *in,
			   u64 *out)
{
	if (!(smmu->features & ARM_SMMU_FEAT_ATS))
		return -EINVAL;
	if ((in[0] & ~(CMDQ_0_OP | CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL |
		       CMDQ_ATC_0_SSID | CMDQ_ATC_0_SID)) ||
	    (in[1] & ~(CMDQ_ATC_1_SIZE | CMDQ_ATC_1_ADDR_MASK)))
		return -EINVAL;
	if (FIELD_GET(CMDQ_ATC_1_SIZE, in[1]) > ATC_INV_SIZE_ALL)
		return -EINVAL;

	out[0] = in[0] & ~CMDQ_ATC_0_SID;
	out[1] = in[1];
	/* Without SSV both are IGNORED */
	if (!(in[0] & CMDQ_0_SSV))
		out[0] &= ~(CMDQ_ATC_0_SSID | CMDQ_ATC_0_GLOBAL);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_atc_inv);

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
	return FIELD_GET(CMDQ_CFGI_0_SSID, cmd[0]) >>
	       arm_smmu_guest_pasid_bits(master);
}

static int arm_smmu_guest_batch_add_streams(struct arm_smmu_guest_batch *batch,
					    enum arm_smmu_guest_command_kind kind,
					    u32 vsid, const u64 *cmd)
{
	struct iommu_guest_commands *commands = batch->commands;
	struct arm_smmu_master *master;
	struct device *dev;
	unsigned int i;
	u64 *to;
	int ret;

	dev = commands->device(commands, vsid);
	if (IS_ERR_OR_NULL(dev))
		return PTR_ERR_OR_ZERO(dev);

	master = dev_iommu_priv_get(dev);
	if (arm_smmu_guest_command_idle(master, kind, cmd))
		return 0;

	for (i = 0; i < master->num_streams; i++) {
		ret = arm_smmu_guest_batch_next(batch, kind, &to);
		if (ret)
			return ret;
		to[0] = cmd[0] | FIELD_PREP(CMDQ_CFGI_0_SID,
					    master->streams[i].id);
		to[1] = cmd[1];
	}
	return 0;
}

static int arm_smmu_guest_batch_add(struct arm_smmu_guest_batch *batch,
				    const __le64 *guest_cmd)
{
	const u64 in[] = { le64_to_cpu(guest_cmd[0]), le64_to_cpu(guest_cmd[1]) };
	struct arm_smmu_domain *smmu_domain = batch->smmu_domain;
	u32 vsid = FIELD_GET(CMDQ_CFGI_0_SID, in[0]);
	u64 cmd[CMDQ_ENT_DWORDS], *to;
	int ret;

	switch (FIELD_GET(CMDQ_0_OP, in[0])) {
	case CMDQ_OP_CFGI_CD:
	case CMDQ_OP_CFGI_CD_ALL:
		ret = arm_smmu_guest_cfgi(in, cmd);
		if (ret)
			return ret;
		return arm_smmu_guest_batch_add_streams(batch,
							GUEST_COMMAND_CFGI,
							vsid, cmd);
	case CMDQ_OP_ATC_INV:
		ret = arm_smmu_guest_atc_inv(smmu_domain->smmu, in, cmd);
		if (ret)
			return ret;
		return arm_smmu_guest_batch_add_streams(batch,
							GUEST_COMMAND_ATC_INV,
							vsid, cmd);
	default:
		ret = arm_smmu_guest_tlbi(smmu_domain->smmu,
					  smmu_domain->s2_cfg.vmid, in, cmd);
		if (ret)
			return ret;
		ret = arm_smmu_guest_batch_next(batch, GUEST_COMMAND_TLBI, &to);
		if (ret)
			return ret;
		to[0] = cmd[0];
		to[1] = cmd[1];
		return 0;
	}
}

/* Not for -ETIMEDOUT, which is not the fault of this command */
static enum iommu_guest_command_error arm_smmu_guest_command_error(int ret)
{
	return ret == -ENOENT ? IOMMU_GUEST_COMMAND_NO_DEVICE :
				IOMMU_GUEST_COMMAND_ILLEGAL;
}

int arm_smmu_invalidate_guest_stage(struct iommu_domain *domain,
				    struct iommu_guest_commands *commands)
{
	const struct iommu_guest_command_smmuv3 *cmds = commands->commands;
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_guest_batch batch;
	int ret = 0, issue_ret;

	if (commands->format != IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3)
		return -EOPNOTSUPP;

	batch.smmu_domain = smmu_domain;
	batch.commands = commands;
	batch.kind = GUEST_COMMAND_CFGI;
	batch.num = 0;
	batch.max = CMDQ_BATCH_ENTRIES -
		    !!(smmu_domain->smmu->options & ARM_SMMU_OPT_CMDQ_FORCE_SYNC);

	for (batch.taken = 0; batch.taken < commands->num; batch.taken++) {
		ret = arm_smmu_guest_batch_add(&batch, cmds[batch.taken].cmd);
		if (ret)
			break;
	}
	if (ret == -ETIMEDOUT)
		return ret;

	/* Those before the one that is refused have to take effect */
	issue_ret = arm_smmu_guest_batch_issue(&batch);
	if (issue_ret)
		return issue_ret;
	if (ret)
		commands->error = arm_smmu_guest_command_error(ret);
	return ret;
}
