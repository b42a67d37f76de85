// SPDX-License-Identifier: GPL-2.0-only
/* Makes the calls of a VMM, with random arguments and commands of its guest. */
#include <asm/byteorder.h>
#include <errno.h>
#include <linux/kernel.h>
#include <string.h>

#include <libvfio/fuzz_calls.h>
#include <libvfio/fuzz_faults.h>
#include <libvfio/fuzz_pasids.h>
#include <libvfio/fuzz_smmu.h>
#include <libvfio/guest_commands.h>

#define COMMANDS_MAX	160
#define IDR0_ATS	BIT(10)
#define CMD_0_SSID	GENMASK_ULL(31, 12)
#define CMD_0_SID	GENMASK_ULL(63, 32)

static const char *check_refused(int ret)
{
	return ret ? NULL : "a container takes another's device";
}

static void spoil_config(struct fuzz_guest *f, struct iommu_guest_stage_config *config)
{
	switch (fuzz_below(4)) {
	case 0:
		config->state = IOMMU_GUEST_STAGE_TRANSLATE;
		config->base_ptr = fuzz_target(f) & ~(u64)(CD_SIZE - 1);
		break;
	case 1:
		config->state = IOMMU_GUEST_STAGE_TRANSLATE;
		config->base_ptr = fuzz_word() * CD_SIZE;
		break;
	case 2:
		config->pasid_bits = fuzz_byte();
		config->smmuv3.s1fmt = fuzz_byte();
		config->smmuv3.s1dss = fuzz_byte();
		break;
	default:
		fuzz_mutate(config, sizeof(*config), 3);
	}
}

static struct iommu_guest_stage_config random_config(struct fuzz_guest *f)
{
	if (f->pasids && !fuzz_one_in(4))
		return fuzz_pasids_config(f);
	return guest_stage_config(&f->vmm.device, 1 + fuzz_below(3), fuzz_descriptor(f));
}

const char *fuzz_bind(struct fuzz_guest *f)
{
	struct iommu_guest_stage_config config = random_config(f);
	struct vfio_pci_device *device = &f->vmm.device;
	struct vfio_iommu_type1_bind_guest_stage arg;
	int ret;

	if (fuzz_one_in(2))
		spoil_config(f, &config);
	arg = guest_stage_bind_arg(device, &config);
	if (fuzz_one_in(4))
		fuzz_mutate(&arg, sizeof(arg), 3);
	ret = __guest_stage_bind_ioctl(&f->vmm.container, fuzz_place(f, &arg, sizeof(arg)));
	if (!ret)
		fuzz_note_vsid(f, arg.config.vsid);
	return fuzz_check_ste(f, ret);
}

const char *fuzz_unbind(struct fuzz_guest *f)
{
	struct vfio_iommu_type1_unbind_guest_stage arg =
		guest_stage_unbind_arg(&f->vmm.device);

	if (fuzz_one_in(2))
		fuzz_mutate(&arg, sizeof(arg), 3);
	return fuzz_check_ste(f, __guest_stage_unbind_ioctl(&f->vmm.container,
				fuzz_place(f, &arg, sizeof(arg))));
}

const char *fuzz_ask(struct fuzz_guest *f)
{
	struct vfio_iommu_type1_guest_stage_info arg =
		guest_stage_info_arg(&f->vmm.device);

	if (fuzz_one_in(2))
		fuzz_mutate(&arg, sizeof(arg), 4);
	__guest_stage_info_ioctl(&f->vmm.container, fuzz_place(f, &arg, sizeof(arg)));
	return fuzz_check_ste(f, -1);
}

/* The other guest's container calls, which has nothing to do with this device. */
const char *fuzz_call_of_other(struct fuzz_guest *f)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(&f->vmm.device, 1 + fuzz_below(3), f->cds);
	struct vfio_iommu_type1_bind_guest_stage arg =
		guest_stage_bind_arg(&f->vmm.device, &config);
	struct vfio_container *container = &f->other.container;
	void *at;

	/* The argument has to name the device as before. */
	if (fuzz_one_in(2))
		fuzz_mutate(&arg.config, sizeof(arg.config), 3);
	at = fuzz_place(f, &arg, sizeof(arg));
	return check_refused(__guest_stage_bind_ioctl(container, at)) ?:
	       check_refused(__guest_stage_unbind_ioctl(container, at)) ?:
	       fuzz_check_ste(f, -1);
}

