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

/* Guest memory: a block for the guest's IOMMU, and two for data. */
#define BLOCK_SIZE	0x200000ULL
#define RAM_SIZE	(3 * BLOCK_SIZE)
#define RAM_IPA		0x40000000ULL
#define DATA_IPA(n)	(RAM_IPA + (1 + (n)) * BLOCK_SIZE)

/* The guest's data structures, n being 0 or 1. */
#define STREAM_TABLE	RAM_IPA
#define CD_IPA(n)	(RAM_IPA + 0x1000 + (n) * 0x40)
#define TABLE_IPA(n)	(RAM_IPA + 0x2000 + (n) * 0x1000)

/* Where the guest's tables show a block of data to the device. */
#define IOVA		0x10000000ULL

/* What the guest calls the device. */
#define VSID		5

/* Fields of section 5.2, Stream Table Entry, of IHI 0070. */
#define STE_0_V		(1ULL << 0)
#define STE_0_CONFIG(x)	((uint64_t)(x) << 1)
#define STE_0_S1CONTEXTPTR	0x00ffffffffffffc0ULL
#define CONFIG_BYPASS	4
#define CONFIG_S1	5
#define STE_1_S1CIR(x)	((uint64_t)(x) << 2)
#define STE_1_S1COR(x)	((uint64_t)(x) << 4)
#define STE_1_S1CSH(x)	((uint64_t)(x) << 6)

/* Fields of section 5.4, Context Descriptor. */
#define CD_0_T0SZ(x)	((uint64_t)(x) << 0)
#define CD_0_IR0(x)	((uint64_t)(x) << 8)
#define CD_0_OR0(x)	((uint64_t)(x) << 10)
#define CD_0_SH0(x)	((uint64_t)(x) << 12)
#define CD_0_EPD1	(1ULL << 30)
#define CD_0_V		(1ULL << 31)
#define CD_0_IPS(x)	((uint64_t)(x) << 32)
#define CD_0_AA64	(1ULL << 41)
#define CD_0_R		(1ULL << 45)
#define CD_0_A		(1ULL << 46)
#define CD_0_ASET	(1ULL << 47)
#define CD_0_ASID(x)	((uint64_t)(x) << 48)

#define WRITE_BACK	1
#define INNER_SHAREABLE	3
#define IPS_40_BITS	2
#define MAIR_WRITE_BACK	0xff

/* A block of 2MB: valid, access flag, inner shareable, unprivileged, not global. */
#define PTE_BLOCK	(1ULL | 1ULL << 10 | 3ULL << 8 | 1ULL << 6 | 1ULL << 11)

/* QEMU's educational device. */
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
	uint8_t *ram;
	volatile uint64_t *edu;
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

/* Bind, or replace what is bound. */
static void vmm_bind(struct vmm *vmm, struct iommu_guest_stage_config config)
{
	struct vfio_iommu_type1_bind_guest_stage bind = {
		.argsz = sizeof(bind),
		.device_fd = vmm->device,
	};

	config.argsz = sizeof(config);
	config.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	config.vsid = VSID;
	bind.config = config;
	if (ioctl(vmm->container, VFIO_IOMMU_BIND_GUEST_STAGE, &bind))
		die(errno == EPERM ?
		    "VFIO_IOMMU_BIND_GUEST_STAGE, without arm_smmu_v3.allow_unsafe_guest_stage" :
		    "VFIO_IOMMU_BIND_GUEST_STAGE");
}

/* Step 3: the guest has an SMMU and has not set it up: nothing passes. */
static void vmm_reset_smmu(struct vmm *vmm)
{
	struct iommu_guest_stage_config config = {
		.state = IOMMU_GUEST_STAGE_ABORT,
	};

	vmm_bind(vmm, config);
}

/* Step 4: the guest shows data block @n to the device, by a table of one entry. */
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
 * no substreams, no ATS and no stalls, calls it ILLEGAL.
 */
