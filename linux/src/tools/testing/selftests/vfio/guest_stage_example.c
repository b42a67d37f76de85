// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM that gives its guest the first stage of an Arm SMMUv3, from the first
 * open() to the last close(), in one file. Documentation/userspace-api/iommu.rst
 * goes through it step by step.
 *
 * usage: guest_stage_example [BDF]
 *
 * BDF, or else the first word of VFIO_SELFTESTS_BDF, is a PCI device that is bound
 * to vfio-pci. If it is QEMU's "edu", transfers show what each step means for DMA.
 *
 * Functions that start with guest_ do what a guest would do, to its own memory.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/iommu.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#define KSFT_SKIP	4

/* After how long without any a guest's faults are all there. */
#define FAULTS_MS	100

/* Guest memory: a block for the guest's IOMMU, and two for data. */
#define BLOCK_SIZE	0x200000ULL
#define RAM_SIZE	(3 * BLOCK_SIZE)
#define RAM_IPA		0x40000000ULL
#define DATA_IPA(n)	(RAM_IPA + (1 + (n)) * BLOCK_SIZE)

/* The guest's data structures, n being 0 or 1. */
#define STREAM_TABLE	RAM_IPA
#define CD_IPA(n)	(RAM_IPA + 0x1000 + (n) * 0x40)
#define TABLE_IPA(n)	(RAM_IPA + 0x2000 + (n) * 0x1000)
#define CMDQ_IPA	(RAM_IPA + 0x4000)
#define EVENTQ_ENTRIES	32
#define EVENTQ_IPA(n)	(RAM_IPA + 0x5000 + (n) % EVENTQ_ENTRIES * 32)

/* Where the guest's tables show a block of data to the device. */
#define IOVA		0x10000000ULL
/* And where they show nothing. */
#define NO_IOVA		0x20000000ULL

/* What the guest calls the device. */
#define VSID		5

/* Fields of section 5.2, Stream Table Entry, of IHI 0070, at their lowest bit. */
#define FIELD(x, bit)	((uint64_t)(x) << (bit))
#define STE_0_V		FIELD(1, 0)
#define STE_0_CONFIG(x)	FIELD(x, 1)
#define CONFIG_BYPASS	4
#define CONFIG_S1	5
#define STE_0_S1CONTEXTPTR	0x00ffffffffffffc0ULL
#define STE_1_S1CIR(x)	FIELD(x, 2)
#define STE_1_S1COR(x)	FIELD(x, 4)
#define STE_1_S1CSH(x)	FIELD(x, 6)

/* Fields of section 5.4, Context Descriptor. */
#define CD_0_T0SZ(x)	FIELD(x, 0)
#define CD_0_IR0(x)	FIELD(x, 8)
#define CD_0_OR0(x)	FIELD(x, 10)
#define CD_0_SH0(x)	FIELD(x, 12)
#define CD_0_EPD1	FIELD(1, 30)
#define CD_0_V		FIELD(1, 31)
#define CD_0_IPS(x)	FIELD(x, 32)
#define CD_0_AA64	FIELD(1, 41)
#define CD_0_R		FIELD(1, 45)
#define CD_0_A		FIELD(1, 46)
#define CD_0_ASET	FIELD(1, 47)
#define CD_0_ASID(x)	FIELD(x, 48)

/* Fields of chapter 4, Commands. */
#define CMD_0_OP	0xff
#define CMD_CFGI_CD	0x05
#define CMD_TLBI_NH_ASID	0x11
#define CMD_SYNC	0x46
#define CMD_0_SID(x)	FIELD(x, 32)
#define CMD_0_ASID(x)	FIELD(x, 48)
#define CMD_1_LEAF	FIELD(1, 0)

/* Fields of section 7.3.13, F_TRANSLATION. */
#define EVT_F_TRANSLATION	0x10
#define EVT_0_SID(x)	FIELD(x, 32)
#define EVT_1_RNW	FIELD(1, 35)
#define EVT_1_CLASS_IN	FIELD(2, 40)

/* Fields of section 6.3.1, SMMU_IDR0, and 6.3.6, SMMU_IDR5. */
#define IDR0_TTF_AARCH64	FIELD(2, 2)
#define IDR5_GRAN4K	FIELD(1, 4)

#define WRITE_BACK	1
#define INNER_SHAREABLE	3
#define IPS_40_BITS	2
#define MAIR_WRITE_BACK	0xff

