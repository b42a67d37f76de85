// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's invalidation commands, executed on the host's command queue
 *
 * The driver makes each command anew from fields that are legal on this SMMU, and
 * uses the VMID and the StreamIDs of the host. A guest can therefore neither cause
 * CERROR_ILL on the queue that it shares with the host, nor invalidate what is not
 * its own.
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
 * The bits that a guest may set in a command. The guest's SMMU has no stage 2, so
 * the VMID is RES0 for the guest. It has no Secure state and no IDR5.DS either
 * (IHI 0070, 4.3, 4.4 and 4.5).
 */
static const struct arm_smmu_guest_command_rule {
	u64 used[CMDQ_ENT_DWORDS];
	enum arm_smmu_guest_command_kind kind;
} __aligned(32) arm_smmu_guest_command_rules[] = {
	/* Opcodes without a rule have GUEST_COMMAND_ILLEGAL */
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

/**
 * struct arm_smmu_guest_batch - Commands that one CMD_SYNC completes
 * @smmu: the SMMU
 * @vmid: the guest's VMID, in the field of a TLBI
 * @reserved: the bits of an ASID that are RES0 on an SMMU with 8 of them
 * @commands: the guest's commands
 * @kind: the kind of all commands in @cmds, or of the last ones
 * @num: how many commands are in @cmds
 * @taken: how many of the guest's commands are in @cmds or complete
 * @held: the device that an ATC_INV in @cmds is for. It is not reset meanwhile.
 * @cmds: the host's commands. There is room for one more than are issued together:
 *	  a command is made before it is known whether it belongs to the same batch.
 */
struct arm_smmu_guest_batch {
	struct arm_smmu_device *smmu;
	u64 vmid;
	u64 reserved;
	struct iommu_guest_commands *commands;
	enum arm_smmu_guest_command_kind kind;
	unsigned int num;
	unsigned int taken;
	struct arm_smmu_master *held;
	u64 cmds[(CMDQ_BATCH_ENTRIES + 1) * CMDQ_ENT_DWORDS];
};

/* With 16KB granules TTL 1 acts as TTL 0, any level (IHI 0070, 4.4.1.1) */
static u32 arm_smmu_tlbi_level(u32 tg, u32 ttl)
{
	return ttl == 1 && tg == CMDQ_TLBI_1_TG_16K ? 0 : ttl;
}

/* log2 of the smallest block or page that TG and TTL allow */
static unsigned int arm_smmu_tlbi_align_bits(u32 tg, u32 level)
{
	unsigned int page_bits = 10 + 2 * tg;

	return page_bits + (3 - (level ?: 3)) * (page_bits - 3);
}

/*
 * Whether the SMMU does with TG, TTL, NUM and SCALE what the guest expects. The
 * range of a misaligned address is UNPREDICTABLE, and the effect of a granule that
 * the SMMU does not have is not defined (IHI 0070, 4.4.1.1).
 */
static bool arm_smmu_has_tlbi_range(const struct arm_smmu_device *smmu, u64 addr,
				    u32 tg, u32 level)
{
	return (smmu->features & ARM_SMMU_FEAT_RANGE_INV) &&
	       (smmu->pgsize_bitmap & BIT(10 + 2 * tg)) &&
	       !(addr & GENMASK_ULL(arm_smmu_tlbi_align_bits(tg, level) - 1, 12));
}

/*
 * Changes a command for a range, or for one page with a hint, if need be. If the SMMU
 * can't execute it like that, it becomes one for the whole VMID. One for the ASID
 * would not be enough, because TLBI_NH_VA removes global entries, too. Returns false
 * if the command is ILLEGAL.
 */
static noinline bool
arm_smmu_guest_fit_range(const struct arm_smmu_guest_batch *batch, u64 *cmd)
{
	u32 tg = FIELD_GET(CMDQ_TLBI_1_TG, cmd[1]);
	u32 level = arm_smmu_tlbi_level(tg, FIELD_GET(CMDQ_TLBI_1_TTL, cmd[1]));

	/* RES0 and Reserved */
	if (!tg || (!level && !(cmd[0] & GUEST_TLBI_0_RANGE)))
		return false;

	if (!arm_smmu_has_tlbi_range(batch->smmu, cmd[1], tg, level)) {
		cmd[0] = CMDQ_OP_TLBI_NH_ALL | batch->vmid;
		cmd[1] = 0;
	} else if (!level) {
		/* With IDR5.DS, which guests do not have, TTL 1 means level 1 */
		cmd[1] &= ~CMDQ_TLBI_1_TTL;
	}
	return true;
}

static __always_inline bool
arm_smmu_make_guest_tlbi(const struct arm_smmu_guest_batch *batch,
			 const u64 *in, u64 *out)
{
	if (in[0] & batch->reserved)
		return false;

	out[0] = in[0] | batch->vmid;
	out[1] = in[1];
	if ((in[0] & GUEST_TLBI_0_RANGE) | (in[1] & GUEST_TLBI_1_RANGE))
		return arm_smmu_guest_fit_range(batch, out);
	/* The guest means all guests of its own SMMU, which is itself alone */
	if (in[0] == CMDQ_OP_TLBI_NSNH_ALL)
		out[0] = CMDQ_OP_TLBI_NH_ALL | batch->vmid;
	return true;
}

/*
 * An SMMU may take a size beyond the address space for ILLEGAL. Without SSV the
 * fields SubstreamID and Global are IGNORED (IHI 0070, 4.5.1).
 */
static bool arm_smmu_make_guest_atc_inv(const u64 *in, u64 *out)
{
	if (FIELD_GET(CMDQ_ATC_1_SIZE, in[1]) > ATC_INV_SIZE_ALL)
		return false;

	out[0] = in[0] & ~CMDQ_ATC_0_SID;
	out[1] = in[1];
	if (!(in[0] & CMDQ_0_SSV))
		out[0] &= ~(CMDQ_ATC_0_SSID | CMDQ_ATC_0_GLOBAL);
	return true;
}

/*
 * Makes the host's command @cmd from the guest's command. The StreamID of a CFGI or
 * ATC_INV is 0 in @cmd, for the caller to fill in. Returns the kind of the command.
 */
static __always_inline enum arm_smmu_guest_command_kind
arm_smmu_guest_batch_make(const struct arm_smmu_guest_batch *batch,
			  const struct iommu_guest_command_smmuv3 *guest,
			  u64 *cmd)
{
	const u64 in[] = { le64_to_cpu(guest->cmd[0]),
			   le64_to_cpu(guest->cmd[1]) };
	const struct arm_smmu_guest_command_rule *rule;
	unsigned int opcode = FIELD_GET(CMDQ_0_OP, in[0]);

	if (opcode >= ARRAY_SIZE(arm_smmu_guest_command_rules))
		return GUEST_COMMAND_ILLEGAL;
	rule = &arm_smmu_guest_command_rules[opcode];
	if ((in[0] & ~rule->used[0]) | (in[1] & ~rule->used[1]))
		return GUEST_COMMAND_ILLEGAL;

	switch (rule->kind) {
	case GUEST_COMMAND_TLBI:
		if (!arm_smmu_make_guest_tlbi(batch, in, cmd))
			return GUEST_COMMAND_ILLEGAL;
		break;
	case GUEST_COMMAND_CFGI:
		cmd[0] = in[0] & ~CMDQ_CFGI_0_SID;
		cmd[1] = in[1];
		break;
	case GUEST_COMMAND_ATC_INV:
		if (!arm_smmu_make_guest_atc_inv(in, cmd))
			return GUEST_COMMAND_ILLEGAL;
		break;
	default:
		break;
	}
	return rule->kind;
}

/* Sets all fields of an empty batch except @commands */
static void arm_smmu_guest_batch_init(struct arm_smmu_guest_batch *batch,
				      struct arm_smmu_device *smmu, u16 vmid)
{
	batch->smmu = smmu;
	batch->vmid = FIELD_PREP(CMDQ_TLBI_0_VMID, vmid);
	batch->reserved = smmu->asid_bits < 16 ?
				  GENMASK_ULL(63, 48 + smmu->asid_bits) : 0;
	/* An empty batch takes any kind, and most commands are TLBIs */
	batch->kind = GUEST_COMMAND_TLBI;
	batch->num = 0;
	batch->taken = 0;
	batch->held = NULL;
}

#if IS_ENABLED(CONFIG_KUNIT)
/* KUnit uses this to test what becomes of one command, without a batch */
enum arm_smmu_guest_command_kind
arm_smmu_make_guest_command(struct arm_smmu_device *smmu, u16 vmid,
			    const struct iommu_guest_command_smmuv3 *guest,
			    u64 *cmd)
{
	struct arm_smmu_guest_batch batch;

	arm_smmu_guest_batch_init(&batch, smmu, vmid);
	return arm_smmu_guest_batch_make(&batch, guest, cmd);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_make_guest_command);
#endif

/*
 * Issues the commands in the batch. They go to the SMMU's own queue, because other
 * queues may not have all commands. Only a CMD_SYNC tells that the commands before
 * it are complete (IHI 0070, 4.1.4).
 */
static __always_inline enum iommu_guest_command_error
arm_smmu_guest_batch_issue(struct arm_smmu_guest_batch *batch)
{
	struct arm_smmu_device *smmu = batch->smmu;
	int ret = 0;

	if (batch->num) {
		ret = arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq,
						  batch->cmds, batch->num,
						  true);
		batch->num = 0;
	}
	if (batch->held) {
		batch->commands->ops->release(batch->commands);
		batch->held = NULL;
	}
	if (ret)
		return IOMMU_GUEST_COMMAND_TIMEOUT;
	batch->commands->done = batch->taken;
	return IOMMU_GUEST_COMMAND_OK;
}