/* These are the bits that a guest may set in its commands: IHI 0070, 4.3 to 4.5. */
static const struct {
	u8 opcode;
	u64 bits[2];
} commands[] = {
	{ .opcode = CMD_OP_CFGI_CD,
	  .bits = { GENMASK_ULL(63, 12), BIT_ULL(0) } },
	{ .opcode = CMD_OP_CFGI_CD_ALL,
	  .bits = { GENMASK_ULL(63, 32) } },
	{ .opcode = CMD_OP_TLBI_NH_ALL },
	{ .opcode = CMD_OP_TLBI_NH_ASID,
	  .bits = { GENMASK_ULL(63, 48) } },
	{ .opcode = CMD_OP_TLBI_NH_VA,
	  .bits = { GENMASK_ULL(63, 48) | GENMASK_ULL(24, 20) | GENMASK_ULL(16, 12),
		    GENMASK_ULL(63, 12) | GENMASK_ULL(11, 8) | BIT_ULL(0) } },
	{ .opcode = CMD_OP_TLBI_NH_VAA,
	  .bits = { GENMASK_ULL(24, 20) | GENMASK_ULL(16, 12),
		    GENMASK_ULL(63, 12) | GENMASK_ULL(11, 8) | BIT_ULL(0) } },
	{ .opcode = CMD_OP_TLBI_NSNH_ALL },
	/* This one is the last, because only SMMUs with ATS have it. */
	{ .opcode = CMD_OP_ATC_INV,
	  .bits = { GENMASK_ULL(63, 11) | BIT_ULL(9),
		    GENMASK_ULL(63, 12) | GENMASK_ULL(5, 0) } },
};

static unsigned int nr_commands(struct fuzz_guest *f)
{
	bool ats = f->info.smmuv3.idr[0] & IDR0_ATS;

	return ats ? ARRAY_SIZE(commands) : ARRAY_SIZE(commands) - 1;
}

static bool command_may_be_legal(struct fuzz_guest *f,
				 const struct iommu_guest_command_smmuv3 *cmd)
{
	u64 word0 = __le64_to_cpu(cmd->cmd[0]), word1 = __le64_to_cpu(cmd->cmd[1]);
	unsigned int i;

	for (i = 0; i < nr_commands(f); i++)
		if (commands[i].opcode == (u8)word0)
			return !((word0 & ~commands[i].bits[0]) >> 8) &&
			       !(word1 & ~commands[i].bits[1]);
	return false;
}

static bool names_device(u8 opcode)
{
	return opcode == CMD_OP_CFGI_CD || opcode == CMD_OP_CFGI_CD_ALL ||
	       opcode == CMD_OP_ATC_INV;
}

/* Name the device that there is, and a PASID that may have a descriptor. */
static u64 name_device(struct fuzz_guest *f, u64 word)
{
	word = (word & ~CMD_0_SID) | FIELD_PREP(CMD_0_SID, f->vmm.device.vsid);
	if (!f->pasids || (u8)word == CMD_OP_CFGI_CD_ALL)
		return word;
	return (word & ~CMD_0_SSID) | FIELD_PREP(CMD_0_SSID, fuzz_pasid(f));
}

static struct iommu_guest_command_smmuv3 random_command(struct fuzz_guest *f)
{
	unsigned int i = fuzz_below(nr_commands(f));
	u64 word0 = commands[i].opcode | (fuzz_word() & commands[i].bits[0]);
	struct iommu_guest_command_smmuv3 cmd;

	/* Most commands name the device that there is. */
	if (names_device(commands[i].opcode) && !fuzz_one_in(4))
		word0 = name_device(f, word0);
	cmd.cmd[0] = __cpu_to_le64(word0);
	cmd.cmd[1] = __cpu_to_le64(fuzz_word() & commands[i].bits[1]);
	if (fuzz_one_in(64))
		fuzz_mutate(&cmd, sizeof(cmd), 2);
	if (fuzz_one_in(256))
		cmd.cmd[0] = fuzz_word();
	return cmd;
}

const char *fuzz_invalidate(struct fuzz_guest *f)
{
	struct iommu_guest_command_smmuv3 cmds[COMMANDS_MAX];
	unsigned int i, count = 1 + fuzz_below(COMMANDS_MAX), legal = 0;
	struct vfio_iommu_type1_invalidate_guest_stage arg, *at;
	int ret;

	for (i = 0; i < count; i++) {
		cmds[i] = random_command(f);
		if (legal == i && command_may_be_legal(f, &cmds[i]))
			legal++;
	}
	arg = guest_commands_arg(cmds, count);
	if (fuzz_one_in(8))
		fuzz_mutate(&arg, sizeof(arg), 2);
	at = fuzz_place(f, &arg, sizeof(arg));
	ret = __guest_commands_ioctl(&f->vmm.container, at);
	/* This can't be told if other commands were executed, or if @at has no end. */
	if (ret != -EFAULT && arg.commands == (uintptr_t)cmds &&
	    arg.count == count && at->done != arg.done && at->done > legal)
		return "a command with a bit that isn't the guest's is done";
	return fuzz_check_ste(f, -1);
}