/* A block of 2MB: valid, unprivileged, inner shareable, accessed, not global. */
#define PTE_BLOCK	(FIELD(1, 0) | FIELD(1, 6) | FIELD(INNER_SHAREABLE, 8) | \
			 FIELD(1, 10) | FIELD(1, 11))

/* QEMU's educational device: its registers, and where it has its buffer. */
#define EDU_IDS		0x11e81234
#define EDU_SRC		0x80
#define EDU_DST		0x88
#define EDU_COUNT	0x90
#define EDU_CMD		0x98
#define EDU_RUN		1
#define EDU_TO_MEMORY	2
#define EDU_BUFFER	0x40000
#define LEN		64

struct vmm {
	int container;
	int group;
	int device;
	int faults;
	uint8_t *ram;
	unsigned int eventq_prod;
	unsigned int eventq_cons;
	bool eventq_overflow;
	bool is_edu;
	unsigned int steps;
	bool failed;
};

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void skip(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(KSFT_SKIP);
}

static void step(struct vmm *vmm, bool ok, const char *what)
{
	printf("%sok %u %s\n", ok ? "" : "not ", ++vmm->steps, what);
	vmm->failed |= !ok;
}

static int open_group(const char *bdf)
{
	char path[PATH_MAX], target[PATH_MAX] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		die(path);
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	fd = open(path, O_RDWR);
	if (fd < 0)
		die(path);
	return fd;
}

/* Step 1: a container whose mappings are a second stage, and the device in it. */
static void vmm_open(struct vmm *vmm, const char *bdf)
{
	vmm->container = open("/dev/vfio/vfio", O_RDWR);
	if (vmm->container < 0)
		skip("no /dev/vfio/vfio");
	vmm->group = open_group(bdf);
	if (ioctl(vmm->group, VFIO_GROUP_SET_CONTAINER, &vmm->container))
		die("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(vmm->container, VFIO_SET_IOMMU, VFIO_TYPE1_NESTING_IOMMU))
		die("VFIO_SET_IOMMU");
	vmm->device = ioctl(vmm->group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	if (vmm->device < 0)
		die("VFIO_GROUP_GET_DEVICE_FD");
}

/* Only a container that has a device knows whether its hardware can nest. */
static bool vmm_can_nest(struct vmm *vmm)
{
	return ioctl(vmm->container, VFIO_CHECK_EXTENSION,
		     VFIO_TYPE1_NESTING_IOMMU) == 1;
}

/* Step 2: guest memory. The addresses that are mapped here are IPAs. */
static void vmm_map_ram(struct vmm *vmm)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = RAM_IPA,
		.size = RAM_SIZE,
	};

	vmm->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vmm->ram == MAP_FAILED)
		die("guest memory");
	map.vaddr = (uintptr_t)vmm->ram;
	if (ioctl(vmm->container, VFIO_IOMMU_MAP_DMA, &map))
		die("VFIO_IOMMU_MAP_DMA");
}

static uint64_t *guest_ptr(struct vmm *vmm, uint64_t ipa)
{
	return (uint64_t *)(vmm->ram + (ipa - RAM_IPA));
}

/* Bind, or replace what is bound. False for what this SMMU can't make sense of. */
static bool vmm_bind(struct vmm *vmm, struct iommu_guest_stage_config config)
{
	struct vfio_iommu_type1_bind_guest_stage bind = {
		.argsz = sizeof(bind),
		.device_fd = vmm->device,
	};

	config.argsz = sizeof(config);
	config.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	config.vsid = VSID;
	bind.config = config;
	if (!ioctl(vmm->container, VFIO_IOMMU_BIND_GUEST_STAGE, &bind))
		return true;
	if (errno == EPERM)
		die("the kernel lacks arm_smmu_v3.allow_unsafe_guest_stage=1");
	if (errno != EINVAL && errno != EOPNOTSUPP)
		die("VFIO_IOMMU_BIND_GUEST_STAGE");
	return false;
}

/*
 * Step 3: what the virtual SMMU may claim to have. The registers are those that
 * the guest is to read, but for what the VMM provides by itself. False if the
 * hardware doesn't have what the guest's tables here need.
 */