/*
 * Makes room for a command. A guest that changes a CD invalidates the CD before the
 * TLB, and the TLB before the ATC, with a CMD_SYNC after each. The guest's CMD_SYNCs
 * are not among its commands here, so the batch is issued before a command of a
 * later kind (IHI 0070, 4.3.3 and 4.5.1).
 */
static noinline enum iommu_guest_command_error
arm_smmu_guest_batch_prepare(struct arm_smmu_guest_batch *batch,
			     enum arm_smmu_guest_command_kind kind)
{
	enum iommu_guest_command_error error;

	if (batch->num == CMDQ_BATCH_ENTRIES ||
	    (batch->num && kind > batch->kind)) {
		error = arm_smmu_guest_batch_issue(batch);
		if (error)
			return error;
	}
	batch->kind = kind;
	return IOMMU_GUEST_COMMAND_OK;
}

static void arm_smmu_guest_batch_add(struct arm_smmu_guest_batch *batch,
				     u64 cmd0, u64 cmd1)
{
	u64 *to = &batch->cmds[batch->num++ * CMDQ_ENT_DWORDS];

	to[0] = cmd0;
	to[1] = cmd1;
}

/*
 * A device that is being reset or powered down does not answer an ATC_INV. The queue
 * would then wait for the device, and with it all others that use the queue. So the
 * device is held as it is until the batch is complete.
 */
