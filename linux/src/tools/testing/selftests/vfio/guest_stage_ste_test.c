// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the SMMU is given: which fields of the entry are the guest's, and that all
 * the others are the host's in every state. Read from memory from outside.
 */
#include <libvfio/harness.h>

/* An unlikely pattern of address bits, within 40 bits and aligned to 64 bytes. */
#define ODD_BASE_PTR	0xa5a5a5a5c0ULL

FIXTURE(guest_stage_ste)
{
	struct vmm vmm;
	struct iommu_guest_stage_config config;
	struct ste ste;
};

FIXTURE_SETUP(guest_stage_ste)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(vmm, vfio_selftests_bdf(0));
	self->config = guest_stage_config(&vmm->device,
					  IOMMU_GUEST_STAGE_TRANSLATE,
					  ODD_BASE_PTR);
}

FIXTURE_TEARDOWN(guest_stage_ste)
{
	vmm_cleanup(&self->vmm);
}

/* Bind @config and see what the SMMU got. */
static void bind_and_read(struct vmm *vmm,
			  const struct iommu_guest_stage_config *config,
			  struct ste *ste)
{
	guest_stage_bind(&vmm->device, config);
	oracle_ste(vmm->device.sid, ste);
}

TEST_F(guest_stage_ste, state_1)
{
	EXPECT_EQ(1, STE_FIELD(&self->vmm.host_ste, 0, V));
	EXPECT_EQ(STE_CONFIG_S1_TRANS, ste_config(&self->vmm.host_ste));
}

TEST_F(guest_stage_ste, state_2)
{
	struct ste *ste = &self->vmm.stage2_ste;

	EXPECT_EQ(1, STE_FIELD(ste, 0, V));
	EXPECT_EQ(STE_CONFIG_S2_TRANS, ste_config(ste));
	EXPECT_EQ(0, ste_s1contextptr(ste));
	EXPECT_EQ(1, STE_FIELD(ste, 1, MEV));
	EXPECT_NE(0, ste_vmid(ste));
	EXPECT_NE(0, STE_FIELD(ste, 3, S2TTB));
}

TEST_F(guest_stage_ste, abort)
{
	self->config.state = IOMMU_GUEST_STAGE_ABORT;
	bind_and_read(&self->vmm, &self->config, &self->ste);
	EXPECT_EQ(1, STE_FIELD(&self->ste, 0, V));
	EXPECT_EQ(STE_CONFIG_ABORT, ste_config(&self->ste));
	EXPECT_EQ(0, ste_s1contextptr(&self->ste));
}

TEST_F(guest_stage_ste, translate)
{
	struct ste *ste = &self->ste;

	bind_and_read(&self->vmm, &self->config, ste);
	EXPECT_EQ(1, STE_FIELD(ste, 0, V));
	EXPECT_EQ(STE_CONFIG_NESTED, ste_config(ste));
	EXPECT_EQ(ODD_BASE_PTR, ste_s1contextptr(ste));
	EXPECT_EQ(0, STE_FIELD(ste, 0, S1FMT));
	EXPECT_EQ(0, STE_FIELD(ste, 0, S1CDMAX));
	EXPECT_EQ(0, STE_FIELD(ste, 1, S1DSS));
	EXPECT_EQ(0, STE_FIELD(ste, 1, STRW));
	EXPECT_EQ(0, STE_FIELD(ste, 1, EATS));
	EXPECT_EQ(1, STE_FIELD(ste, 1, MEV));
}

/* Where stage 2 is, and everything about it, is the host's in state 3 too. */
TEST_F(guest_stage_ste, translate_keeps_stage2)
{
	struct ste *before = &self->vmm.stage2_ste;
	unsigned int i;

	bind_and_read(&self->vmm, &self->config, &self->ste);
	for (i = 2; i < ARRAY_SIZE(before->data); i++)
		EXPECT_EQ(before->data[i], self->ste.data[i]);
}

