/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Guest-owned IOMMU configuration, for any framework that assigns devices.
 *
 * The structures below carry no file descriptor and no pointer to user memory:
 * the framework that transports them (VFIO) names the device.
 */
#ifndef _UAPI_LINUX_IOMMU_H
#define _UAPI_LINUX_IOMMU_H

#include <linux/types.h>

/**
 * enum iommu_guest_stage_format - Whose first stage of translation it is
 * @IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3: A context descriptor table for an Arm
 *	SMMUv3. &struct iommu_guest_stage_config.smmuv3 is valid.
 */
enum iommu_guest_stage_format {
	IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 = 1,
};

/**
 * enum iommu_guest_stage_state - What the guest's configuration does to DMA
 * @IOMMU_GUEST_STAGE_TRANSLATE: The guest's tables translate the device's
 *	addresses to IPAs, then the host's second stage to physical addresses.
 * @IOMMU_GUEST_STAGE_BYPASS: The guest turned its first stage off: the device's
 *	addresses are IPAs.
 * @IOMMU_GUEST_STAGE_ABORT: All DMA is terminated, without an event. The VMM
 *	uses this state before the guest has set up its IOMMU, and for an invalid
 *	entry of the guest. If the entry is ILLEGAL, the VMM also raises the
 *	guest's event (C_BAD_STE for an SMMUv3). The hardware has a valid entry
 *	of the host, so it reports nothing.
 */
enum iommu_guest_stage_state {
	IOMMU_GUEST_STAGE_TRANSLATE = 1,
	IOMMU_GUEST_STAGE_BYPASS = 2,
	IOMMU_GUEST_STAGE_ABORT = 3,
};

/**
 * struct iommu_guest_stage_smmuv3 - The guest's part of a Stream Table Entry
 * @flags: Any of
 *
 *	* %IOMMU_GUEST_STAGE_SMMUV3_EATS: The guest wrote STE.EATS = 0b01, full
 *	  ATS. PCI ATS is on in the state TRANSLATE with this flag, and off in
 *	  any other case while the guest stage is bound.
 *	* %IOMMU_GUEST_STAGE_SMMUV3_S1STALLD: The guest wrote STE.S1STALLD = 1
 *	* %IOMMU_GUEST_STAGE_SMMUV3_STALL: The guest's SMMU has stalls, its
 *	  SMMU_IDR0.STALL_MODEL is 0b00, and the VMM hands the guest's answers
 *	  back, see &struct iommu_guest_fault_response. S1STALLD is as the
 *	  guest wrote it. If this flag is not set, or if nobody can read the
 *	  guest's faults at the time of the bind, the host sets S1STALLD,
 *	  provided that the SMMU has stalls.
 * @s1fmt: STE.S1Fmt: 0 linear, 1 two levels with 4KB leaves, 2 two levels with
 *	64KB leaves. With pasid_bits = 0 any value that the field has room for,
 *	0 to 3, is ignored, as in hardware.
 * @s1dss: STE.S1DSS, what happens to a transaction without a PASID: 0
 *	terminated, 1 bypasses the guest's stage, 2 uses the descriptor of
 *	PASID 0. With pasid_bits = 0 ignored in the same way.
 * @s1cir: STE.S1CIR, inner cacheability of descriptor fetches, 0 to 3
 * @s1cor: STE.S1COR, outer cacheability of descriptor fetches, 0 to 3
 * @s1csh: STE.S1CSH, shareability of descriptor fetches: 0 non-shareable,
 *	2 outer, 3 inner shareable
 * @__reserved: Must be 0
 *
 * Each field has the encoding of the field of the same name of the STE, see
 * section 5.2 of the Arm System Memory Management Unit Architecture
 * Specification, version 3 (IHI 0070). The host sets all other fields.
 */
struct iommu_guest_stage_smmuv3 {
	__u32	flags;
#define IOMMU_GUEST_STAGE_SMMUV3_EATS		(1 << 0)
#define IOMMU_GUEST_STAGE_SMMUV3_S1STALLD	(1 << 1)
#define IOMMU_GUEST_STAGE_SMMUV3_STALL		(1 << 2)
	__u8	s1fmt;
	__u8	s1dss;
	__u8	s1cir;
	__u8	s1cor;
	__u8	s1csh;
	__u8	__reserved[7];
};

