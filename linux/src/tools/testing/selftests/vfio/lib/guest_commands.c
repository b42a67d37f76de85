// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <sys/ioctl.h>

#include <libvfio/assert.h>
#include <libvfio/guest_commands.h>

#define CMD_0_OP	GENMASK_ULL(7, 0)
#define CMD_0_NUM	GENMASK_ULL(16, 12)
#define CMD_0_SCALE	GENMASK_ULL(24, 20)
#define CMD_0_SSID	GENMASK_ULL(31, 12)
#define CMD_0_SID	GENMASK_ULL(63, 32)
#define CMD_0_ASID	GENMASK_ULL(63, 48)
#define CMD_1_TTL	GENMASK_ULL(9, 8)
#define CMD_1_TG	GENMASK_ULL(11, 10)
#define CMD_1_ADDR	GENMASK_ULL(63, 12)

static struct iommu_guest_command_smmuv3 make(u64 cmd0, u64 cmd1)
{
	return (struct iommu_guest_command_smmuv3) {
		{ __cpu_to_le64(cmd0), __cpu_to_le64(cmd1) }
	};
}

struct iommu_guest_command_smmuv3 guest_command(u8 opcode)
{
	return make(FIELD_PREP(CMD_0_OP, opcode), 0);
}

struct iommu_guest_command_smmuv3 guest_cmd_tlbi_asid(u16 asid)
{
	return make(CMD_OP_TLBI_NH_ASID | FIELD_PREP(CMD_0_ASID, asid), 0);
}

struct iommu_guest_command_smmuv3 guest_cmd_tlbi_va(u16 asid, u64 va)
{
	return make(CMD_OP_TLBI_NH_VA | FIELD_PREP(CMD_0_ASID, asid),
		    va & CMD_1_ADDR);
}

struct iommu_guest_command_smmuv3 guest_cmd_tlbi_vaa(u64 va)
{
	return make(CMD_OP_TLBI_NH_VAA, va & CMD_1_ADDR);
}

struct iommu_guest_command_smmuv3 guest_cmd_cfgi_cd(u32 vsid)
{
	return make(CMD_OP_CFGI_CD | FIELD_PREP(CMD_0_SID, vsid), 1);
}

struct iommu_guest_command_smmuv3 guest_cmd_cfgi_cd_pasid(u32 vsid, u32 pasid)
{
	return make(CMD_OP_CFGI_CD | FIELD_PREP(CMD_0_SSID, pasid) |
		    FIELD_PREP(CMD_0_SID, vsid), 1);
}

struct iommu_guest_command_smmuv3 guest_cmd_cfgi_cd_all(u32 vsid)
{
	return make(CMD_OP_CFGI_CD_ALL | FIELD_PREP(CMD_0_SID, vsid), 0);
}

struct iommu_guest_command_smmuv3
guest_cmd_range(struct iommu_guest_command_smmuv3 cmd, u8 tg, u8 ttl, u8 num,
		u8 scale)
{
	return make(__le64_to_cpu(cmd.cmd[0]) | FIELD_PREP(CMD_0_NUM, num) |
			    FIELD_PREP(CMD_0_SCALE, scale),
		    __le64_to_cpu(cmd.cmd[1]) | FIELD_PREP(CMD_1_TTL, ttl) |
			    FIELD_PREP(CMD_1_TG, tg));
}

struct vfio_iommu_type1_invalidate_guest_stage
guest_commands_arg(const struct iommu_guest_command_smmuv3 *cmds, u32 count)
{
	return (struct vfio_iommu_type1_invalidate_guest_stage) {
		.argsz = sizeof(struct vfio_iommu_type1_invalidate_guest_stage),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.count = count,
		.commands = (uintptr_t)cmds,
		/* To see that they are written */
		.done = -1,
		.error = -1,
	};
}

int __guest_commands_ioctl(struct vfio_container *container, void *arg)
{
	return ioctl(container->fd, VFIO_IOMMU_INVALIDATE_GUEST_STAGE, arg) ?
	       -errno : 0;
}

int __guest_commands(struct vfio_container *container,
		     const struct iommu_guest_command_smmuv3 *cmds, u32 count,
		     struct vfio_iommu_type1_invalidate_guest_stage *arg)
{
	*arg = guest_commands_arg(cmds, count);
	return __guest_commands_ioctl(container, arg);
}

void guest_commands(struct vfio_container *container,
		    const struct iommu_guest_command_smmuv3 *cmds, u32 count)
{
	struct vfio_iommu_type1_invalidate_guest_stage arg;
	int ret = __guest_commands(container, cmds, count, &arg);

	VFIO_ASSERT(!ret && arg.done == count && !arg.error,
		    "%u of %u commands done, error %u: %d", arg.done, count,
		    arg.error, ret);
}

struct vfio_iommu_type1_guest_stage_info
guest_stage_info_arg(struct vfio_pci_device *device)
{
	return (struct vfio_iommu_type1_guest_stage_info) {
		.argsz = sizeof(struct vfio_iommu_type1_guest_stage_info),
		.device_fd = device->fd,
		.info.argsz = sizeof(struct iommu_guest_stage_info),
	};
}

int __guest_stage_info_ioctl(struct vfio_container *container, void *arg)
{
	return ioctl(container->fd, VFIO_IOMMU_GET_GUEST_STAGE_INFO, arg) ?
	       -errno : 0;
}

void guest_stage_info(struct vfio_pci_device *device,
		      struct iommu_guest_stage_info *info)
{
	struct vfio_iommu_type1_guest_stage_info arg = guest_stage_info_arg(device);
	int ret = __guest_stage_info_ioctl(device->container, &arg);

	VFIO_ASSERT(!ret, "ask about %s: %d", device->bdf, ret);
	*info = arg.info;
}