static bool vmm_ask(struct vmm *vmm)
{
	struct vfio_iommu_type1_guest_stage_info ask = {
		.argsz = sizeof(ask),
		.device_fd = vmm->device,
		.info.argsz = sizeof(ask.info),
	};

	if (ioctl(vmm->container, VFIO_IOMMU_GET_GUEST_STAGE_INFO, &ask))
		die("VFIO_IOMMU_GET_GUEST_STAGE_INFO");
	if (ask.info.coherency == IOMMU_GUEST_STAGE_COHERENCY_NONE)
		die("the kernel lacks arm_smmu_v3.allow_unsafe_guest_stage=1");
	return ask.info.format == IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 &&
	       (ask.info.smmuv3.idr[0] & IDR0_TTF_AARCH64) &&
	       (ask.info.smmuv3.idr[5] & IDR5_GRAN4K) &&
	       ask.info.ipa_bits >= 32;
}

/* Step 4: what the guest's SMMU has to report is going to be read from here. */
static void vmm_open_faults(struct vmm *vmm)
{
	struct vfio_iommu_type1_guest_fault_fd get = {
		.argsz = sizeof(get),
		.flags = O_CLOEXEC | O_NONBLOCK,
	};

	vmm->faults = ioctl(vmm->container, VFIO_IOMMU_GET_GUEST_FAULT_FD, &get);
	if (vmm->faults < 0)
		die("VFIO_IOMMU_GET_GUEST_FAULT_FD");
}

/* And the guest has an SMMU that it hasn't set up yet: nothing passes. */
static void vmm_abort(struct vmm *vmm)
{
	struct iommu_guest_stage_config config = {
		.state = IOMMU_GUEST_STAGE_ABORT,
	};

	if (!vmm_bind(vmm, config))
		die("IOMMU_GUEST_STAGE_ABORT");
}

/* Step 5: the guest shows data block @n to the device, by a table of one entry. */
static void guest_write_tables(struct vmm *vmm, unsigned int n)
{
	uint64_t *table = guest_ptr(vmm, TABLE_IPA(n));
	uint64_t *cd = guest_ptr(vmm, CD_IPA(n));

	table[IOVA / BLOCK_SIZE] = htole64(DATA_IPA(n) | PTE_BLOCK);
	/* 30 bits of address with 4KB granules: the walk starts at level 2. */
	cd[0] = htole64(CD_0_V | CD_0_AA64 | CD_0_R | CD_0_A | CD_0_ASET |
			CD_0_EPD1 | CD_0_T0SZ(64 - 30) | CD_0_IR0(WRITE_BACK) |
			CD_0_OR0(WRITE_BACK) | CD_0_SH0(INNER_SHAREABLE) |
			CD_0_IPS(IPS_40_BITS) | CD_0_ASID(1 + n));
	cd[1] = htole64(TABLE_IPA(n));
	cd[3] = htole64(MAIR_WRITE_BACK);
}

static void guest_write_ste(struct vmm *vmm, uint64_t ste_0)
{
	uint64_t *ste = guest_ptr(vmm, STREAM_TABLE + VSID * 64);

	ste[1] = htole64(STE_1_S1CIR(WRITE_BACK) | STE_1_S1COR(WRITE_BACK) |
			 STE_1_S1CSH(INNER_SHAREABLE));
	ste[0] = htole64(ste_0);
}

/*
 * What the guest's STE asks for. False if the virtual SMMU, which has no stage 2,
 * no substreams, no ATS and no stalls, calls it ILLEGAL. One that isn't valid may be
 * a step on the way to one that is.
 */
static bool vmm_read_ste(struct vmm *vmm, struct iommu_guest_stage_config *config)
{
	const uint64_t *ste = guest_ptr(vmm, STREAM_TABLE + VSID * 64);
	uint64_t ste_0 = le64toh(ste[0]), ste_1 = le64toh(ste[1]);

	memset(config, 0, sizeof(*config));
	config->state = IOMMU_GUEST_STAGE_ABORT;
	if (!(ste_0 & STE_0_V))
		return true;

	switch ((ste_0 >> 1) & 7) {
	case CONFIG_S1:
		config->state = IOMMU_GUEST_STAGE_TRANSLATE;
		config->base_ptr = ste_0 & STE_0_S1CONTEXTPTR;
		config->smmuv3.s1cir = (ste_1 >> 2) & 3;
		config->smmuv3.s1cor = (ste_1 >> 4) & 3;
		config->smmuv3.s1csh = (ste_1 >> 6) & 3;
		/* Reserved, acts as 0: nothing to give to the kernel. */
		if (config->smmuv3.s1csh == 1)
			config->smmuv3.s1csh = 0;
		return true;
	case CONFIG_BYPASS:
		config->state = IOMMU_GUEST_STAGE_BYPASS;
		return true;
	default:
		return !(ste_0 & STE_0_CONFIG(4));
	}
}

