// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several devices: in one container each has the guest's tables that were bound for
 * it, in two containers neither reaches what is the other's.
 */
#include <libvfio/harness.h>

#define OTHER_ASID	(GUEST_ASID + 1)
/* The address that both devices use. */
#define IOVA		0x7000000000ULL

FIXTURE(guest_stage_shared)
{
	/* The container, with the first device, and the second device. */
	struct vmm vmm;
	struct vfio_pci_device second;
	struct guest_table second_table;
	/* What IOVA is to the first device and to the second. */
	struct dma_page page;
	struct dma_page second_page;
};

FIXTURE_VARIANT(guest_stage_shared)
{
	/* Of the second device; the second of all if it is NULL. */
	const char *kind;
};

FIXTURE_VARIANT_ADD(guest_stage_shared, alike) {};
FIXTURE_VARIANT_ADD(guest_stage_shared, nvme) { .kind = "nvme" };

static void show_at_iova(struct dma_page *page, struct guest_table *table)
{
	guest_page_alloc(page, table);
	page->iova = IOVA;
	guest_table_map(table, IOVA, page->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

FIXTURE_SETUP(guest_stage_shared)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_KIND(return, variant->kind);
	vmm_init(vmm, vfio_selftests_bdf(0));
	vfio_pci_device_open(&self->second, variant->kind ?
			     vfio_selftests_device(variant->kind) :
			     vfio_selftests_bdf(1), &vmm->container);
	SKIP_WITHOUT_DMA(return, &vmm->device);
	SKIP_WITHOUT_DMA(return, &self->second);
	guest_table_init(&self->second_table, &vmm->ram, OTHER_ASID);
	show_at_iova(&self->page, &vmm->table);
	show_at_iova(&self->second_page, &self->second_table);
}

FIXTURE_TEARDOWN(guest_stage_shared)
{
	vfio_pci_device_close(&self->second);
	vmm_cleanup(&self->vmm);
}

/* Have the device's buffer filled, and know with what. */
static bool load_buffer(struct vfio_pci_device *device, struct vmm *vmm,
			struct dma_page *page, u64 *words)
{
	bool arrives = dma_arrives(device, &vmm->ram, page, IOVA, page, IOVA);
	struct dma_marker marker;

	dma_marker_load(&marker, device, page, IOVA);
	memcpy(words, marker.words, DMA_SIZE);
	return arrives;
}

/* Both devices write at the same address, at the same time. */
TEST_F(guest_stage_shared, different_tables)
{
	struct dma_page *page = &self->page, *second = &self->second_page;
	u64 words[DMA_SIZE / sizeof(u64)], second_words[ARRAY_SIZE(words)];
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_translate(&self->second, &self->second_table);
	ASSERT_TRUE(load_buffer(&vmm->device, vmm, page, words));
	ASSERT_TRUE(load_buffer(&self->second, vmm, second, second_words));
	guest_ram_snapshot(&vmm->ram);
	dma_write_start(&vmm->device, IOVA, DMA_SIZE);
	dma_write(&self->second, IOVA, DMA_SIZE);
	dma_wait(&vmm->device);
	EXPECT_EQ(0, memcmp(page->vaddr, words, DMA_SIZE));
	EXPECT_EQ(0, memcmp(second->vaddr, second_words, DMA_SIZE));
	memcpy(guest_ram_shadow(&vmm->ram, page->ipa), words, DMA_SIZE);
	EXPECT_TRUE(guest_ram_kept_but(&vmm->ram, second->ipa, DMA_SIZE));
}

TEST_F(guest_stage_shared, both_directions)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_translate(&self->second, &self->second_table);
	EXPECT_TRUE(dma_arrives(&self->second, &vmm->ram, &self->second_page,
				IOVA, &self->second_page, IOVA));
	EXPECT_TRUE(dma_arrives(&vmm->device, &vmm->ram, &vmm->src,
				vmm->src.iova, &self->page, IOVA));
}

/* What is in the one's tables only is out of the other's reach. */
TEST_F(guest_stage_shared, own_table_only)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_translate(&self->second, &self->second_table);
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
	EXPECT_TRUE(dma_arrives(&self->second, &vmm->ram, &self->second_page,
				IOVA, &self->second_page, IOVA));
	EXPECT_TRUE(dma_write_blocked(&self->second, &vmm->ram, vmm->dst.iova));
}

/* Each device has a state of its own. */
TEST_F(guest_stage_shared, unbind_one)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_translate(&self->second, &self->second_table);
	guest_stage_unbind(&self->second);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
	EXPECT_TRUE(dma_arrives(&self->second, &vmm->ram, &vmm->src,
				vmm->src.ipa, &vmm->dst, vmm->dst.ipa));
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&self->second));
}