/**
 * struct iommu_guest_stage_config - A guest's configuration of one device
 * @argsz: Size of this structure, in bytes, as the caller knows it. Bytes that
 *	the kernel doesn't know must be 0 (-E2BIG), bytes that the caller doesn't
 *	know are taken as 0.
 * @flags: Must be 0
 * @format: &enum iommu_guest_stage_format
 * @state: &enum iommu_guest_stage_state. In the states BYPASS and ABORT
 *	@base_ptr, @pasid_bits and the fields of the format have no effect; flags
 *	that aren't defined and padding are refused all the same.
 * @vsid: What the guest calls the device: for an SMMUv3 the virtual StreamID.
 *	Unique within a container, and fixed while the device is bound.
 * @pasid_bits: log2 of the number of contexts in the table, for an SMMUv3
 *	STE.S1CDMax. 0 for one context: transactions with a PASID are refused.
 * @base_ptr: Address of the table, an IPA. For an SMMUv3 STE.S1ContextPtr,
 *	aligned to 64 bytes and to the size of a linear or first-level table.
 * @__reserved: Must be 0. New fields for all formats will be placed here, new
 *	fields of one format at the end of that format's structure.
 * @smmuv3: For %IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3
 */
struct iommu_guest_stage_config {
	__u32	argsz;
	__u32	flags;
	__u32	format;
	__u32	state;
	__u32	vsid;
	__u32	pasid_bits;
	__aligned_u64	base_ptr;
	__aligned_u64	__reserved[2];
	union {
		struct iommu_guest_stage_smmuv3	smmuv3;
	};
};

/**
 * enum iommu_guest_stage_coherency - Why a guest can't make DMA incoherent
 * @IOMMU_GUEST_STAGE_COHERENCY_NONE: Nothing keeps it from that, a bind is
 *	refused (-EPERM)
 * @IOMMU_GUEST_STAGE_COHERENCY_VOUCHED: The administrator vouches for the
 *	platform
 * @IOMMU_GUEST_STAGE_COHERENCY_STAGE2: The second stage forces write-back. That
 *	doesn't include what a device itself does with No Snoop.
 * @IOMMU_GUEST_STAGE_COHERENCY_DEVICE: The device's accesses can't be made
 *	incoherent, according to the firmware
 */
enum iommu_guest_stage_coherency {
	IOMMU_GUEST_STAGE_COHERENCY_NONE = 0,
	IOMMU_GUEST_STAGE_COHERENCY_VOUCHED = 1,
	IOMMU_GUEST_STAGE_COHERENCY_STAGE2 = 2,
	IOMMU_GUEST_STAGE_COHERENCY_DEVICE = 3,
};

/**
 * struct iommu_guest_stage_info_smmuv3 - What a guest's SMMUv3 can have
 * @idr: SMMU_IDR0 to SMMU_IDR5. A field is what the hardware and its driver
 *	can give to a guest's stage 1. It is 0 if that is nothing, and 0 if the
 *	VMM provides what it tells of: the stream table, the queues, interrupts.
 * @iidr: SMMU_IIDR, by which a guest knows errata
 * @aidr: SMMU_AIDR
 *
 * The registers are described in section 6.3 of the Arm System Memory Management
 * Unit Architecture Specification, version 3 (IHI 0070).
 */
struct iommu_guest_stage_info_smmuv3 {
	__u32	idr[6];
	__u32	iidr;
	__u32	aidr;
};

/**
 * struct iommu_guest_stage_info - What can be bound for a device
 * @argsz: Size of this structure, in bytes, as the caller knows it. Returned:
 *	how much of that the kernel knows. What is beyond is set to 0.
 * @flags: Must be 0. Returned: 0
 * @format: &enum iommu_guest_stage_format
 * @pasid_bits: Largest &iommu_guest_stage_config.pasid_bits
 * @ipa_bits: Size of an IPA, in bits: that of the addresses that the second
 *	stage can map
 * @coherency: &enum iommu_guest_stage_coherency
 * @msi_base: IPA of the window that the doorbells of MSIs are mapped in. A guest
 *	has to map it to itself, and has no memory there.
 * @msi_size: Size of that window in bytes, 0 if the device needs none
 * @max_commands: Most commands that one invalidation takes
 * @__reserved: 0. New fields for all formats will be placed here.
 * @smmuv3: For %IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3
 */
