/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_GUEST_COMMANDS_H
#define SELFTESTS_VFIO_LIBVFIO_GUEST_COMMANDS_H

#include <linux/iommu.h>
#include <linux/types.h>
#include <linux/vfio.h>

#include <libvfio/container.h>
#include <libvfio/vfio_pci_device.h>

/* The commands of chapter 4 of the specification, IHI 0070. */
#define CMD_OP_CFGI_STE		0x03
#define CMD_OP_CFGI_CD		0x05
#define CMD_OP_CFGI_CD_ALL	0x06
#define CMD_OP_TLBI_NH_ALL	0x10
#define CMD_OP_TLBI_NH_ASID	0x11
#define CMD_OP_TLBI_NH_VA	0x12
#define CMD_OP_TLBI_NH_VAA	0x13
#define CMD_OP_TLBI_NSNH_ALL	0x30
#define CMD_OP_ATC_INV		0x40
#define CMD_OP_SYNC		0x46

/* Of TG, in sections 4.4.1.1. */
#define CMD_TG_4K		1
#define CMD_TG_16K		2

/* What all handle: no device, entry or address is named. */
struct iommu_guest_command_smmuv3 guest_command(u8 opcode);
struct iommu_guest_command_smmuv3 guest_cmd_tlbi_asid(u16 asid);
struct iommu_guest_command_smmuv3 guest_cmd_tlbi_va(u16 asid, u64 va);
struct iommu_guest_command_smmuv3 guest_cmd_tlbi_vaa(u64 va);
struct iommu_guest_command_smmuv3 guest_cmd_cfgi_cd(u32 vsid);
struct iommu_guest_command_smmuv3 guest_cmd_cfgi_cd_all(u32 vsid);

/* The same of one descriptor of a table that has one for each PASID. */
struct iommu_guest_command_smmuv3 guest_cmd_cfgi_cd_pasid(u32 vsid, u32 pasid);

/* The same for (@num + 1) << @scale granules from its address on. */
struct iommu_guest_command_smmuv3
guest_cmd_range(struct iommu_guest_command_smmuv3 cmd, u8 tg, u8 ttl, u8 num,
		u8 scale);

/* The argument of the ioctl, to spoil it. */
struct vfio_iommu_type1_invalidate_guest_stage
guest_commands_arg(const struct iommu_guest_command_smmuv3 *cmds, u32 count);
int __guest_commands_ioctl(struct vfio_container *container, void *arg);

/* Returns what the ioctl does, and in @arg how far it got. */
int __guest_commands(struct vfio_container *container,
		     const struct iommu_guest_command_smmuv3 *cmds, u32 count,
		     struct vfio_iommu_type1_invalidate_guest_stage *arg);
void guest_commands(struct vfio_container *container,
		    const struct iommu_guest_command_smmuv3 *cmds, u32 count);

/* What can be bound for @device. */
struct vfio_iommu_type1_guest_stage_info
guest_stage_info_arg(struct vfio_pci_device *device);
int __guest_stage_info_ioctl(struct vfio_container *container, void *arg);
void guest_stage_info(struct vfio_pci_device *device,
		      struct iommu_guest_stage_info *info);

#endif /* SELFTESTS_VFIO_LIBVFIO_GUEST_COMMANDS_H */
