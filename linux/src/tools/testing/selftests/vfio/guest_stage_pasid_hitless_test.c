// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device writes all the time, to an address that all states of the guest translate
 * alike, while its state changes. Not one write may be lost, and none may fault.
 *
 * The device of this test does its transfers by a timer of its own, so they fall into
 * every step of a change.
 */
#include <libvfio/guest_cds.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define IDR0_ATS	BIT(10)
#define PASID_BITS	4
#define PERIOD_US	1
#define NR_ROUNDS	100
/* Changes of state in a round. */
#define NR_CHANGES	6

FIXTURE(guest_stage_pasid_hitless)
{
	struct vmm vmm;
	struct guest_cds cds;
};

FIXTURE_VARIANT(guest_stage_pasid_hitless)
{
	u32 flags;
};

FIXTURE_VARIANT_ADD(guest_stage_pasid_hitless, without_eats)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(guest_stage_pasid_hitless, with_eats)
{
	.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS,
};

FIXTURE_SETUP(guest_stage_pasid_hitless)
{
	struct iommu_guest_stage_info info;
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_KIND(return, PASID_DMA);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(vmm, vfio_selftests_device(PASID_DMA));
	SKIP_WITHOUT_PASIDS(return, &vmm->device, PASID_BITS);
	guest_stage_info(&vmm->device, &info);
	if (variant->flags && !(info.smmuv3.idr[0] & IDR0_ATS))
		SKIP(return, "%s can't have ATS", vmm->device.bdf);
	guest_cds_init(&self->cds, &vmm->ram, S1FMT_LINEAR, PASID_BITS);
	guest_table_map(&vmm->table, vmm->dst.ipa, vmm->dst.ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_cds_set(&self->cds, 0, &vmm->table);
}

FIXTURE_TEARDOWN(guest_stage_pasid_hitless)
{
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static void translate(struct vmm *vmm, struct guest_cds *cds, u32 flags)
{
	struct iommu_guest_stage_config config =
		guest_cds_config(cds, &vmm->device, S1DSS_SSID0);

	config.smmuv3.flags = flags;
	guest_stage_bind(&vmm->device, &config);
}

/* From the container's mappings to the guest's tables, in between, and back. */
static void change(struct vmm *vmm, struct guest_cds *cds, u32 flags)
{
	translate(vmm, cds, flags);
	guest_stage_bypass(&vmm->device);
	translate(vmm, cds, 0);
	translate(vmm, cds, flags);
	translate(vmm, cds, 0);
	guest_stage_unbind(&vmm->device);
}

TEST_F(guest_stage_pasid_hitless, nothing_is_lost)
{
	struct vfio_pci_device *device = &self->vmm.device;
	unsigned int i;

	oracle_mark();
	pasid_dma_set_pasid(device, PASID_DMA_NO_PASID);
	pasid_dma_repeat_write(device, self->vmm.dst.ipa, DMA_SIZE, PERIOD_US);
	for (i = 0; i < NR_ROUNDS; i++)
		change(&self->vmm, &self->cds, variant->flags);
	EXPECT_TRUE(pasid_dma_goes_on(pasid_dma_succeeded, device));
	pasid_dma_stop(device);

	EXPECT_EQ(0, pasid_dma_failed(device));
	EXPECT_LT(NR_ROUNDS * NR_CHANGES, pasid_dma_succeeded(device));
	EXPECT_EQ(0, oracle_count_events());
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