struct iommu_guest_stage_info {
	__u32	argsz;
	__u32	flags;
	__u32	format;
	__u32	pasid_bits;
	__u32	ipa_bits;
	__u32	coherency;
	__aligned_u64	msi_base;
	__aligned_u64	msi_size;
	__u32	max_commands;
	__u32	__reserved[5];
	union {
		struct iommu_guest_stage_info_smmuv3	smmuv3;
	};
};

/* Size of the longest command queue of an SMMUv3, SMMU_IDR1.CMDQS = 19 */
#define IOMMU_GUEST_COMMANDS_MAX	(1 << 19)

/**
 * struct iommu_guest_command_smmuv3 - A command of a guest's SMMUv3
 * @cmd: As the guest wrote it to its command queue, little-endian. One of
 *	CFGI_CD, CFGI_CD_ALL, TLBI_NH_ALL, TLBI_NH_ASID, TLBI_NH_VA,
 *	TLBI_NH_VAA, TLBI_NSNH_ALL and ATC_INV. A StreamID is a vSID.
 *
 * See chapter 4 of the Arm System Memory Management Unit Architecture
 * Specification, version 3 (IHI 0070).
 */
struct iommu_guest_command_smmuv3 {
	__le64	cmd[2];
};

/**
 * enum iommu_guest_command_error - Why a guest's command is not complete
 * @IOMMU_GUEST_COMMAND_OK: The command is complete.
 * @IOMMU_GUEST_COMMAND_ILLEGAL: The command doesn't exist, the kernel doesn't
 *	forward it, or a reserved bit or value is set. An SMMUv3 would report
 *	CERROR_ILL.
 * @IOMMU_GUEST_COMMAND_NO_DEVICE: No device with this vSID is bound. The
 *	command is valid otherwise: a VMM that has other devices behind the
 *	guest's IOMMU goes on after it.
 * @IOMMU_GUEST_COMMAND_FAULT: The kernel can't read the command. An SMMUv3 would
 *	report CERROR_ABT.
 * @IOMMU_GUEST_COMMAND_TIMEOUT: The IOMMU didn't complete it in time, along
 *	with commands before it that aren't counted either. It is unknown which
 *	of those took effect.
 * @IOMMU_GUEST_COMMAND_BUSY: The device can't answer it, because it is being
 *	reset, is in a low power state, or is gone. The VMM tries again, or
 *	reports what an SMMUv3 does for an ATC_INV that isn't answered,
 *	CERROR_ATC_INV_SYNC.
 */
enum iommu_guest_command_error {
	IOMMU_GUEST_COMMAND_OK = 0,
	IOMMU_GUEST_COMMAND_ILLEGAL = 1,
	IOMMU_GUEST_COMMAND_NO_DEVICE = 2,
	IOMMU_GUEST_COMMAND_FAULT = 3,
	IOMMU_GUEST_COMMAND_TIMEOUT = 4,
	IOMMU_GUEST_COMMAND_BUSY = 5,
};

/**
 * struct iommu_guest_event_smmuv3 - An event of a guest's SMMUv3
 * @event: As the guest's SMMU would write it to its event queue, little-endian,
 *	with the vSID for the StreamID. One of C_BAD_SUBSTREAMID, C_BAD_CD,
 *	F_STREAM_DISABLED, F_TRANSLATION, F_ADDR_SIZE, F_ACCESS, F_PERMISSION,
 *	F_TLB_CONFLICT, F_CD_FETCH and F_WALK_EABT. Addresses are those that the
 *	guest knows: an InputAddr is an IOVA, and a FetchAddr is an IPA of which
 *	bits [11:3] are 0. A FetchAddr is 0 if the hardware did not record it,
 *	and if &iommu_guest_stage_info.coherency is
 *	%IOMMU_GUEST_STAGE_COHERENCY_DEVICE. The kernel chooses the STAG. All
 *	stalled transactions of a device have different ones.
 *
 * See section 7.3 of the Arm System Memory Management Unit Architecture
 * Specification, version 3 (IHI 0070).
 */
struct iommu_guest_event_smmuv3 {
	__le64	event[4];
};

