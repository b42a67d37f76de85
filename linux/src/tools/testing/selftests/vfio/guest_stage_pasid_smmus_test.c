// SPDX-License-Identifier: GPL-2.0-only
/*
 * A container has devices behind two SMMUs that differ. Queries, binds, invalidations and
 * unmaps reach the SMMU that the device is behind.
 */
#include <fcntl.h>
#include <linux/sizes.h>

#include <libvfio/guest_cds.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define GATE		"/sys/module/arm_smmu_v3/parameters/allow_unsafe_guest_stage"
#define IOVA		0x7000000000ULL
#define SIZE		64
#define PASID		3
#define IDR1_SSIDSIZE	GENMASK(10, 6)

/* What the guest has for one of the devices: at IOVA it has @page. */
struct side {
	struct vfio_pci_device *device;
	struct guest_cds cds;
	struct guest_table table;
	u64 page;
	u64 *vaddr;
};

FIXTURE(guest_stage_pasid_smmus)
{
	/* This one has the container and the first device. */
	struct vmm vmm;
	struct vfio_pci_device second;
	struct iommu_guest_stage_info info[2];
	struct side sides[2];
	int gate;
};

/* The first device that isn't behind the same SMMU as the first of all. */
static const char *behind_the_other(void)
{
	const char *bdf;
	unsigned int i;

	for (i = 1; (bdf = pasid_dma_bdf(i)); i++)
		if (!host_same_iommu(bdf, pasid_dma_bdf(0)))
			return bdf;
	return NULL;
}

