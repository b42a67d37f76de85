// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables with many PASIDs: each reaches its own memory, its descriptor comes and goes
 * while the device works, and what is wrong with a table hits who uses that part of it.
 */
#include <asm/byteorder.h>
#include <fcntl.h>
#include <linux/sizes.h>

#include <libvfio/guest_cds.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define IOVA		0x7000000000ULL
#define RAM_SIZE	SZ_32M
#define NR_MANY		1024
#define MANY_BITS	11
/* A transfer of one of many. */
#define SMALL		64
#define SMALL_WORDS	(SMALL / sizeof(u64))
#define PAGE_WORDS	(GUEST_PAGE_SIZE / sizeof(u64))

#define CDS_OF_PAGE	(GUEST_PAGE_SIZE / CD_SIZE)
#define PASID_BITS	12
#define PASID		1093
#define PERIOD_US	100

/* One address space of the guest: at IOVA it has @page. */
struct space {
	struct guest_table table;
	u64 page;
	u64 *vaddr;
};

FIXTURE(guest_stage_pasids)
{
	struct vmm vmm;
	struct guest_ram ram;
	struct guest_cds cds;
	struct space spaces[NR_MANY];
	int fd;
};

FIXTURE_VARIANT(guest_stage_pasids)
{
	enum s1fmt s1fmt;
};

FIXTURE_VARIANT_ADD(guest_stage_pasids, linear) { .s1fmt = S1FMT_LINEAR };
FIXTURE_VARIANT_ADD(guest_stage_pasids, leaves_of_4k) { .s1fmt = S1FMT_4K_L2 };
FIXTURE_VARIANT_ADD(guest_stage_pasids, leaves_of_64k) { .s1fmt = S1FMT_64K_L2 };

FIXTURE_SETUP(guest_stage_pasids)
{
	struct vmm *vmm = &self->vmm;

	self->fd = -1;
	SKIP_WITHOUT_KIND(return, PASID_DMA);
	vmm_init(vmm, vfio_selftests_device(PASID_DMA));
	SKIP_WITHOUT_PASIDS(return, &vmm->device, PASID_BITS);
	guest_ram_init(&self->ram, &vmm->container, GUEST_HIGH_RAM_IPA, RAM_SIZE);
	self->fd = guest_fault_fd(&vmm->container, O_NONBLOCK | O_CLOEXEC);
}