static enum iommu_guest_command_error
arm_smmu_guest_batch_hold(struct arm_smmu_guest_batch *batch,
			  struct arm_smmu_master *master, u32 vsid)
{
	struct iommu_guest_commands *commands = batch->commands;
	enum iommu_guest_command_error error;
	struct pci_dev *pdev;

	if (batch->held == master)
		return IOMMU_GUEST_COMMAND_OK;
	/* Only one device is held at a time */
	if (batch->held) {
		error = arm_smmu_guest_batch_issue(batch);
		if (error)
			return error;
	}
	error = commands->ops->hold(commands, vsid);
	if (error)
		return error;
	batch->held = master;

	/* It may sleep, or be gone, without anybody changing that now */
	pdev = to_pci_dev(master->dev);
	if (pdev->current_state != PCI_D0 || pci_channel_offline(pdev))
		return IOMMU_GUEST_COMMAND_BUSY;
	return IOMMU_GUEST_COMMAND_OK;
}

/*
 * Changes an ATC_INV to one that the device understands. Returns false if it has no
 * effect.
 *
 * A SubstreamID that is out of range is permitted to have no effect (IHI 0070,
 * 4.1.7). Global = 1 concerns the entries of all PASIDs, but the request still has
 * a PASID in its prefix (4.5.1), so it is sent with PASID 0. A device without PASIDs
 * may take a prefix for a malformed request, and all that it has is invalidated
 * without one.
 */
static bool arm_smmu_guest_fit_atc_inv(const struct arm_smmu_master *master,
				       u64 *cmd)
{
	if (!master->ats_enabled)
		return false;

	if (FIELD_GET(CMDQ_ATC_0_SSID, cmd[0]) >> master->ssid_bits) {
		if (!(cmd[0] & CMDQ_ATC_0_GLOBAL))
			return false;
		cmd[0] &= ~CMDQ_ATC_0_SSID;
	}
	if (!master->ssid_bits)
		cmd[0] &= ~(CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL);
	return true;
}

/* Whether a command for a device has an effect */
static bool arm_smmu_guest_fit_command(const struct arm_smmu_master *master,
				       enum arm_smmu_guest_command_kind kind,
				       u64 *cmd)
{
	if (kind == GUEST_COMMAND_ATC_INV)
		return arm_smmu_guest_fit_atc_inv(master, cmd);
	return !(FIELD_GET(CMDQ_CFGI_0_SSID, cmd[0]) >> master->ssid_bits);
}

