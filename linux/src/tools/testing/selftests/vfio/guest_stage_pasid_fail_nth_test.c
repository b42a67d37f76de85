// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation on the way of each call fails once, as in guest_stage_fail_nth_test,
 * with tables of many PASIDs, a device with ATS, and faults that have a PASID.
 */
#include <asm/byteorder.h>
#include <fcntl.h>

#include <libvfio/fail_nth.h>
#include <libvfio/guest_cds.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define NO_IOVA		0x7000000000ULL
#define PASID_BITS	8
#define PASID		77
#define VSID		0xabcd01
#define LONG_MS		20000
#define SIZE		64

#define CMD_ATC_SSV	BIT_ULL(11)
#define CMD_ATC_GLOBAL	BIT_ULL(9)
#define CMD_ATC_SSID	GENMASK_ULL(31, 12)
#define CMD_ATC_SID	GENMASK_ULL(63, 32)

FIXTURE(guest_stage_pasid_fail_nth)
{
	struct vmm vmm;
	struct guest_cds cds;
	/* This one is linear. The other one is bound in its place. */
	struct guest_cds linear;
	int fd;
	unsigned int n;
};

FIXTURE_VARIANT(guest_stage_pasid_fail_nth)
{
	enum s1fmt s1fmt;
};

FIXTURE_VARIANT_ADD(guest_stage_pasid_fail_nth, linear) { .s1fmt = S1FMT_LINEAR };
FIXTURE_VARIANT_ADD(guest_stage_pasid_fail_nth, leaves_of_4k) { .s1fmt = S1FMT_4K_L2 };
FIXTURE_VARIANT_ADD(guest_stage_pasid_fail_nth, leaves_of_64k) { .s1fmt = S1FMT_64K_L2 };

FIXTURE_SETUP(guest_stage_pasid_fail_nth)
{
	struct vmm *vmm = &self->vmm;

	self->fd = -1;
	SKIP_WITHOUT_KIND(return, PASID_DMA);
	SKIP_WITHOUT_ORACLE(return);
	if (!fail_nth_enable())
		SKIP(return, "no fault injection");
	vmm_init(vmm, vfio_selftests_device(PASID_DMA));
	vmm->device.vsid = VSID;
	SKIP_WITHOUT_PASIDS(return, &vmm->device, PASID_BITS);
	guest_cds_init(&self->linear, &vmm->ram, S1FMT_LINEAR, PASID_BITS);
	guest_cds_init(&self->cds, &vmm->ram, variant->s1fmt, PASID_BITS);
	guest_cds_set(&self->cds, PASID, &vmm->table);
}