TEST_F(guest_stage_shared, abort_one)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&self->second, &self->second_table);
	EXPECT_TRUE(dma_arrives(&self->second, &vmm->ram, &self->second_page,
				IOVA, &self->second_page, IOVA));
	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_abort(&self->second);
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
	EXPECT_TRUE(dma_write_blocked(&self->second, &vmm->ram, IOVA));
}

TEST_F(guest_stage_shared, close_one)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_translate(&self->second, &self->second_table);
	vfio_pci_device_close(&self->second);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
}

/* What leaves stage 2 is out of reach of every device of the container. */
TEST_F(guest_stage_shared, unmap_reaches_both)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_translate(&self->second, &self->second_table);
	EXPECT_TRUE(dma_arrives(&self->second, &vmm->ram, &self->second_page,
				IOVA, &self->second_page, IOVA));
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
	guest_ram_unmap(&vmm->ram);
	EXPECT_TRUE(dma_write_blocked(&vmm->device, &vmm->ram, vmm->dst.iova));
	EXPECT_TRUE(dma_write_blocked(&self->second, &vmm->ram, IOVA));
}

TEST_F(guest_stage_shared, vsid_in_use)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	self->second.vsid = vmm->device.vsid;
	EXPECT_EQ(-EEXIST, __guest_stage_translate(&self->second,
						   &self->second_table));
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&self->second));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	EXPECT_TRUE(dma_arrives(&self->second, &vmm->ram, &vmm->src,
				vmm->src.ipa, &vmm->dst, vmm->dst.ipa));
}

/* Nor can it be had later, in place of one's own. */
TEST_F(guest_stage_shared, vsid_in_use_by_a_rebind)
{
	struct vmm *vmm = &self->vmm;
	u32 vsid = self->second.vsid;

	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_translate(&self->second, &self->second_table);
	self->second.vsid = vmm->device.vsid;
	EXPECT_EQ(-EEXIST, __guest_stage_translate(&self->second,
						   &self->second_table));
	self->second.vsid = vsid;
	guest_stage_translate(&self->second, &self->second_table);
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
}

/* The name is free again after an unbind, and after the device was closed. */
TEST_F(guest_stage_shared, vsid_free_again)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	self->second.vsid = vmm->device.vsid;
	guest_stage_unbind(&vmm->device);
	guest_stage_translate(&self->second, &self->second_table);
	EXPECT_EQ(-EEXIST, __guest_stage_translate(&vmm->device, &vmm->table));
	vfio_pci_device_put(&self->second);
	EXPECT_EQ(0, __guest_stage_translate(&vmm->device, &vmm->table));
}

/* While it is bound a device keeps its name, in whatever state. */
TEST_F(guest_stage_shared, vsid_fixed_while_bound)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	vmm->device.vsid++;
	EXPECT_EQ(-EINVAL, __guest_stage_translate(&vmm->device, &vmm->table));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	guest_stage_unbind(&vmm->device);
	EXPECT_EQ(0, __guest_stage_translate(&vmm->device, &vmm->table));
}

/* A refused bind doesn't reserve the name that it asked for. */
TEST_F(guest_stage_shared, vsid_of_a_refused_bind)
{
	struct vmm *vmm = &self->vmm;
	struct iommu_guest_stage_config config =
		guest_stage_config(&vmm->device, IOMMU_GUEST_STAGE_TRANSLATE, 1);

	EXPECT_EQ(-EINVAL, __guest_stage_bind(&vmm->device, &config));
	self->second.vsid = vmm->device.vsid;
	EXPECT_EQ(0, __guest_stage_translate(&self->second,
					     &self->second_table));
}

FIXTURE(guest_stage_apart)
{
	struct vmm one;
	struct vmm other;
};

FIXTURE_SETUP(guest_stage_apart)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	vmm_init(&self->one, vfio_selftests_bdf(0));
	vmm_init(&self->other, vfio_selftests_bdf(1));
	SKIP_WITHOUT_DMA(return, &self->one.device);
	SKIP_WITHOUT_DMA(return, &self->other.device);
}

FIXTURE_TEARDOWN(guest_stage_apart)
{
	vmm_cleanup(&self->other);
	vmm_cleanup(&self->one);
}

/* Same addresses, same ASID, same vSID, other memory. */
TEST_F(guest_stage_apart, own_memory)
{
	struct vmm *one = &self->one, *other = &self->other;

	other->device.vsid = one->device.vsid;
	guest_stage_translate(&one->device, &one->table);
	guest_stage_translate(&other->device, &other->table);
	guest_ram_snapshot(&other->ram);
	EXPECT_TRUE(vmm_dma_by_iova(one));
	EXPECT_TRUE(guest_ram_kept(&other->ram));
	guest_ram_snapshot(&one->ram);
	EXPECT_TRUE(vmm_dma_by_iova(other));
	EXPECT_TRUE(guest_ram_kept(&one->ram));
}