/**
 * struct iommu_guest_fault - What a guest's IOMMU has to report to the guest
 * @sequence: How many faults came before, since the descriptor that this was
 *	read from was opened, those that were lost included
 * @lost: How many were lost between the previous record and this one, because
 *	they weren't read in time. A virtual queue that reports its overflows
 *	(SMMU_EVENTQ_PROD.OVFLG for an SMMUv3) has one then.
 * @flags: Any of
 *
 *	* %IOMMU_GUEST_FAULT_LOST_UNKNOWN: The queue that the hardware of all
 *	  guests shares was full. An unknown number of faults, perhaps none, was
 *	  lost in addition, which @sequence and @lost don't count.
 *	* %IOMMU_GUEST_FAULT_NO_EVENT: This only tells of a loss. @format and the
 *	  event are 0, and the next record has the same @sequence if nothing
 *	  else is lost.
 *	* %IOMMU_GUEST_FAULT_STALLED: The device's transaction waits for a
 *	  &struct iommu_guest_fault_response
 * @format: &enum iommu_guest_stage_format
 * @smmuv3: For %IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3
 */
struct iommu_guest_fault {
	__aligned_u64	sequence;
	__aligned_u64	lost;
	__u32	flags;
#define IOMMU_GUEST_FAULT_LOST_UNKNOWN		(1 << 0)
#define IOMMU_GUEST_FAULT_NO_EVENT		(1 << 1)
#define IOMMU_GUEST_FAULT_STALLED		(1 << 2)
	__u32	format;
	union {
		struct iommu_guest_event_smmuv3	smmuv3;
	};
};

/* How many records wait to be read, at most */
#define IOMMU_GUEST_FAULTS_MAX	1024

/*
 * How many transactions of a device wait for an answer, at most. All guests behind an
 * IOMMU together have half of what that can stall.
 */
#define IOMMU_GUEST_STALLS_MAX	64

/**
 * enum iommu_guest_fault_action - What becomes of a transaction that waits
 * @IOMMU_GUEST_FAULT_RETRY: It is tried again, and may fault again. For an
 *	SMMUv3 CMD_RESUME with Ac = 1.
 * @IOMMU_GUEST_FAULT_IGNORE: It ends as if it had succeeded: a read gets zeros,
 *	a write has no effect. CMD_RESUME with Ac = 0 and Ab = 0. An SMMU with
 *	SMMU_IDR0.TERM_MODEL = 1 aborts it instead.
 * @IOMMU_GUEST_FAULT_ABORT: The device gets an error. CMD_RESUME with Ac = 0 and
 *	Ab = 1.
 */
enum iommu_guest_fault_action {
	IOMMU_GUEST_FAULT_RETRY = 1,
	IOMMU_GUEST_FAULT_IGNORE = 2,
	IOMMU_GUEST_FAULT_ABORT = 3,
};

/**
 * struct iommu_guest_response_smmuv3 - Which transaction of a guest's SMMUv3
 * @stag: The STAG that the guest has from the event and gives back with its
 *	CMD_RESUME
 * @__reserved: Must be 0
 */
struct iommu_guest_response_smmuv3 {
	__u16	stag;
	__u16	__reserved[7];
};

/**
 * struct iommu_guest_fault_response - What a guest answers to a fault
 * @argsz: Size of this structure, in bytes
 * @flags: Must be 0
 * @format: &enum iommu_guest_stage_format
 * @vsid: What the guest calls the device
 * @action: &enum iommu_guest_fault_action
 * @__reserved: Must be 0
 * @smmuv3: For %IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3
 *
 * Written to the descriptor that the guest's faults are read from, one or more
 * at a time. write() returns how many bytes of whole responses have had their
 * effect, which may be fewer than it was given, or if the first had none fails
 * with
 *
 * * EINVAL - Not even one is there, or what is there isn't a multiple of one
 * * EINVAL - @argsz is another size, flags or padding are set, @format or
 *   @action has no such value
 * * EFAULT - It can't be read
 * * EINTR - The process is being killed
 * * ENOENT - No transaction of a device of this @vsid waits for this answer:
 *   there is no such device, or it was answered, or the kernel has aborted it
 *   since. An SMMUv3 has no effect and no error then.
 */
struct iommu_guest_fault_response {
	__u32	argsz;
	__u32	flags;
	__u32	format;
	__u32	vsid;
	__u32	action;
	__u32	__reserved;
	union {
		struct iommu_guest_response_smmuv3	smmuv3;
	};
};

#endif /* _UAPI_LINUX_IOMMU_H */