FIXTURE_TEARDOWN(guest_stage_pasid_fail_nth)
{
	if (self->fd >= 0)
		close(self->fd);
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static int __bind(struct vmm *vmm, struct guest_cds *cds, bool eats)
{
	struct iommu_guest_stage_config config =
		guest_cds_config(cds, &vmm->device, S1DSS_SSID0);

	config.smmuv3.flags = eats ? IOMMU_GUEST_STAGE_SMMUV3_EATS : 0;
	return __guest_stage_bind(&vmm->device, &config);
}

static bool is_bound(struct vmm *vmm, struct guest_cds *cds, bool eats)
{
	struct ste ste;

	oracle_ste(vmm->device.sid, &ste);
	return ste_config(&ste) == STE_CONFIG_NESTED &&
	       ste_s1contextptr(&ste) == cds->base &&
	       STE_FIELD(&ste, 0, S1FMT) == cds->fmt &&
	       STE_FIELD(&ste, 0, S1CDMAX) == cds->bits &&
	       STE_FIELD(&ste, 1, S1DSS) == S1DSS_SSID0 &&
	       STE_FIELD(&ste, 1, EATS) == eats;
}

static int bind_with_ats(struct vmm *vmm, void *cds)
{
	return __bind(vmm, cds, true);
}

static bool is_bound_with_ats(struct vmm *vmm, void *cds)
{
	return is_bound(vmm, cds, true);
}

TEST_F(guest_stage_pasid_fail_nth, first_bind)
{
	fail_nth_first_bind(&self->vmm, bind_with_ats, is_bound_with_ats, &self->cds);
}

/* A rebind to another format, with ATS on or off, needs nothing that isn't there already. */
TEST_F(guest_stage_pasid_fail_nth, rebind)
{
	struct vmm *vmm = &self->vmm;
	bool failed, eats = true;

	do {
		ASSERT_EQ(0, __bind(vmm, &self->linear, !eats));
		fail_nth(++self->n);
		EXPECT_EQ(0, __bind(vmm, &self->cds, eats));
		failed = fail_nth_did();
		EXPECT_TRUE(is_bound(vmm, &self->cds, eats));
		eats = !eats;
	} while (failed || !eats);
}

TEST_F(guest_stage_pasid_fail_nth, unbind)
{
	struct vmm *vmm = &self->vmm;
	bool failed, eats = true;

	do {
		ASSERT_EQ(0, __bind(vmm, &self->cds, eats));
		fail_nth(++self->n);
		EXPECT_EQ(0, __guest_stage_unbind(&vmm->device));
		failed = fail_nth_did();
		EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
		eats = !eats;
	} while (failed || !eats);
}

static struct iommu_guest_command_smmuv3 atc_inv(u64 flags, u32 pasid)
{
	struct iommu_guest_command_smmuv3 cmd = guest_command(CMD_OP_ATC_INV);

	cmd.cmd[0] |= __cpu_to_le64(flags | FIELD_PREP(CMD_ATC_SSID, pasid) |
				    FIELD_PREP(CMD_ATC_SID, VSID));
	return cmd;
}

/* Whatever a guest writes, nothing is allocated. */
TEST_F(guest_stage_pasid_fail_nth, invalidate)
{
	struct iommu_guest_command_smmuv3 cmds[] = {
		guest_cmd_cfgi_cd_pasid(VSID, PASID),
		guest_cmd_cfgi_cd_all(VSID),
		guest_cmd_tlbi_asid(GUEST_ASID),
		atc_inv(CMD_ATC_SSV, PASID),
		atc_inv(CMD_ATC_SSV | CMD_ATC_GLOBAL, 0),
		atc_inv(0, 0),
	};
	struct vmm *vmm = &self->vmm;
	bool failed;

	ASSERT_EQ(0, __bind(vmm, &self->cds, true));
	do {
		oracle_mark();
		fail_nth(++self->n);
		guest_commands(&vmm->container, cmds, ARRAY_SIZE(cmds));
		failed = fail_nth_did();
		EXPECT_EQ(3, oracle_count_commands("ATC_INV"));
	} while (failed);
	EXPECT_EQ(1, self->n);
}

/* The VMM gets a file of faults or it doesn't. A file that it gets tells of the PASID. */
TEST_F(guest_stage_pasid_fail_nth, faults)
{
	struct iommu_guest_fault fault;
	struct vmm *vmm = &self->vmm;
	bool failed;
	int got;

	ASSERT_EQ(0, __bind(vmm, &self->cds, true));
	do {
		fail_nth(++self->n);
		self->fd = __guest_fault_fd(&vmm->container, O_NONBLOCK | O_CLOEXEC);
		failed = fail_nth_did();
		EXPECT_TRUE(self->fd >= 0 || self->fd == -ENOMEM);
		if (self->fd >= 0 && failed)
			close(self->fd);
	} while (failed);
	ASSERT_LE(0, self->fd);

	self->n = 0;
	do {
		EXPECT_EQ(PASID_DMA_ABORT,
			  pasid_dma_read(&vmm->device, PASID, NO_IOVA, SIZE));
		ASSERT_TRUE(guest_faults_poll(self->fd, LONG_MS) & POLLIN);
		fail_nth(++self->n);
		got = __guest_faults_read(self->fd, &fault, 1);
		failed = fail_nth_did();
		ASSERT_EQ(1, got);
		EXPECT_EQ(EVT_ID_F_TRANSLATION, GUEST_FAULT_FIELD(&fault, 0, ID));
		EXPECT_EQ(1, GUEST_FAULT_FIELD(&fault, 0, SSV));
		EXPECT_EQ(PASID, GUEST_FAULT_FIELD(&fault, 0, SSID));
		EXPECT_EQ(VSID, GUEST_FAULT_FIELD(&fault, 0, SID));
	} while (failed);
	EXPECT_EQ(1, self->n);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