/* Adds the command @made for each stream of the device that the guest calls @vsid */
static noinline enum iommu_guest_command_error
arm_smmu_guest_batch_add_device(struct arm_smmu_guest_batch *batch,
				enum arm_smmu_guest_command_kind kind,
				u32 vsid, const u64 *made)
{
	struct iommu_guest_commands *commands = batch->commands;
	u64 cmd[CMDQ_ENT_DWORDS] = { made[0], made[1] };
	enum iommu_guest_command_error error;
	struct arm_smmu_master *master;
	struct device *dev;
	unsigned int i;

	error = commands->ops->find_device(commands, vsid, &dev);
	/* The SMMU that a device is behind executes or refuses its commands */
	if (!error && !dev)
		return IOMMU_GUEST_COMMAND_OK;
	/* An SMMU without ATS does not have this command, for whatever device */
	if (kind == GUEST_COMMAND_ATC_INV &&
	    !(batch->smmu->features & ARM_SMMU_FEAT_ATS))
		return IOMMU_GUEST_COMMAND_ILLEGAL;
	if (error)
		return error;

	master = dev_iommu_priv_get(dev);
	if (!arm_smmu_guest_fit_command(master, kind, cmd))
		return IOMMU_GUEST_COMMAND_OK;

	for (i = 0; i < master->num_streams; i++) {
		error = arm_smmu_guest_batch_prepare(batch, kind);
		if (!error && kind == GUEST_COMMAND_ATC_INV)
			error = arm_smmu_guest_batch_hold(batch, master, vsid);
		if (error)
			return error;
		arm_smmu_guest_batch_add(batch,
					 cmd[0] | FIELD_PREP(CMDQ_CFGI_0_SID,
							     master->streams[i].id),
					 cmd[1]);
	}
	return IOMMU_GUEST_COMMAND_OK;
}

/*
 * Adds the command @made to the batch. It was made in the entry behind the last one
 * of the batch, and arm_smmu_guest_batch_prepare() may issue the batch, so the
 * command is copied first.
 */
static noinline enum iommu_guest_command_error
arm_smmu_guest_batch_take(struct arm_smmu_guest_batch *batch,
			  enum arm_smmu_guest_command_kind kind,
			  const struct iommu_guest_command_smmuv3 *guest,
			  const u64 *made)
{
	u64 cmd0 = made[0], cmd1 = made[1];
	enum iommu_guest_command_error error;

	switch (kind) {
	case GUEST_COMMAND_ILLEGAL:
		return IOMMU_GUEST_COMMAND_ILLEGAL;
	case GUEST_COMMAND_TLBI:
		error = arm_smmu_guest_batch_prepare(batch, kind);
		if (!error)
			arm_smmu_guest_batch_add(batch, cmd0, cmd1);
		return error;
	default:
		return arm_smmu_guest_batch_add_device(
			batch, kind,
			FIELD_GET(CMDQ_CFGI_0_SID, le64_to_cpu(guest->cmd[0])),
			made);
	}
}

/**
 * arm_smmu_invalidate_guest_stage() - Execute a guest's invalidation commands
 * @domain: the nesting domain that the guest's devices are bound on top of
 * @commands: the commands
 *
 * Commands before one that is refused take effect. After a timeout nothing more
 * is issued.
 *
 * Return: 0 with &iommu_guest_commands.done and &iommu_guest_commands.error set, or
 * -EOPNOTSUPP if the commands are not an SMMUv3's
 */
int arm_smmu_invalidate_guest_stage(struct iommu_domain *domain,
				    struct iommu_guest_commands *commands)
{
	const struct iommu_guest_command_smmuv3 *guest = commands->commands;
	const struct iommu_guest_command_smmuv3 *end = guest + commands->num;
	enum iommu_guest_command_error error = IOMMU_GUEST_COMMAND_OK;
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_guest_batch batch __uninitialized;
	u64 *const full = &batch.cmds[CMDQ_BATCH_ENTRIES * CMDQ_ENT_DWORDS];
	enum arm_smmu_guest_command_kind kind;
	u64 *cmd = batch.cmds;

	if (commands->format != IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3)
		return -EOPNOTSUPP;

	arm_smmu_guest_batch_init(&batch, smmu_domain->smmu,
				  smmu_domain->s2_cfg.vmid);
	batch.commands = commands;
	for (; guest < end; guest++) {
		kind = arm_smmu_guest_batch_make(&batch, guest, cmd);
		/* Most of what guests send is one TLBI after another */
		if (kind == GUEST_COMMAND_TLBI && batch.kind == kind &&
		    cmd < full) {
			cmd += CMDQ_ENT_DWORDS;
			continue;
		}

		batch.num = (size_t)(cmd - batch.cmds) / CMDQ_ENT_DWORDS;
		batch.taken = commands->num - (end - guest);
		error = arm_smmu_guest_batch_take(&batch, kind, guest, cmd);
		if (error)
			break;
		cmd = &batch.cmds[batch.num * CMDQ_ENT_DWORDS];
	}

	if (!error) {
		batch.num = (size_t)(cmd - batch.cmds) / CMDQ_ENT_DWORDS;
		batch.taken = commands->num;
	}
	if (error != IOMMU_GUEST_COMMAND_TIMEOUT)
		error = arm_smmu_guest_batch_issue(&batch) ?: error;
	commands->error = error;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_invalidate_guest_stage);