/* Nothing of the guest's is left behind, not even where it is ignored. */
TEST_F(guest_stage_ste, bypass_is_as_state_2)
{
	bind_and_read(&self->vmm, &self->config, &self->ste);
	self->config.state = IOMMU_GUEST_STAGE_BYPASS;
	bind_and_read(&self->vmm, &self->config, &self->ste);
	EXPECT_EQ(0, memcmp(&self->ste, &self->vmm.stage2_ste,
			    sizeof(self->ste)));
}

TEST_F(guest_stage_ste, unbound_is_as_state_2)
{
	bind_and_read(&self->vmm, &self->config, &self->ste);
	guest_stage_unbind(&self->vmm.device);
	oracle_ste(self->vmm.device.sid, &self->ste);
	EXPECT_EQ(0, memcmp(&self->ste, &self->vmm.stage2_ste,
			    sizeof(self->ste)));
}

/* How the SMMU fetches the guest's descriptors is the guest's choice. */
TEST_F(guest_stage_ste, fetch_attributes)
{
	struct iommu_guest_stage_smmuv3 *smmuv3 = &self->config.smmuv3;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		smmuv3->s1cir = i;
		smmuv3->s1cor = 3 - i;
		smmuv3->s1csh = i & 2;
		bind_and_read(&self->vmm, &self->config, &self->ste);
		EXPECT_EQ(i, STE_FIELD(&self->ste, 1, S1CIR));
		EXPECT_EQ(3 - i, STE_FIELD(&self->ste, 1, S1COR));
		EXPECT_EQ(i & 2, STE_FIELD(&self->ste, 1, S1CSH));
	}
}

/* With one context both fields mean nothing: accepted, and written as 0. */
TEST_F(guest_stage_ste, fields_without_pasids)
{
	self->config.smmuv3.s1fmt = 3;
	self->config.smmuv3.s1dss = 3;
	bind_and_read(&self->vmm, &self->config, &self->ste);
	EXPECT_EQ(STE_CONFIG_NESTED, ste_config(&self->ste));
	EXPECT_EQ(0, STE_FIELD(&self->ste, 0, S1FMT));
	EXPECT_EQ(0, STE_FIELD(&self->ste, 1, S1DSS));
	EXPECT_EQ(ODD_BASE_PTR, ste_s1contextptr(&self->ste));
}

/* Every bit of the address reaches the entry, and its neighbours don't move. */
TEST_F(guest_stage_ste, base_ptr_bits)
{
	u64 last = vfio_container_last_iova(&self->vmm.container);
	u64 bit;

	for (bit = 1 << 6; bit <= last; bit <<= 1) {
		self->config.base_ptr = bit;
		bind_and_read(&self->vmm, &self->config, &self->ste);
		EXPECT_EQ(bit, ste_s1contextptr(&self->ste));
		EXPECT_EQ(STE_CONFIG_NESTED, ste_config(&self->ste));
		EXPECT_EQ(0, STE_FIELD(&self->ste, 0, S1CDMAX));
	}
}

/* Each container has a stage 2 of its own, by address and by VMID. */
TEST_F(guest_stage_ste, containers_differ)
{
	struct ste *ste = &self->vmm.stage2_ste;
	struct vmm other;

	SKIP_WITHOUT_DEVICES(return, 2);
	vmm_init(&other, vfio_selftests_bdf(1));
	EXPECT_NE(ste_vmid(ste), ste_vmid(&other.stage2_ste));
	EXPECT_NE(STE_FIELD(ste, 3, S2TTB),
		  STE_FIELD(&other.stage2_ste, 3, S2TTB));
	vmm_cleanup(&other);
}

TEST_F(guest_stage_ste, devices_of_a_container_share)
{
	struct ste *ste = &self->vmm.stage2_ste;
	struct vfio_pci_device other;

	SKIP_WITHOUT_DEVICES(return, 2);
	if (!host_same_iommu(vfio_selftests_bdf(0), vfio_selftests_bdf(1)))
		SKIP(return, "the first two devices have different SMMUs");
	vfio_pci_device_open(&other, vfio_selftests_bdf(1),
			     &self->vmm.container);
	oracle_ste(other.sid, &self->ste);
	EXPECT_EQ(0, memcmp(ste, &self->ste, sizeof(*ste)));
	vfio_pci_device_close(&other);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
