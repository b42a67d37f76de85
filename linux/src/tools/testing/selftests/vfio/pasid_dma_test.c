// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tests with PASIDs rely on: that the device tells how a transfer ended, and that one
 * with a PASID is not one without.
 */
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define PERIOD_US	100

FIXTURE(pasid_dma)
{
	struct vmm vmm;
};

FIXTURE_SETUP(pasid_dma)
{
	SKIP_WITHOUT_KIND(return, PASID_DMA);
	vmm_init(&self->vmm, vfio_selftests_device(PASID_DMA));
}

FIXTURE_TEARDOWN(pasid_dma)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(pasid_dma, tells_success)
{
	struct vfio_pci_device *device = &self->vmm.device;

	EXPECT_EQ(PASID_DMA_NONE, pasid_dma_result(device));
	dma_read(device, self->vmm.src.ipa, DMA_SIZE);
	EXPECT_EQ(PASID_DMA_OK, pasid_dma_result(device));
	EXPECT_EQ(DMA_SIZE, pasid_dma_done(device));
	EXPECT_TRUE(vmm_dma_by_ipa(&self->vmm));
	EXPECT_EQ(0, pasid_dma_failed(device));
}

TEST_F(pasid_dma, tells_failure)
{
	struct vfio_pci_device *device = &self->vmm.device;

	dma_write(device, UNMAPPED_IPA, DMA_SIZE);
	EXPECT_EQ(PASID_DMA_ABORT, pasid_dma_result(device));
	EXPECT_EQ(0, pasid_dma_done(device));
	EXPECT_EQ(PASID_DMA_ABORT, pasid_dma_read(device, PASID_DMA_NO_PASID,
						  UNMAPPED_IPA, DMA_SIZE));
	EXPECT_EQ(2, pasid_dma_failed(device));
}

/* The end of guest memory: what comes before it is transferred. */
TEST_F(pasid_dma, tells_how_far)
{
	struct guest_ram *ram = &self->vmm.ram;
	u64 half = ram->ipa + ram->size - DMA_SIZE;

	EXPECT_EQ(PASID_DMA_ABORT, pasid_dma_read(&self->vmm.device, PASID_DMA_NO_PASID,
						  half, 2 * DMA_SIZE));
	EXPECT_EQ(DMA_SIZE, pasid_dma_done(&self->vmm.device));
}

/* Nobody has given a table to any PASID. */
TEST_F(pasid_dma, pasid_is_blocked)
{
	static const u32 pasids[] = { 0, 1, 0xfffff };
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	pattern_fill(vmm->src.vaddr, GUEST_PAGE_SIZE);
	dma_read(&vmm->device, vmm->src.ipa, DMA_SIZE);
	guest_ram_snapshot(&vmm->ram);
	for (i = 0; i < ARRAY_SIZE(pasids); i++)
		EXPECT_NE(PASID_DMA_OK, pasid_dma_write(&vmm->device, pasids[i],
							vmm->dst.ipa, DMA_SIZE));
	EXPECT_TRUE(guest_ram_kept(&vmm->ram));
	EXPECT_EQ(PASID_DMA_OK, pasid_dma_write(&vmm->device, PASID_DMA_NO_PASID,
						vmm->dst.ipa, DMA_SIZE));
	EXPECT_FALSE(guest_ram_kept(&vmm->ram));
}

TEST_F(pasid_dma, repeats)
{
	struct vfio_pci_device *device = &self->vmm.device;

	pasid_dma_repeat_write(device, self->vmm.dst.ipa, DMA_SIZE, PERIOD_US);
	EXPECT_TRUE(dma_busy(device));
	EXPECT_TRUE(pasid_dma_goes_on(pasid_dma_succeeded, device));
	EXPECT_EQ(0, pasid_dma_failed(device));
	guest_ram_unmap(&self->vmm.ram);
	EXPECT_TRUE(pasid_dma_goes_on(pasid_dma_failed, device));
	guest_ram_map(&self->vmm.ram);
	EXPECT_TRUE(pasid_dma_goes_on(pasid_dma_succeeded, device));
	pasid_dma_stop(device);
	EXPECT_FALSE(dma_busy(device));
}

TEST_F(pasid_dma, reset)
{
	struct vfio_pci_device *device = &self->vmm.device;

	ASSERT_TRUE(vfio_pci_device_can_reset(device));
	pasid_dma_repeat_read(device, UNMAPPED_IPA, DMA_SIZE, PERIOD_US);
	EXPECT_EQ(0, __vfio_pci_device_reset(device));
	EXPECT_FALSE(dma_busy(device));
	EXPECT_EQ(PASID_DMA_NONE, pasid_dma_result(device));
	EXPECT_EQ(0, pasid_dma_failed(device));
	EXPECT_TRUE(vmm_dma_by_ipa(&self->vmm));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
