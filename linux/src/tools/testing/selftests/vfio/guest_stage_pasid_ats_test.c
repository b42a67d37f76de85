// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device with PASIDs and an ATC under a guest stage: what is switched in the device, and
 * when its ATC is told to forget.
 */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <pthread.h>

#include <libvfio/guest_cds.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define IDR0_ATS	BIT(10)
#define PASID_BITS	10
#define PASID		5
#define IOVA		0x7000000000ULL
#define NO_IOVA		0x7100000000ULL
#define SIZE		64
#define RESETS		3
#define QUIET_MS	200

#define CMD_ATC_SSV	BIT_ULL(11)
#define CMD_ATC_GLOBAL	BIT_ULL(9)
#define CMD_ATC_SSID	GENMASK_ULL(31, 12)
#define CMD_ATC_SID	GENMASK_ULL(63, 32)

FIXTURE(guest_stage_pasid_ats)
{
	struct vmm vmm;
	struct guest_cds cds;
	struct guest_ram page;
};

FIXTURE_SETUP(guest_stage_pasid_ats)
{
	struct iommu_guest_stage_info info;
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_KIND(return, PASID_DMA);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(vmm, vfio_selftests_device(PASID_DMA));
	SKIP_WITHOUT_PASIDS(return, &vmm->device, PASID_BITS);
	guest_stage_info(&vmm->device, &info);
	if (!(info.smmuv3.idr[0] & IDR0_ATS))
		SKIP(return, "%s can't have ATS", vmm->device.bdf);
	guest_cds_init(&self->cds, &vmm->ram, S1FMT_LINEAR, PASID_BITS);
	guest_table_map(&vmm->table, IOVA, vmm->dst.ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_cds_set(&self->cds, PASID, &vmm->table);
	guest_ram_init(&self->page, &vmm->container, GUEST_HIGH_RAM_IPA, GUEST_PAGE_SIZE);
}

FIXTURE_TEARDOWN(guest_stage_pasid_ats)
{
	vmm_cleanup(&self->vmm);
	guest_ram_cleanup(&self->page);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static u32 read_config(int fd, off_t offset)
{
	u32 val;

	VFIO_ASSERT(pread(fd, &val, sizeof(val), offset) == sizeof(val), "config");
	return val;
}

/* The device's own configuration space, which no guest sees, and where a capability is. */
static int open_capability(struct vfio_pci_device *device, u16 id, u32 *pos)
{
	char path[128];
	u32 header;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", device->bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	VFIO_ASSERT(fd >= 0, "%s", path);
	*pos = PCI_CFG_SPACE_SIZE;
	do {
		VFIO_ASSERT(*pos, "%s has no capability %#x", device->bdf, id);
		header = read_config(fd, *pos);
		if (PCI_EXT_CAP_ID(header) == id)
			return fd;
		*pos = PCI_EXT_CAP_NEXT(header);
	} while (true);
}

static u16 read_capability(struct vfio_pci_device *device, u16 id, u16 offset)
{
	u32 pos;
	int fd = open_capability(device, id, &pos);
	u16 val;

	VFIO_ASSERT(pread(fd, &val, sizeof(val), pos + offset) == sizeof(val), "config");
	close(fd);
	return val;
}

static void write_capability(struct vfio_pci_device *device, u16 id, u16 offset, u16 val)
{
	u32 pos;
	int fd = open_capability(device, id, &pos);

	VFIO_ASSERT(pwrite(fd, &val, sizeof(val), pos + offset) == sizeof(val), "config");
	close(fd);
}

static bool has_pasid_on(struct vfio_pci_device *device)
{
	return read_capability(device, PCI_EXT_CAP_ID_PASID, PCI_PASID_CTRL) &
	       PCI_PASID_CTRL_ENABLE;
}

/* In the device and in the STE alike. */
static bool ats_is(struct vfio_pci_device *device, bool on)
{
	u16 ctrl = read_capability(device, PCI_EXT_CAP_ID_ATS, PCI_ATS_CTRL);
	struct ste ste;

	oracle_ste(device->sid, &ste);
	return !!(ctrl & PCI_ATS_CTRL_ENABLE) == on && STE_FIELD(&ste, 1, EATS) == on;
}

static void bind_eats(struct vmm *vmm, struct guest_cds *cds, bool eats)
{
	struct iommu_guest_stage_config config =
		guest_cds_config(cds, &vmm->device, S1DSS_TERMINATE);

	config.smmuv3.flags = eats ? IOMMU_GUEST_STAGE_SMMUV3_EATS : 0;
	guest_stage_bind(&vmm->device, &config);
}

/* Whether the ATC is told when stage 2 changes. */
static bool unmap_invalidates(struct guest_ram *page)
{
	bool told;

	oracle_mark();
	guest_ram_unmap(page);
	told = oracle_count_commands("ATC_INV");
	guest_ram_map(page);
	return told;
}

TEST_F(guest_stage_pasid_ats, switched)
{
	struct vfio_pci_device *device = &self->vmm.device;
	struct vmm *vmm = &self->vmm;

	EXPECT_TRUE(ats_is(device, true));
	EXPECT_TRUE(unmap_invalidates(&self->page));
	bind_eats(vmm, &self->cds, true);
	EXPECT_TRUE(ats_is(device, true));
	EXPECT_TRUE(unmap_invalidates(&self->page));

	oracle_mark();
	bind_eats(vmm, &self->cds, false);
	EXPECT_LT(0, oracle_count_commands("ATC_INV"));
	EXPECT_TRUE(ats_is(device, false));
	EXPECT_FALSE(unmap_invalidates(&self->page));

	bind_eats(vmm, &self->cds, true);
	EXPECT_TRUE(ats_is(device, true));
	EXPECT_TRUE(unmap_invalidates(&self->page));
	bind_eats(vmm, &self->cds, false);
	guest_stage_unbind(device);
	EXPECT_TRUE(ats_is(device, true));
	EXPECT_TRUE(unmap_invalidates(&self->page));
}

/* Without ATS there is nothing that would have to forget. */
TEST_F(guest_stage_pasid_ats, off_in_other_states)
{
	struct vfio_pci_device *device = &self->vmm.device;

	bind_eats(&self->vmm, &self->cds, true);
	guest_stage_bypass(device);
	EXPECT_TRUE(ats_is(device, false));
	EXPECT_FALSE(unmap_invalidates(&self->page));
	bind_eats(&self->vmm, &self->cds, true);
	guest_stage_abort(device);
	EXPECT_TRUE(ats_is(device, false));
	EXPECT_FALSE(unmap_invalidates(&self->page));
	guest_stage_unbind(device);
	EXPECT_TRUE(ats_is(device, true));
	EXPECT_TRUE(unmap_invalidates(&self->page));
}

static struct iommu_guest_command_smmuv3 atc_inv(u32 vsid, u64 flags, u32 pasid, u64 addr)
{
	struct iommu_guest_command_smmuv3 cmd = guest_command(CMD_OP_ATC_INV);

	cmd.cmd[0] |= __cpu_to_le64(flags | FIELD_PREP(CMD_ATC_SSID, pasid) |
				    FIELD_PREP(CMD_ATC_SID, vsid));
	cmd.cmd[1] = __cpu_to_le64(addr);
	return cmd;
}

/* Of a PASID, of all of them, and of none: as the guest wrote it, but for the device. */
TEST_F(guest_stage_pasid_ats, forms)
{
	struct vfio_pci_device *device = &self->vmm.device;
	struct iommu_guest_command_smmuv3 cmds[] = {
		atc_inv(device->vsid, CMD_ATC_SSV, PASID, IOVA),
		atc_inv(device->vsid, CMD_ATC_SSV | CMD_ATC_GLOBAL, 0, IOVA | 1),
		atc_inv(device->vsid, 0, 0, 52),
	};
	char expected[256], *commands;

	snprintf(expected, sizeof(expected),
		 "ATC_INV:sid=%x,ssid=%x,addr=%#llx,size=0x1000 ATC_INV:sid=%x,ssid=0,global=1,addr=%#llx,size=0x2000 ATC_INV:sid=%x,addr=0x0,size=0x0 SYNC",
		 device->sid, PASID, IOVA, device->sid, IOVA, device->sid);
	bind_eats(&self->vmm, &self->cds, true);
	oracle_mark();
	guest_commands(&self->vmm.container, cmds, ARRAY_SIZE(cmds));
	commands = oracle_commands();
	EXPECT_STREQ(expected, commands);
	free(commands);

	bind_eats(&self->vmm, &self->cds, false);
	oracle_mark();
	guest_commands(&self->vmm.container, cmds, ARRAY_SIZE(cmds));
	EXPECT_EQ(0, oracle_count_commands("ATC_INV"));
}

static bool dma_with_pasid(struct vmm *vmm)
{
	u64 pattern;

	pattern_fill(&pattern, sizeof(pattern));
	WRITE_ONCE(*pasid_dma_buffer(&vmm->device), pattern);
	return pasid_dma_write(&vmm->device, PASID, IOVA, SIZE) == PASID_DMA_OK &&
	       READ_ONCE(*vmm->dst.vaddr) == pattern;
}

static enum pasid_dma_result translate(struct vmm *vmm, u64 iova, u32 *grant, u64 *translation)
{
	return pasid_dma_translate(&vmm->device, PASID, iova, grant, translation);
}

static bool write_translated(struct vmm *vmm, u64 addr)
{
	u64 pattern;

	pattern_fill(&pattern, sizeof(pattern));
	WRITE_ONCE(*pasid_dma_buffer(&vmm->device), pattern);
	return pasid_dma_write_translated(&vmm->device, addr, SIZE) == PASID_DMA_OK &&
	       READ_ONCE(*vmm->dst.vaddr) == pattern;
}

/* What the device may keep in an ATC is what both stages make of it. */
TEST_F(guest_stage_pasid_ats, requests)
{
	struct vmm *vmm = &self->vmm;
	u64 translation, other;
	u32 grant;

	bind_eats(vmm, &self->cds, true);
	oracle_mark();
	EXPECT_EQ(PASID_DMA_OK, translate(vmm, IOVA, &grant, &translation));
	EXPECT_EQ(PASID_DMA_GRANT_READ | PASID_DMA_GRANT_WRITE, grant & 0xff);
	EXPECT_TRUE(write_translated(vmm, translation));

	/* Neither the guest's tables have that, nor stage 2. No access is no fault. */
	EXPECT_EQ(PASID_DMA_OK, translate(vmm, IOVA + GUEST_PAGE_SIZE, &grant, &other));
	EXPECT_EQ(0, grant);
	guest_table_map(&vmm->table, IOVA + GUEST_PAGE_SIZE, UNMAPPED_IPA, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	EXPECT_EQ(PASID_DMA_OK, translate(vmm, IOVA + GUEST_PAGE_SIZE, &grant, &other));
	EXPECT_EQ(0, grant);
	EXPECT_EQ(0, oracle_count_events());
}

/*
 * A device that breaks the rules, with ATS on behind the kernel's back: the SMMU refuses
 * what it sends, and that is the host's to know, not the guest's.
 */
TEST_F(guest_stage_pasid_ats, forbidden)
{
	struct vmm *vmm = &self->vmm;
	struct vfio_pci_device *device = &vmm->device;
	int fd = guest_fault_fd(&vmm->container, O_NONBLOCK | O_CLOEXEC);
	struct iommu_guest_fault fault;
	u64 translation, other;
	u32 grant;

	bind_eats(vmm, &self->cds, true);
	ASSERT_EQ(PASID_DMA_OK, translate(vmm, IOVA, &grant, &translation));

	bind_eats(vmm, &self->cds, false);
	oracle_mark();
	EXPECT_EQ(PASID_DMA_ATS_OFF, translate(vmm, IOVA, &grant, &other));
	EXPECT_EQ(PASID_DMA_ATS_OFF, pasid_dma_write_translated(device, translation, SIZE));
	EXPECT_EQ(0, oracle_count_events());

	write_capability(device, PCI_EXT_CAP_ID_ATS, PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE);
	EXPECT_EQ(PASID_DMA_ABORT, translate(vmm, IOVA, &grant, &other));
	EXPECT_TRUE(oracle_saw_event("F_BAD_ATS_TREQ", device->sid));
	EXPECT_FALSE(write_translated(vmm, translation));
	EXPECT_TRUE(oracle_saw_event("F_TRANS_FORBIDDEN", device->sid));
	write_capability(device, PCI_EXT_CAP_ID_ATS, PCI_ATS_CTRL, 0);

	EXPECT_TRUE(dma_with_pasid(vmm));
	EXPECT_EQ(0, guest_faults_poll(fd, QUIET_MS));
	EXPECT_EQ(PASID_DMA_ABORT, pasid_dma_write(device, PASID, NO_IOVA, SIZE));
	guest_faults_expect(fd, &fault, 1);
	EXPECT_EQ(0, fault.sequence);
	EXPECT_EQ(EVT_ID_F_TRANSLATION, GUEST_FAULT_FIELD(&fault, 0, ID));
	close(fd);
}

/* The host enabled them, and no bind touches that, nor does a reset. */
TEST_F(guest_stage_pasid_ats, pasids_stay_on)
{
	struct vfio_pci_device *device = &self->vmm.device;
	unsigned int i;

	EXPECT_TRUE(has_pasid_on(device));
	for (i = 0; i < nr_guest_states; i++) {
		guest_states[i]->enter(&self->vmm);
		EXPECT_TRUE(has_pasid_on(device));
	}
	bind_eats(&self->vmm, &self->cds, true);
	EXPECT_TRUE(dma_with_pasid(&self->vmm));
	ASSERT_TRUE(vfio_pci_device_can_reset(device));
	EXPECT_EQ(0, __vfio_pci_device_reset(device));
	EXPECT_TRUE(has_pasid_on(device));
	EXPECT_TRUE(ats_is(device, true));
	EXPECT_TRUE(dma_with_pasid(&self->vmm));
	guest_stage_unbind(device);
	EXPECT_TRUE(has_pasid_on(device));
}

static void *reset_device(void *arg)
{
	struct vmm *vmm = arg;
	long failed = 0;
	int i;

	for (i = 0; i < RESETS; i++)
		failed |= __vfio_pci_device_reset(&vmm->device);
	return (void *)failed;
}

/*
 * Invalidations of a device's ATC, as many as its guest can send, while it is reset: those
 * that can't be answered aren't given to the SMMU, and the guest's VMM is told.
 */
TEST_F(guest_stage_pasid_ats, flood_during_reset)
{
	struct iommu_guest_command_smmuv3 cmd =
		atc_inv(self->vmm.device.vsid, CMD_ATC_SSV, PASID, IOVA);
	struct vfio_iommu_type1_invalidate_guest_stage arg;
	unsigned int done = 0, busy = 0;
	struct vmm *vmm = &self->vmm;
	pthread_t thread;
	void *failed;
	int ret;

	bind_eats(vmm, &self->cds, true);
	oracle_mark();
	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_device, vmm));
	while (pthread_tryjoin_np(thread, &failed)) {
		ret = __guest_commands(&vmm->container, &cmd, 1, &arg);
		if (ret) {
			EXPECT_EQ(-EBUSY, ret);
			EXPECT_EQ(0, arg.done);
			EXPECT_EQ(IOMMU_GUEST_COMMAND_BUSY, arg.error);
			busy++;
			usleep(1000);
		} else {
			EXPECT_EQ(1, arg.done);
			done++;
		}
	}
	EXPECT_EQ(NULL, failed);
	EXPECT_LT(0, busy);
	EXPECT_EQ(done, oracle_count_commands("ATC_INV"));
	guest_commands(&vmm->container, &cmd, 1);
	EXPECT_EQ(done + 1, oracle_count_commands("ATC_INV"));
	EXPECT_TRUE(dma_with_pasid(vmm));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
