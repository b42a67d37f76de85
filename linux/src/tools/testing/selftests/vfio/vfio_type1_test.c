// SPDX-License-Identifier: GPL-2.0-only
/*
 * What containers of each type promise before a guest's stage comes into play, and
 * that the types without nesting are as they were before nesting existed.
 */
#include <libvfio/harness.h>

static const unsigned long types[] = {
	VFIO_TYPE1_IOMMU,
	VFIO_TYPE1v2_IOMMU,
	VFIO_TYPE1_NESTING_IOMMU,
};

TEST(check_extension_of_an_empty_container)
{
	struct vfio_container container;
	unsigned int i;

	if (access("/dev/vfio/vfio", F_OK))
		SKIP(return, "no /dev/vfio/vfio");
	vfio_container_open(&container, VFIO_TYPE1v2_IOMMU);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(1, vfio_container_check_extension(&container, types[i]));
	vfio_container_close(&container);
}

TEST(set_iommu_of_an_empty_container)
{
	struct vfio_container container;

	if (access("/dev/vfio/vfio", F_OK))
		SKIP(return, "no /dev/vfio/vfio");
	vfio_container_open(&container, VFIO_TYPE1_NESTING_IOMMU);
	EXPECT_EQ(-EINVAL, __vfio_container_set_iommu(&container));
	vfio_container_close(&container);
}

FIXTURE(vfio_type1)
{
	struct vmm vmm;
};

FIXTURE_VARIANT(vfio_type1)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(vfio_type1, type1)
{
	.type = VFIO_TYPE1_IOMMU,
};

FIXTURE_VARIANT_ADD(vfio_type1, type1v2)
{
	.type = VFIO_TYPE1v2_IOMMU,
};

FIXTURE_VARIANT_ADD(vfio_type1, nesting)
{
	.type = VFIO_TYPE1_NESTING_IOMMU,
};

FIXTURE_SETUP(vfio_type1)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init_type(&self->vmm, vfio_selftests_bdf(0), variant->type);
}

FIXTURE_TEARDOWN(vfio_type1)
{
	vmm_cleanup(&self->vmm);
}

/* Only now does the kernel know whether the IOMMUs of the container can nest. */
TEST_F(vfio_type1, check_extension)
{
	struct vfio_container *container = &self->vmm.container;
	int nesting;

	nesting = vfio_container_check_extension(container,
						 VFIO_TYPE1_NESTING_IOMMU);
	EXPECT_EQ(variant->type == VFIO_TYPE1_NESTING_IOMMU, nesting);
	EXPECT_EQ(1, vfio_container_check_extension(container,
						    VFIO_TYPE1v2_IOMMU));
}

TEST_F(vfio_type1, dma)
{
	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	EXPECT_TRUE(vmm_dma_by_ipa(&self->vmm));
	EXPECT_TRUE(dma_write_blocked(&self->vmm.device, &self->vmm.ram,
				      UNMAPPED_IPA));
}

TEST_F(vfio_type1, dma_after_unmap)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DMA(return, &vmm->device);
	EXPECT_TRUE(vmm_dma_by_ipa(vmm));
	guest_ram_unmap(&vmm->ram);
	EXPECT_TRUE(dma_write_blocked(&vmm->device, &vmm->ram, vmm->dst.ipa));
	guest_ram_map(&vmm->ram);
	EXPECT_TRUE(vmm_dma_by_ipa(vmm));
}

TEST_F(vfio_type1, ste)
{
	bool nesting = variant->type == VFIO_TYPE1_NESTING_IOMMU;

	SKIP_WITHOUT_ORACLE(return);
	EXPECT_EQ(nesting ? STE_CONFIG_S2_TRANS : STE_CONFIG_S1_TRANS,
		  ste_config(&self->vmm.stage2_ste));
}

/* Without nesting, a guest's stage is refused, and leaves no trace. */
TEST_F(vfio_type1, bind_and_unbind)
{
	struct vmm *vmm = &self->vmm;
	struct ste ste;

	if (variant->type == VFIO_TYPE1_NESTING_IOMMU)
		SKIP(return, "the other tests are about that");
	EXPECT_EQ(-EOPNOTSUPP, __guest_stage_translate(&vmm->device,
						       &vmm->table));
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&vmm->device));
	if (oracle_present()) {
		oracle_ste(vmm->device.sid, &ste);
		EXPECT_EQ(0, memcmp(&ste, &vmm->stage2_ste, sizeof(ste)));
	}
	if (vmm->device.driver)
		EXPECT_TRUE(vmm_dma_by_ipa(vmm));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