/*
 * Step 6: the guest's CMD_CFGI_STE has arrived, give the device what its STE says
 * now. False if the guest is to find a C_BAD_STE in its event queue: nobody but the
 * VMM can tell it.
 */
static bool vmm_cfgi_ste(struct vmm *vmm)
{
	struct iommu_guest_stage_config config;

	if (vmm_read_ste(vmm, &config) && vmm_bind(vmm, config))
		return true;
	vmm_abort(vmm);
	return false;
}

/* The guest has table 1 show data block 0 instead, and a new CD for it. */
static void guest_change_table(struct vmm *vmm)
{
	struct iommu_guest_command_smmuv3 *cmd =
		(void *)guest_ptr(vmm, CMDQ_IPA);
	uint64_t *table = guest_ptr(vmm, TABLE_IPA(1));

	table[IOVA / BLOCK_SIZE] = htole64(DATA_IPA(0) | PTE_BLOCK);
	*cmd++ = (struct iommu_guest_command_smmuv3){ {
		htole64(CMD_CFGI_CD | CMD_0_SID(VSID)), htole64(CMD_1_LEAF),
	} };
	*cmd++ = (struct iommu_guest_command_smmuv3){ {
		htole64(CMD_TLBI_NH_ASID | CMD_0_ASID(2)),
	} };
	*cmd = (struct iommu_guest_command_smmuv3){ { htole64(CMD_SYNC) } };
}

/*
 * Step 7: the guest has moved SMMU_CMDQ_PROD. All commands up to its CMD_SYNC are
 * handed on at once, where the guest has them. False if the guest is to find
 * CERROR_ILL or CERROR_ABT at the command that its queue has got to.
 */
static bool vmm_forward_commands(struct vmm *vmm)
{
	struct iommu_guest_command_smmuv3 *cmd =
		(void *)guest_ptr(vmm, CMDQ_IPA);
	struct vfio_iommu_type1_invalidate_guest_stage inv = {
		.argsz = sizeof(inv),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
	};
	unsigned int num = 0;

	while ((le64toh(cmd[num].cmd[0]) & CMD_0_OP) != CMD_SYNC)
		num++;
	while (num) {
		inv.commands = (uintptr_t)cmd;
		inv.count = num;
		if (!ioctl(vmm->container, VFIO_IOMMU_INVALIDATE_GUEST_STAGE,
			   &inv))
			return true;
		/* For a device of the guest's that isn't assigned: go on after it. */
		if (inv.error != IOMMU_GUEST_COMMAND_NO_DEVICE)
			return false;
		cmd += inv.done + 1;
		num -= inv.done + 1;
	}
	return true;
}

/*
 * What an SMMU does for an event: write it where SMMU_EVENTQ_PROD says, and interrupt
 * the guest. SMMU_EVENTQ_PROD.OVFLG tells of events that are lost.
 */
static void guest_eventq_write(struct vmm *vmm, const __le64 event[4])
{
	if (vmm->eventq_prod - vmm->eventq_cons == EVENTQ_ENTRIES)
		vmm->eventq_overflow = true;
	else
		memcpy(guest_ptr(vmm, EVENTQ_IPA(vmm->eventq_prod++)), event, 32);
}

/* Step 8: there are faults, they go to the guest's event queue. */
static void vmm_read_faults(struct vmm *vmm)
{
	struct pollfd readable = { .fd = vmm->faults, .events = POLLIN };
	struct iommu_guest_fault faults[8];
	ssize_t len, i;

	while (poll(&readable, 1, FAULTS_MS) == 1) {
		len = read(vmm->faults, faults, sizeof(faults));
		if (len <= 0)
			die("read faults");
		for (i = 0; i < len / (ssize_t)sizeof(faults[0]); i++) {
			if (faults[i].lost || (faults[i].flags &
					       IOMMU_GUEST_FAULT_LOST_UNKNOWN))
				vmm->eventq_overflow = true;
			if (!(faults[i].flags & IOMMU_GUEST_FAULT_NO_EVENT))
				guest_eventq_write(vmm, faults[i].smmuv3.event);
		}
	}
}