static bool vmm_read_ste(struct vmm *vmm, struct iommu_guest_stage_config *config)
{
	const uint64_t *ste = guest_ptr(vmm, STREAM_TABLE + VSID * 64);
	uint64_t ste_0 = le64toh(ste[0]), ste_1 = le64toh(ste[1]);

	memset(config, 0, sizeof(*config));
	config->state = IOMMU_GUEST_STAGE_ABORT;
	if (!(ste_0 & STE_0_V))
		return false;

	switch ((ste_0 >> 1) & 7) {
	case CONFIG_S1:
		config->state = IOMMU_GUEST_STAGE_TRANSLATE;
		config->base_ptr = ste_0 & STE_0_S1CONTEXTPTR;
		config->smmuv3.s1cir = (ste_1 >> 2) & 3;
		config->smmuv3.s1cor = (ste_1 >> 4) & 3;
		config->smmuv3.s1csh = (ste_1 >> 6) & 3;
		/* Reserved, and the same as 0: not a value for the kernel. */
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
 * Step 5: the guest's CMD_CFGI_STE has arrived: give the device what its STE asks
 * for now. Returns whether that is to be answered by a C_BAD_STE in the guest's
 * event queue as soon as the device makes a transaction.
 */
static bool vmm_cfgi_ste(struct vmm *vmm)
{
	struct iommu_guest_stage_config config;
	bool legal = vmm_read_ste(vmm, &config);

	vmm_bind(vmm, config);
	return !legal;
}

/* Step 6: the virtual SMMU is gone, and with it the guest's first stage. */
static void vmm_unbind(struct vmm *vmm)
{
	struct vfio_iommu_type1_unbind_guest_stage unbind = {
		.argsz = sizeof(unbind),
		.device_fd = vmm->device,
	};

	if (ioctl(vmm->container, VFIO_IOMMU_UNBIND_GUEST_STAGE, &unbind))
		die("VFIO_IOMMU_UNBIND_GUEST_STAGE");
}

static off_t vmm_region(struct vmm *vmm, unsigned int index, size_t *size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(vmm->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		die("VFIO_DEVICE_GET_REGION_INFO");
	*size = info.size;
	return info.offset;
}

static void guest_probe_edu(struct vmm *vmm)
{
	size_t size;
	off_t config = vmm_region(vmm, VFIO_PCI_CONFIG_REGION_INDEX, &size);
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	uint32_t ids;
	off_t bar0;

	if (pread(vmm->device, &ids, sizeof(ids), config) != sizeof(ids))
		die("configuration space");
	if (le32toh(ids) != EDU_IDS)
		return;
	command = htole16(command);
	if (pwrite(vmm->device, &command, sizeof(command),
		   config + PCI_COMMAND) != sizeof(command))
		die("configuration space");
	bar0 = vmm_region(vmm, VFIO_PCI_BAR0_REGION_INDEX, &size);
	vmm->edu = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			vmm->device, bar0);
	if (vmm->edu == MAP_FAILED)
		die("BAR 0");
}

static void barrier(void)
{
#ifdef __aarch64__
	asm volatile("dsb sy" : : : "memory");
#else
	__sync_synchronize();
#endif
}

static void guest_run_edu(struct vmm *vmm, uint64_t src, uint64_t dst, uint64_t cmd)
{
	barrier();
	vmm->edu[EDU_SRC / 8] = htole64(src);
	vmm->edu[EDU_DST / 8] = htole64(dst);
	vmm->edu[EDU_COUNT / 8] = htole64(LEN);
	vmm->edu[EDU_CMD / 8] = htole64(cmd | EDU_RUN);
	while (le64toh(vmm->edu[EDU_CMD / 8]) & EDU_RUN)
		usleep(1000);
	barrier();
}

/*
 * Whether the device, told to move data at @addr, moves those at @ipa: @addr is read,
 * and what was read is written half a block further. Nothing or all of it may arrive.
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

/* By which addresses data move, "-" for none: of guest memory, or of tables 0 or 1. */
static void expect_dma(struct vmm *vmm, bool by_ipa, bool by_table_0,
		       bool by_table_1, const char *what)
{
	if (!vmm->edu) {
		printf("ok %u %s # SKIP the device is not QEMU's edu\n",
		       ++vmm->steps, what);
		return;
	}
	step(vmm, moves(vmm, DATA_IPA(0), DATA_IPA(0)) == by_ipa &&
	     moves(vmm, IOVA, DATA_IPA(0)) == by_table_0 &&
	     moves(vmm, IOVA, DATA_IPA(1)) == by_table_1, what);
}

static void live(struct vmm *vmm)
{
	step(vmm, vmm_can_nest(vmm), "the hardware can nest");
	vmm_map_ram(vmm);
	guest_probe_edu(vmm);
	expect_dma(vmm, true, false, false, "stage 2 alone: addresses are IPAs");

	vmm_reset_smmu(vmm);
	expect_dma(vmm, false, false, false, "not set up: nothing moves");

	guest_write_tables(vmm, 0);
	guest_write_ste(vmm, STE_0_V | STE_0_CONFIG(CONFIG_S1) | CD_IPA(0));
	step(vmm, !vmm_cfgi_ste(vmm), "the guest's tables are bound");
	expect_dma(vmm, false, true, false, "addresses go by the guest's tables");

	guest_write_tables(vmm, 1);
	guest_write_ste(vmm, STE_0_V | STE_0_CONFIG(CONFIG_S1) | CD_IPA(1));
	step(vmm, !vmm_cfgi_ste(vmm), "other tables replace them");
	expect_dma(vmm, false, false, true, "addresses go by the other tables");

	guest_write_ste(vmm, 0);
	step(vmm, vmm_cfgi_ste(vmm), "an invalid STE is the guest's C_BAD_STE");
	expect_dma(vmm, false, false, false, "nothing moves");

	guest_write_ste(vmm, STE_0_V | STE_0_CONFIG(CONFIG_BYPASS));
	step(vmm, !vmm_cfgi_ste(vmm), "the guest bypasses its first stage");
	expect_dma(vmm, true, false, false, "addresses are IPAs");

	vmm_unbind(vmm);
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