static void map_page(struct side *side, struct guest_ram *ram)
{
	side->page = guest_ram_alloc(ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	side->vaddr = guest_ram_ptr(ram, side->page);
	guest_table_map(&side->table, IOVA, side->page, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

/* Only PASID has a descriptor. */
static void side_init(struct side *side, struct vfio_pci_device *device,
		      struct guest_ram *ram, u16 asid, u32 pasid_bits)
{
	side->device = device;
	guest_cds_init(&side->cds, ram, S1FMT_LINEAR, pasid_bits);
	guest_table_init(&side->table, ram, asid);
	map_page(side, ram);
	guest_cds_set(&side->cds, PASID, &side->table);
}

FIXTURE_SETUP(guest_stage_pasid_smmus)
{
	const char *second;
	unsigned int i;

	SKIP_WITHOUT_KIND(return, PASID_DMA);
	second = behind_the_other();
	if (!second)
		SKIP(return, "all devices of kind %s are behind one SMMU", PASID_DMA);
	self->gate = host_get_parameter(GATE);
	vmm_init(&self->vmm, pasid_dma_bdf(0));
	vfio_pci_device_open(&self->second, second, &self->vmm.container);
	guest_stage_info(&self->vmm.device, &self->info[0]);
	guest_stage_info(&self->second, &self->info[1]);
	for (i = 0; i < 2; i++) {
		SKIP_WITHOUT_PASIDS(return, i ? &self->second : &self->vmm.device, 3);
		side_init(&self->sides[i], i ? &self->second : &self->vmm.device,
			  &self->vmm.ram, GUEST_ASID + 1 + i, i ? 4 : 3);
	}
}

FIXTURE_TEARDOWN(guest_stage_pasid_smmus)
{
	vfio_pci_device_close(&self->second);
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
	if (self->gate >= 0)
		host_set_parameter(GATE, self->gate);
}

static void bind_side(struct side *side)
{
	guest_cds_bind(&side->cds, side->device, S1DSS_TERMINATE);
}

/* The device writes what no one else does, and it is in @side's page. */
static bool arrives(struct side *side)
{
	u64 *buffer = pasid_dma_buffer(side->device), pattern;

	pattern_fill(&pattern, sizeof(pattern));
	WRITE_ONCE(*buffer, pattern);
	return pasid_dma_write(side->device, PASID, IOVA, SIZE) == PASID_DMA_OK &&
	       READ_ONCE(*side->vaddr) == pattern;
}

/* Bind both devices. Whether what each of them writes arrives. */
static bool bind_both(struct side sides[2])
{
	bind_side(&sides[0]);
	bind_side(&sides[1]);
	return arrives(&sides[0]) && arrives(&sides[1]);
}

static bool is_refused(struct side *side)
{
	return pasid_dma_write(side->device, PASID, IOVA, SIZE) == PASID_DMA_ABORT;
}

/* Each device's query is answered by its own SMMU. */
TEST_F(guest_stage_pasid_smmus, query)
{
	struct iommu_guest_stage_info *info = self->info;
	unsigned int i;

	EXPECT_NE(info[0].pasid_bits, info[1].pasid_bits);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(info[i].pasid_bits,
			  FIELD_GET(IDR1_SSIDSIZE, info[i].smmuv3.idr[1]));
	EXPECT_EQ(info[0].ipa_bits, info[1].ipa_bits);
}

/* Each SMMU takes what it has room for, and refuses what only the other has. */
TEST_F(guest_stage_pasid_smmus, limits)
{
	struct iommu_guest_stage_config config;
	unsigned int i, bits;

	for (i = 0; i < 2; i++) {
		struct side *side = &self->sides[i];

		config = guest_cds_config(&side->cds, side->device, S1DSS_TERMINATE);
		config.base_ptr = 0;
		for (bits = 1; bits < 20; bits++) {
			config.pasid_bits = bits;
			EXPECT_EQ(bits <= self->info[i].pasid_bits ? 0 : -EINVAL,
				  __guest_stage_bind(side->device, &config));
		}
	}
}

TEST_F(guest_stage_pasid_smmus, bind_and_unbind)
{
	struct side *sides = self->sides;

	EXPECT_TRUE(bind_both(sides));
	guest_stage_unbind(sides[0].device);
	EXPECT_TRUE(is_refused(&sides[0]));
	EXPECT_TRUE(arrives(&sides[1]));
	bind_side(&sides[0]);
	guest_stage_unbind(sides[1].device);
	EXPECT_TRUE(is_refused(&sides[1]));
	EXPECT_TRUE(arrives(&sides[0]));
}

/* A command about a device's CD goes to the SMMU that the device is behind. */
TEST_F(guest_stage_pasid_smmus, invalidate_cd)
{
	struct iommu_guest_command_smmuv3 cmd;
	struct side *sides = self->sides, old[2];
	unsigned int i;

	EXPECT_TRUE(bind_both(sides));
	for (i = 0; i < 2; i++) {
		old[i] = sides[i];
		guest_table_init(&sides[i].table, &self->vmm.ram, GUEST_ASID + 3 + i);
		map_page(&sides[i], &self->vmm.ram);
		guest_cds_set(&sides[i].cds, PASID, &sides[i].table);
	}
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(arrives(&old[i]));
		cmd = guest_cmd_cfgi_cd_pasid(sides[i].device->vsid, PASID);
		guest_commands(&self->vmm.container, &cmd, 1);
		EXPECT_TRUE(arrives(&sides[i]));
	}
}

/* A command about the TLB goes to both SMMUs, because the guest sees one. */
TEST_F(guest_stage_pasid_smmus, invalidate_tlb)
{
	struct iommu_guest_command_smmuv3 cmd = guest_command(CMD_OP_TLBI_NSNH_ALL);
	struct side *sides = self->sides;
	unsigned int i;

	EXPECT_TRUE(bind_both(sides));
	for (i = 0; i < 2; i++) {
		guest_table_unmap(&sides[i].table, IOVA, GUEST_PAGE_SIZE);
		EXPECT_TRUE(arrives(&sides[i]));
	}
	guest_commands(&self->vmm.container, &cmd, 1);
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(is_refused(&sides[i]));
}

/* Memory that leaves stage 2 is out of reach through both SMMUs. */
TEST_F(guest_stage_pasid_smmus, unmap)
{
	struct side *sides = self->sides;
	unsigned int i;

	EXPECT_TRUE(bind_both(sides));
	guest_ram_unmap(&self->vmm.ram);
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(is_refused(&sides[i]));
	guest_ram_map(&self->vmm.ram);
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(arrives(&sides[i]));
}

/* The guest is told of the faults behind both SMMUs. */
TEST_F(guest_stage_pasid_smmus, faults)
{
	int fd = guest_fault_fd(&self->vmm.container, O_NONBLOCK | O_CLOEXEC);
	struct iommu_guest_fault fault;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct side *side = &self->sides[i];

		bind_side(side);
		EXPECT_EQ(PASID_DMA_ABORT, pasid_dma_write(side->device, PASID + 1, IOVA,
							   SIZE));
		guest_faults_expect(fd, &fault, 1);
		EXPECT_EQ(EVT_ID_C_BAD_CD, GUEST_FAULT_FIELD(&fault, 0, ID));
		EXPECT_EQ(side->device->vsid, GUEST_FAULT_FIELD(&fault, 0, SID));
		EXPECT_EQ(PASID + 1, GUEST_FAULT_FIELD(&fault, 0, SSID));
	}
	EXPECT_EQ(0, guest_faults_drain(fd));
	close(fd);
}

/*
 * Where stage 2 forces write-back, the gate is open whatever the administrator says. Where
 * stage 2 doesn't, only the administrator can open the gate.
 */
TEST_F(guest_stage_pasid_smmus, coherency)
{
	struct iommu_guest_stage_info info;
	unsigned int i, forced = 0;
	bool open;

	if (self->gate < 0)
		SKIP(return, "can't read " GATE);
	for (i = 0; i < 4; i++) {
		struct side *side = &self->sides[i % 2];

		open = i / 2;
		if (host_set_parameter(GATE, open))
			SKIP(return, "can't write " GATE);
		guest_stage_info(side->device, &info);
		if (info.coherency == IOMMU_GUEST_STAGE_COHERENCY_STAGE2) {
			forced++;
			bind_side(side);
			EXPECT_TRUE(arrives(side));
			continue;
		}
		EXPECT_EQ(open ? IOMMU_GUEST_STAGE_COHERENCY_VOUCHED :
				 IOMMU_GUEST_STAGE_COHERENCY_NONE, info.coherency);
		if (open) {
			bind_side(side);
			EXPECT_TRUE(arrives(side));
		} else {
			struct iommu_guest_stage_config config =
				guest_cds_config(&side->cds, side->device,
						 S1DSS_TERMINATE);

			EXPECT_EQ(-EPERM, __guest_stage_bind(side->device, &config));
			EXPECT_TRUE(is_refused(side));
		}
	}
	if (!forced)
		SKIP(return, "neither SMMU can force write-back");
	EXPECT_EQ(2, forced);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