FIXTURE_TEARDOWN(guest_stage_pasids)
{
	if (self->fd >= 0)
		close(self->fd);
	vmm_cleanup(&self->vmm);
	guest_ram_cleanup(&self->ram);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static void space_init(struct space *space, struct guest_ram *ram, u16 asid)
{
	guest_table_init(&space->table, ram, asid);
	space->page = guest_ram_alloc(ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	space->vaddr = guest_ram_ptr(ram, space->page);
	guest_table_map(&space->table, IOVA, space->page, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

/* In all leaves, and never 0. */
static u32 pasid_of(unsigned int i)
{
	return 2 * i + 1;
}

/* The device copies what is at the beginning of the page, and knows it by PASID only. */
static bool copies(struct vfio_pci_device *device, u32 pasid)
{
	return pasid_dma_read(device, pasid, IOVA, SMALL) == PASID_DMA_OK &&
	       pasid_dma_write(device, pasid, IOVA + SMALL, SMALL) == PASID_DMA_OK;
}

static bool is_copied(const u64 *page)
{
	unsigned int i;

	for (i = 2 * SMALL_WORDS; i < PAGE_WORDS && !page[i]; i++)
		;
	return i == PAGE_WORDS && page[0] && !memcmp(page, page + SMALL_WORDS, SMALL);
}

TEST_F(guest_stage_pasids, many)
{
	struct vfio_pci_device *device = &self->vmm.device;
	struct space *spaces = self->spaces;
	unsigned int i;

	guest_cds_init(&self->cds, &self->ram, variant->s1fmt, MANY_BITS);
	for (i = 0; i < NR_MANY; i++) {
		space_init(&spaces[i], &self->ram, i + 1);
		pattern_fill(spaces[i].vaddr, SMALL);
		guest_cds_set(&self->cds, pasid_of(i), &spaces[i].table);
	}
	guest_cds_bind(&self->cds, device, S1DSS_TERMINATE);
	for (i = 0; i < NR_MANY; i++)
		ASSERT_TRUE(copies(device, pasid_of(i)));
	dma_barrier();
	for (i = 0; i < NR_MANY; i++)
		ASSERT_TRUE(is_copied(spaces[i].vaddr));
	/* Those in between have no descriptor. */
	EXPECT_EQ(PASID_DMA_ABORT, pasid_dma_read(device, pasid_of(NR_MANY / 2) + 1, IOVA,
						  SMALL));
	EXPECT_EQ(1, guest_faults_drain(self->fd));
}

static void invalidate_cd(struct vmm *vmm, u32 pasid)
{
	struct iommu_guest_command_smmuv3 cmd =
		guest_cmd_cfgi_cd_pasid(vmm->device.vsid, pasid);

	guest_commands(&vmm->container, &cmd, 1);
}

/* Whether all that the device writes now arrives in this space. */
static bool arrives_in(struct vfio_pci_device *device, struct space *space)
{
	u32 failed = pasid_dma_failed(device);

	memset(space->vaddr, 0, SMALL);
	dma_barrier();
	if (!pasid_dma_goes_on(pasid_dma_succeeded, device))
		return false;
	dma_barrier();
	return READ_ONCE(*space->vaddr) == READ_ONCE(*pasid_dma_buffer(device)) &&
	       pasid_dma_failed(device) == failed;
}

static void start_writes(struct vfio_pci_device *device, u32 pasid)
{
	u64 pattern;

	pattern_fill(&pattern, sizeof(pattern));
	WRITE_ONCE(*pasid_dma_buffer(device), pattern);
	pasid_dma_set_pasid(device, pasid);
	pasid_dma_repeat_write(device, IOVA, SMALL, PERIOD_US);
}

/* Added, changed and removed while the device uses it: seen when invalidated, by PASID. */
TEST_F(guest_stage_pasids, descriptor_under_dma)
{
	struct space *old = &self->spaces[0], *new = &self->spaces[1];
	struct vfio_pci_device *device = &self->vmm.device;
	struct guest_cds *cds = &self->cds;
	struct vmm *vmm = &self->vmm;
	u64 cd;

	SKIP_WITHOUT_ORACLE(return);
	guest_cds_init(cds, &self->ram, variant->s1fmt, PASID_BITS);
	space_init(old, &self->ram, 1);
	space_init(new, &self->ram, 2);
	/* Its leaf is there. */
	cd = guest_cds_address(cds, PASID);
	guest_cds_bind(cds, device, S1DSS_TERMINATE);
	start_writes(device, PASID);
	EXPECT_TRUE(pasid_dma_goes_on(pasid_dma_failed, device));
	EXPECT_EQ(0, pasid_dma_succeeded(device));

	guest_cds_set(cds, PASID, &old->table);
	invalidate_cd(vmm, PASID);
	EXPECT_TRUE(arrives_in(device, old));

	guest_cds_set(cds, PASID, &new->table);
	EXPECT_TRUE(arrives_in(device, old));
	invalidate_cd(vmm, PASID + 1);
	invalidate_cd(vmm, 0);
	EXPECT_TRUE(arrives_in(device, old));
	EXPECT_EQ(0, *new->vaddr);
	invalidate_cd(vmm, PASID);
	EXPECT_TRUE(arrives_in(device, new));
	memset(old->vaddr, 0, SMALL);
	EXPECT_TRUE(arrives_in(device, new));
	EXPECT_EQ(0, *old->vaddr);

	memset(guest_ram_ptr(&self->ram, cd), 0, CD_SIZE);
	EXPECT_TRUE(arrives_in(device, new));
	invalidate_cd(vmm, PASID);
	memset(new->vaddr, 0, SMALL);
	EXPECT_TRUE(pasid_dma_goes_on(pasid_dma_failed, device));
	EXPECT_EQ(0, *new->vaddr);
	pasid_dma_stop(device);
}

/* From a linear table to this format and back, while the device goes on. */
TEST_F(guest_stage_pasids, rebind)
{
	struct space *old = &self->spaces[0], *new = &self->spaces[1];
	struct vfio_pci_device *device = &self->vmm.device;
	struct guest_cds other;
	unsigned int i;

	guest_cds_init(&self->cds, &self->ram, S1FMT_LINEAR, PASID_BITS);
	guest_cds_init(&other, &self->ram, variant->s1fmt, PASID_BITS);
	space_init(old, &self->ram, 1);
	space_init(new, &self->ram, 2);
	guest_cds_set(&self->cds, PASID, &old->table);
	guest_cds_set(&other, PASID, &new->table);
	guest_cds_bind(&self->cds, device, S1DSS_TERMINATE);
	start_writes(device, PASID);
	for (i = 0; i < 4; i++) {
		EXPECT_TRUE(arrives_in(device, old));
		guest_cds_bind(&other, device, S1DSS_TERMINATE);
		EXPECT_TRUE(arrives_in(device, new));
		guest_cds_bind(&self->cds, device, S1DSS_TERMINATE);
	}
	EXPECT_EQ(0, pasid_dma_failed(device));
	pasid_dma_stop(device);
}

/* The one event of a transfer that is refused. @fetch_addr is of an F_CD_FETCH. */
static bool is_refused(struct vmm *vmm, int fd, u32 pasid, u8 id, u64 fetch_addr)
{
	bool ssv = id != EVT_ID_C_BAD_SUBSTREAMID;
	struct iommu_guest_fault fault;

	if (pasid_dma_write(&vmm->device, pasid, IOVA, SMALL) != PASID_DMA_ABORT)
		return false;
	guest_faults_expect(fd, &fault, 1);
	return guest_fault_word(&fault, 0) == (FIELD_PREP(EVT_0_ID, id) |
					       FIELD_PREP(EVT_0_SSV, ssv) |
					       FIELD_PREP(EVT_0_SSID, pasid) |
					       FIELD_PREP(EVT_0_SID, vmm->device.vsid)) &&
	       !guest_fault_word(&fault, 1) && !guest_fault_word(&fault, 2) &&
	       guest_fault_word(&fault, 3) == fetch_addr && !guest_faults_drain(fd);
}

/* Stage 2 has one page of the table, or of its leaves. The next is missing. */
TEST_F(guest_stage_pasids, partly_outside_stage2)
{
	struct vfio_pci_device *device = &self->vmm.device;
	struct space *space = &self->spaces[0];
	struct guest_cds *cds = &self->cds;
	struct guest_ram page;
	__le64 *l1;
	u64 next;

	guest_ram_init(&page, &self->vmm.container, self->ram.ipa + self->ram.size,
		       GUEST_PAGE_SIZE);
	next = page.ipa + GUEST_PAGE_SIZE;
	space_init(space, &self->ram, 1);
	memcpy(guest_ram_ptr(&page, page.ipa + CD_SIZE), guest_table_cd(&space->table),
	       CD_SIZE);
	guest_cds_init(cds, &self->ram, variant->s1fmt, PASID_BITS);
	l1 = guest_ram_ptr(&self->ram, cds->base);
	if (variant->s1fmt == S1FMT_LINEAR)
		cds->base = page.ipa;
	else
		l1[0] = __cpu_to_le64(page.ipa | L1CD_V);
	if (variant->s1fmt == S1FMT_4K_L2)
		l1[1] = __cpu_to_le64(next | L1CD_V);
	guest_cds_bind(cds, device, S1DSS_TERMINATE);
	EXPECT_TRUE(copies(device, 1));
	EXPECT_TRUE(is_refused(&self->vmm, self->fd, CDS_OF_PAGE, EVT_ID_F_CD_FETCH, next));
	EXPECT_TRUE(is_refused(&self->vmm, self->fd, CDS_OF_PAGE + 5, EVT_ID_F_CD_FETCH,
			       next));
	EXPECT_TRUE(copies(device, 1));
	guest_ram_cleanup(&page);
}

TEST_F(guest_stage_pasids, outside_stage2)
{
	struct guest_cds cds = { .fmt = variant->s1fmt, .bits = PASID_BITS,
				 .base = UNMAPPED_IPA };

	guest_cds_bind(&cds, &self->vmm.device, S1DSS_SSID0);
	EXPECT_TRUE(is_refused(&self->vmm, self->fd, 1, EVT_ID_F_CD_FETCH, UNMAPPED_IPA));
}

/* By section 5.3, and 7.3.9 for an address that no guest has. */
TEST_F(guest_stage_pasids, first_level)
{
	struct vfio_pci_device *device = &self->vmm.device;
	struct guest_cds *cds = &self->cds;
	struct vmm *vmm = &self->vmm;
	__le64 *l1, good;

	if (variant->s1fmt == S1FMT_LINEAR)
		SKIP(return, "a linear table has none");
	guest_cds_init(cds, &self->ram, variant->s1fmt, PASID_BITS);
	/* Alone in what it could be taken for */
	cds->base = guest_ram_alloc(&self->ram, SZ_64K, SZ_64K);
	space_init(&self->spaces[0], &self->ram, 1);
	guest_cds_set(cds, PASID, &self->spaces[0].table);
	l1 = guest_cds_l1(cds, PASID);
	good = *l1;

	*l1 = good & ~__cpu_to_le64(L1CD_V);
	guest_cds_bind(cds, device, S1DSS_TERMINATE);
	EXPECT_TRUE(is_refused(vmm, self->fd, PASID, EVT_ID_C_BAD_SUBSTREAMID, 0));
	*l1 = __cpu_to_le64(BIT_ULL(51) | L1CD_V);
	guest_cds_bind(cds, device, S1DSS_TERMINATE);
	EXPECT_TRUE(is_refused(vmm, self->fd, PASID, EVT_ID_C_BAD_SUBSTREAMID, 0));
	/* Itself: what is there is no valid descriptor. */
	*l1 = __cpu_to_le64(cds->base | L1CD_V);
	guest_cds_bind(cds, device, S1DSS_TERMINATE);
	EXPECT_TRUE(is_refused(vmm, self->fd, PASID, EVT_ID_C_BAD_CD, 0));
	/* Bits that are ignored, and for large leaves more that have to be 0. */
	*l1 = good | __cpu_to_le64(variant->s1fmt == S1FMT_4K_L2 ? GENMASK_ULL(11, 1) :
								  GENMASK_ULL(15, 1));
	guest_cds_bind(cds, device, S1DSS_TERMINATE);
	EXPECT_TRUE(copies(device, PASID));
	EXPECT_EQ(0, guest_faults_drain(self->fd));
}

/* The last PASID of tables of all sizes, and the first that is beyond. */
TEST_F(guest_stage_pasids, edges)
{
	struct vfio_pci_device *device = &self->vmm.device;
	struct guest_cds *cds = &self->cds;
	struct iommu_guest_stage_info info;
	u32 beyond;

	guest_stage_info(device, &info);
	guest_cds_init(cds, &self->ram, variant->s1fmt, info.pasid_bits);
	space_init(&self->spaces[0], &self->ram, 1);
	for (cds->bits = 1; cds->bits <= info.pasid_bits; cds->bits++) {
		beyond = 1U << cds->bits;
		guest_cds_set(cds, beyond - 1, &self->spaces[0].table);
		guest_cds_bind(cds, device, S1DSS_TERMINATE);
		EXPECT_TRUE(copies(device, beyond - 1));
		if (beyond >> pasid_dma_width(device))
			continue;
		EXPECT_TRUE(is_refused(&self->vmm, self->fd, beyond,
				       EVT_ID_C_BAD_SUBSTREAMID, 0));
	}
}

/* The highest bit of the pointer that has to be 0, by section 5.2, S1Fmt. */
static unsigned int highest_zero(enum s1fmt s1fmt, unsigned int bits)
{
	switch (s1fmt) {
	case S1FMT_LINEAR:
		return bits + 5;
	case S1FMT_4K_L2:
		return bits > 9 ? bits - 4 : 5;
	default:
		return bits > 13 ? bits - 8 : 5;
	}
}

TEST_F(guest_stage_pasids, alignment)
{
	struct vfio_pci_device *device = &self->vmm.device;
	struct guest_cds cds = { .fmt = variant->s1fmt };
	struct iommu_guest_stage_config config;
	struct iommu_guest_stage_info info;
	unsigned int bit, highest;

	guest_stage_info(device, &info);
	for (cds.bits = 1; cds.bits <= info.pasid_bits; cds.bits++) {
		config = guest_cds_config(&cds, device, S1DSS_TERMINATE);
		highest = highest_zero(cds.fmt, cds.bits);
		for (bit = 0; bit < info.ipa_bits; bit++) {
			config.base_ptr = BIT_ULL(bit);
			EXPECT_EQ(bit <= highest ? -EINVAL : 0,
				  __guest_stage_bind(device, &config)) {
				TH_LOG("%u bits of PASID, bit %u", cds.bits, bit);
			}
		}
		/* Within the guest's addresses up to the table's end */
		config.base_ptr = BIT_ULL(info.ipa_bits) - BIT_ULL(highest + 1);
		EXPECT_EQ(0, __guest_stage_bind(device, &config));
		config.base_ptr = BIT_ULL(info.ipa_bits);
		EXPECT_EQ(-EINVAL, __guest_stage_bind(device, &config));
	}
}

TEST_F(guest_stage_pasids, reserved)
{
	struct guest_cds cds = { .fmt = variant->s1fmt, .bits = 1 };
	struct vfio_pci_device *device = &self->vmm.device;
	struct iommu_guest_stage_config good, config;
	struct iommu_guest_stage_info info;

	guest_stage_info(device, &info);
	good = guest_cds_config(&cds, device, S1DSS_SSID0);
	config = good;
	config.smmuv3.s1fmt = 3;
	EXPECT_EQ(-EINVAL, __guest_stage_bind(device, &config));
	config.pasid_bits = 0;
	EXPECT_EQ(0, __guest_stage_bind(device, &config));
	config = good;
	config.smmuv3.s1dss = 3;
	EXPECT_EQ(-EINVAL, __guest_stage_bind(device, &config));
	config.pasid_bits = 0;
	EXPECT_EQ(0, __guest_stage_bind(device, &config));
	config = good;
	for (config.pasid_bits = info.pasid_bits + 1; config.pasid_bits <= 64;
	     config.pasid_bits++)
		EXPECT_EQ(-EINVAL, __guest_stage_bind(device, &config));
	config.pasid_bits = 1U << 31;
	EXPECT_EQ(-EINVAL, __guest_stage_bind(device, &config));
	config.pasid_bits = info.pasid_bits;
	EXPECT_EQ(0, __guest_stage_bind(device, &config));
}

/* Of section 6.3. */
#define IDR0_CD2L	BIT(19)
#define IDR1_SSIDSIZE	GENMASK(10, 6)

/* What the SMMU has, and no more than the device. */
TEST(guest_stage_pasid_limits)
{
	struct iommu_guest_stage_info info;
	struct vfio_pci_device *device;
	unsigned int i, width, smmu;
	const char *bdf;
	struct vmm vmm;

	SKIP_WITHOUT_KIND(return, PASID_DMA);
	SKIP_WITHOUT_ORACLE(return);
	smmu = FIELD_GET(IDR1_SSIDSIZE, oracle_register(4));
	for (i = 0; (bdf = pasid_dma_bdf(i)); i++) {
		if (!host_same_iommu(bdf, pasid_dma_bdf(0)))
			continue;
		vmm_init(&vmm, bdf);
		device = &vmm.device;
		width = pasid_dma_width(device);
		guest_stage_info(device, &info);
		EXPECT_EQ(width < smmu ? width : smmu, info.pasid_bits);
		EXPECT_EQ(info.pasid_bits, FIELD_GET(IDR1_SSIDSIZE, info.smmuv3.idr[1]));
		EXPECT_EQ(info.pasid_bits ? oracle_register(0) & IDR0_CD2L : 0,
			  info.smmuv3.idr[0] & IDR0_CD2L);
		vmm_cleanup(&vmm);
	}
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