/* Step 9: the virtual SMMU is gone, and with it the guest's first stage. */
static void vmm_unbind(struct vmm *vmm)
{
	struct vfio_iommu_type1_unbind_guest_stage unbind = {
		.argsz = sizeof(unbind),
		.device_fd = vmm->device,
	};

	if (ioctl(vmm->container, VFIO_IOMMU_UNBIND_GUEST_STAGE, &unbind))
		die("VFIO_IOMMU_UNBIND_GUEST_STAGE");
}

/* Access to a region of the device, 4 bytes at a time. */
static off_t region(struct vmm *vmm, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(vmm->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		die("VFIO_DEVICE_GET_REGION_INFO");
	return info.offset;
}

static uint32_t region_read(struct vmm *vmm, unsigned int index, off_t offset)
{
	uint32_t val;

	if (pread(vmm->device, &val, sizeof(val), region(vmm, index) + offset) !=
	    sizeof(val))
		die("read a region");
	return le32toh(val);
}

static void region_write(struct vmm *vmm, unsigned int index, off_t offset,
			 uint32_t val)
{
	val = htole32(val);
	if (pwrite(vmm->device, &val, sizeof(val), region(vmm, index) + offset) !=
	    sizeof(val))
		die("write a region");
}

static void guest_probe(struct vmm *vmm)
{
	unsigned int config = VFIO_PCI_CONFIG_REGION_INDEX;

	vmm->is_edu = region_read(vmm, config, PCI_VENDOR_ID) == EDU_IDS;
	if (vmm->is_edu)
		region_write(vmm, config, PCI_COMMAND,
			     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void guest_run_edu(struct vmm *vmm, uint64_t src, uint64_t dst,
			  uint32_t cmd)
{
	unsigned int bar0 = VFIO_PCI_BAR0_REGION_INDEX;

	region_write(vmm, bar0, EDU_SRC, src);
	region_write(vmm, bar0, EDU_DST, dst);
	region_write(vmm, bar0, EDU_COUNT, LEN);
	region_write(vmm, bar0, EDU_CMD, cmd | EDU_RUN);
	while (region_read(vmm, bar0, EDU_CMD) & EDU_RUN)
		usleep(1000);
}

/*
 * Whether the device moves what is at @ipa when it is told to move what is at @addr,
 * by half a block: that is a read and a write. All of it arrives or nothing does.
 */
static bool moves(struct vmm *vmm, uint64_t addr, uint64_t ipa)
{
	uint64_t *from = guest_ptr(vmm, ipa);
	uint64_t *to = guest_ptr(vmm, ipa + BLOCK_SIZE / 2);
	static const uint64_t zeros[LEN / 8];
	unsigned int i;

	for (i = 0; i < LEN / 8; i++)
		from[i] = ((uint64_t)random() << 32) | random();
	memset(to, 0, LEN);
	guest_run_edu(vmm, addr, EDU_BUFFER, 0);
	guest_run_edu(vmm, EDU_BUFFER, addr + BLOCK_SIZE / 2, EDU_TO_MEMORY);
	if (!memcmp(to, from, LEN))
		return true;
	if (memcmp(to, zeros, LEN))
		die("a transfer that is neither blocked nor right");
	return false;
}

/* Whether data move by IPAs, by what table 0 shows, and by what table 1 shows. */
static void expect_dma(struct vmm *vmm, bool by_ipa, bool by_table_0,
		       bool by_table_1, const char *what)
{
	if (!vmm->is_edu) {
		printf("ok %u %s # SKIP the device is not QEMU's edu\n",
		       ++vmm->steps, what);
		return;
	}
	step(vmm, moves(vmm, DATA_IPA(0), DATA_IPA(0)) == by_ipa &&
	     moves(vmm, IOVA, DATA_IPA(0)) == by_table_0 &&
	     moves(vmm, IOVA, DATA_IPA(1)) == by_table_1, what);
}

/* The guest's driver for its SMMU finds an event for each access that failed. */
static bool guest_sees_fault(struct vmm *vmm)
{
	uint64_t *event;
	bool right = vmm->eventq_prod && !vmm->eventq_overflow;

	for (; vmm->eventq_cons != vmm->eventq_prod; vmm->eventq_cons++) {
		event = guest_ptr(vmm, EVENTQ_IPA(vmm->eventq_cons));
		right &= le64toh(event[0]) == (EVT_F_TRANSLATION |
					       EVT_0_SID(VSID)) &&
			 le64toh(event[1]) == (EVT_1_RNW | EVT_1_CLASS_IN) &&
			 le64toh(event[2]) - NO_IOVA < LEN && !event[3];
	}
	return right;
}

static void expect_fault(struct vmm *vmm)
{
	const char *what = "the guest is told of a fault";

	if (!vmm->is_edu) {
		printf("ok %u %s # SKIP the device is not QEMU's edu\n",
		       ++vmm->steps, what);
		return;
	}
	/* Those of the transfers that were meant to fail */
	vmm_read_faults(vmm);
	vmm->eventq_cons = vmm->eventq_prod;
	vmm->eventq_overflow = false;

	guest_run_edu(vmm, NO_IOVA, EDU_BUFFER, 0);
	vmm_read_faults(vmm);
	step(vmm, guest_sees_fault(vmm), what);
}

static void expect_guest_tables(struct vmm *vmm)
{
	guest_write_tables(vmm, 0);
	guest_write_ste(vmm, STE_0_V | STE_0_CONFIG(CONFIG_S1) | CD_IPA(0));
	step(vmm, vmm_cfgi_ste(vmm), "the guest's tables are bound");
	expect_dma(vmm, false, true, false, "the guest's tables translate");

	/* With an ASID of their own: nothing that is cached needs to go. */
	guest_write_tables(vmm, 1);
	guest_write_ste(vmm, STE_0_V | STE_0_CONFIG(CONFIG_S1) | CD_IPA(1));
	step(vmm, vmm_cfgi_ste(vmm), "other tables of the guest replace them");
	expect_dma(vmm, false, false, true, "the other tables translate");

	expect_fault(vmm);

	guest_change_table(vmm);
	step(vmm, vmm_forward_commands(vmm), "the guest invalidates what it changed");
	expect_dma(vmm, false, true, false, "its change is seen");
}

static void expect_bad_ste(struct vmm *vmm)
{
	guest_write_ste(vmm, 0);
	step(vmm, vmm_cfgi_ste(vmm), "an STE that isn't valid is no error yet");
	expect_dma(vmm, false, false, false, "nothing moves");

	guest_write_ste(vmm, STE_0_V | STE_0_CONFIG(CONFIG_S1) | STE_0_S1CONTEXTPTR);
	step(vmm, !vmm_cfgi_ste(vmm), "a pointer that is no IPA is the guest's C_BAD_STE");
	expect_dma(vmm, false, false, false, "nothing moves");
}

static void live(struct vmm *vmm)
{
	step(vmm, vmm_can_nest(vmm), "the hardware can nest");
	vmm_map_ram(vmm);
	guest_probe(vmm);
	expect_dma(vmm, true, false, false, "stage 2 alone: addresses are IPAs");

	step(vmm, vmm_ask(vmm), "the SMMU has what the guest needs");
	vmm_open_faults(vmm);
	vmm_abort(vmm);
	expect_dma(vmm, false, false, false, "not set up: nothing moves");
	expect_guest_tables(vmm);
	expect_bad_ste(vmm);

	guest_write_ste(vmm, STE_0_V | STE_0_CONFIG(CONFIG_BYPASS));
	step(vmm, vmm_cfgi_ste(vmm), "the guest bypasses its first stage");
	expect_dma(vmm, true, false, false, "bypass: addresses are IPAs");

	vmm_unbind(vmm);
	close(vmm->faults);
	expect_dma(vmm, true, false, false, "unbound: addresses are IPAs");
}

int main(int argc, char *argv[])
{
	char *bdf = argc > 1 ? argv[argc - 1] : getenv("VFIO_SELFTESTS_BDF");
	struct vmm vmm = { .steps = 0 };

	puts("TAP version 13");
	bdf = bdf ? strtok(bdf, " ") : NULL;
	if (!bdf)
		skip("needs a device, as an argument or in VFIO_SELFTESTS_BDF");

	vmm_open(&vmm, bdf);
	live(&vmm);
	printf("1..%u\n", vmm.steps);

	/* A device that is still bound would be unbound by its last close. */
	close(vmm.device);
	close(vmm.group);
	close(vmm.container);
	return vmm.failed;
}