/* Memory that the other guest has at an address that this one doesn't. */
TEST_F(guest_stage_apart, not_the_others_memory)
{
	struct vmm *one = &self->one, *other = &self->other;
	struct guest_ram high;
	u64 iova = one->src.iova;

	guest_ram_init(&high, &other->container, GUEST_HIGH_RAM_IPA,
		       GUEST_PAGE_SIZE);
	EXPECT_TRUE(vmm_dma_by_ipa(one));
	guest_table_map(&one->table, iova, high.ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&one->device, &one->table);
	EXPECT_TRUE(dma_write_blocked(&one->device, &high, iova));
	guest_stage_unbind(&one->device);
	EXPECT_TRUE(dma_write_blocked(&one->device, &high, high.ipa));
}

/* The tables of the one, by their IPA, are no tables to the other. */
TEST_F(guest_stage_apart, not_the_others_tables)
{
	struct vmm *one = &self->one, *other = &self->other;
	struct guest_table table;
	struct guest_ram high;

	guest_ram_init(&high, &other->container, GUEST_HIGH_RAM_IPA,
		       GUEST_RAM_SIZE);
	guest_table_init(&table, &high, GUEST_ASID);
	guest_table_map(&table, one->dst.iova, one->dst.ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	EXPECT_TRUE(vmm_dma_by_ipa(one));
	guest_stage_translate(&one->device, &table);
	EXPECT_TRUE(dma_write_blocked(&one->device, &one->ram, one->dst.iova));
}

/* A container answers for its own devices only. */
TEST_F(guest_stage_apart, device_of_the_other)
{
	struct vmm *one = &self->one, *other = &self->other;
	struct vfio_pci_device stranger = other->device;

	stranger.container = &one->container;
	guest_stage_translate(&one->device, &one->table);
	EXPECT_EQ(-ENODEV, __guest_stage_translate(&stranger, &one->table));
	EXPECT_EQ(-ENODEV, __guest_stage_unbind(&stranger));
	guest_stage_translate(&other->device, &other->table);
	EXPECT_EQ(-ENODEV, __guest_stage_translate(&stranger, &one->table));
	EXPECT_EQ(-ENODEV, __guest_stage_unbind(&stranger));
	EXPECT_TRUE(vmm_ste_is(one, &state_translate));
	EXPECT_TRUE(vmm_ste_is(other, &state_translate));
	EXPECT_TRUE(vmm_dma_by_iova(one));
	EXPECT_TRUE(vmm_dma_by_iova(other));
}

TEST_F(guest_stage_apart, unmap_of_the_other)
{
	struct vmm *one = &self->one, *other = &self->other;

	guest_stage_translate(&one->device, &one->table);
	guest_stage_translate(&other->device, &other->table);
	guest_ram_unmap(&other->ram);
	guest_stage_unbind(&other->device);
	EXPECT_TRUE(vmm_dma_by_iova(one));
}

/* Devices behind different SMMUs, in one container: one stage 2 for each SMMU. */
TEST(guest_stage_two_smmus)
{
	struct vfio_pci_device second;
	struct guest_table table;
	struct vmm vmm;

	SKIP_WITHOUT_DEVICES(return, 2);
	if (host_same_iommu(vfio_selftests_bdf(0), vfio_selftests_bdf(1)))
		SKIP(return, "the first two devices are behind the same SMMU");
	vmm_init(&vmm, vfio_selftests_bdf(0));
	vfio_pci_device_open(&second, vfio_selftests_bdf(1), &vmm.container);
	guest_table_init(&table, &vmm.ram, OTHER_ASID);
	guest_table_map(&table, IOVA, vmm.dst.ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm.device, &vmm.table);
	guest_stage_translate(&second, &table);
	SKIP_WITHOUT_DMA(return, &vmm.device);
	SKIP_WITHOUT_DMA(return, &second);
	EXPECT_TRUE(vmm_dma_by_iova(&vmm));
	EXPECT_TRUE(dma_arrives(&second, &vmm.ram, &vmm.dst, IOVA,
				&vmm.dst, IOVA));
	guest_stage_unbind(&vmm.device);
	guest_ram_unmap(&vmm.ram);
	EXPECT_TRUE(dma_write_blocked(&vmm.device, &vmm.ram, vmm.dst.ipa));
	EXPECT_TRUE(dma_write_blocked(&second, &vmm.ram, IOVA));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
