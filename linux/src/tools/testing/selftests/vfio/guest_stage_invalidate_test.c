// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the SMMU has cached of a guest's tables and descriptors is used until the
 * guest invalidates it, not after that, and goes on being used after invalidations
 * of something else. An SMMU may forget more than it has to: only of an emulated
 * one is it known that it doesn't.
 */
#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

#define IOVA		0x7000000000ULL
#define OTHER_ASID	(GUEST_ASID + 1)
#define NEW_ASID	(GUEST_ASID + 2)
#define OTHERS_MAX	10

FIXTURE(guest_stage_invalidate)
{
	struct vmm vmm;
	struct vfio_pci_device second;
	/* The page that IOVA leads to, and the page that the guest changes it to. */
	struct dma_page old;
	struct dma_page new;
	struct iommu_guest_command_smmuv3 others[OTHERS_MAX];
	unsigned int nr_others;
};

/* The command invalidates the translation of IOVA. */
FIXTURE_VARIANT(guest_stage_invalidate)
{
	struct iommu_guest_command_smmuv3 (*command)(void);
};

#define COMMAND_VARIANT(name, what)						\
static struct iommu_guest_command_smmuv3 name##_command(void)			\
{										\
	return what;								\
}										\
										\
FIXTURE_VARIANT_ADD(guest_stage_invalidate, name)				\
{										\
	.command = name##_command,						\
}

COMMAND_VARIANT(nsnh_all, guest_command(CMD_OP_TLBI_NSNH_ALL));
COMMAND_VARIANT(nh_all, guest_command(CMD_OP_TLBI_NH_ALL));
COMMAND_VARIANT(nh_asid, guest_cmd_tlbi_asid(GUEST_ASID));
COMMAND_VARIANT(nh_va, guest_cmd_tlbi_va(GUEST_ASID, IOVA));
COMMAND_VARIANT(nh_vaa, guest_cmd_tlbi_vaa(IOVA));
COMMAND_VARIANT(nh_va_with_level,
		guest_cmd_range(guest_cmd_tlbi_va(GUEST_ASID, IOVA),
				CMD_TG_4K, 3, 0, 0));
/* These are 4 pages, and IOVA is the last. */
COMMAND_VARIANT(nh_va_range,
		guest_cmd_range(guest_cmd_tlbi_va(GUEST_ASID,
						  IOVA - 3 * GUEST_PAGE_SIZE),
				CMD_TG_4K, 0, 3, 0));
COMMAND_VARIANT(nh_vaa_range,
		guest_cmd_range(guest_cmd_tlbi_vaa(IOVA - 3 * GUEST_PAGE_SIZE),
				CMD_TG_4K, 3, 1, 1));
/* The architecture doesn't define the result of this, so all is invalidated. */
COMMAND_VARIANT(nh_va_misaligned_range,
		guest_cmd_range(guest_cmd_tlbi_va(GUEST_ASID,
						  IOVA - 3 * GUEST_PAGE_SIZE),
				CMD_TG_16K, 3, 0, 0));

static void add_other(FIXTURE_DATA(guest_stage_invalidate) * self,
		      struct iommu_guest_command_smmuv3 cmd)
{
	VFIO_ASSERT(self->nr_others < OTHERS_MAX, "OTHERS_MAX");
	self->others[self->nr_others++] = cmd;
}

/* These commands have nothing to do with the device's translation of IOVA. */
static void add_others(FIXTURE_DATA(guest_stage_invalidate) * self)
{
	u64 next = IOVA + GUEST_PAGE_SIZE;

	add_other(self, guest_cmd_tlbi_asid(OTHER_ASID));
	add_other(self, guest_cmd_tlbi_va(OTHER_ASID, IOVA));
	add_other(self, guest_cmd_tlbi_va(GUEST_ASID, next));
	add_other(self, guest_cmd_tlbi_vaa(next));
	add_other(self, guest_cmd_range(guest_cmd_tlbi_va(GUEST_ASID, next),
					CMD_TG_4K, 3, 31, 1));
	/* These are 4 pages, up to the one before IOVA. */
	add_other(self, guest_cmd_range(guest_cmd_tlbi_vaa(IOVA -
							   4 * GUEST_PAGE_SIZE),
					CMD_TG_4K, 0, 3, 0));
	add_other(self, guest_cmd_cfgi_cd(self->vmm.device.vsid));
	add_other(self, guest_cmd_cfgi_cd_all(self->vmm.device.vsid));
}

static void show_at_iova(struct guest_table *table, struct dma_page *page)
{
	guest_table_map(table, IOVA, page->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	dma_barrier();
}

/* Another device of the same guest, which has nothing to do with what is translated. */
static void init_second(struct vfio_pci_device *second, struct vmm *vmm)
{
	vfio_pci_device_open(second, vfio_selftests_bdf(1), &vmm->container);
	guest_stage_abort(second);
}

FIXTURE_SETUP(guest_stage_invalidate)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(vmm, vfio_selftests_bdf(0));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	init_second(&self->second, vmm);
	guest_page_alloc(&self->old, &vmm->table);
	guest_page_alloc(&self->new, &vmm->table);
	show_at_iova(&vmm->table, &self->old);
	guest_stage_translate(&vmm->device, &vmm->table);
	add_others(self);
}

FIXTURE_TEARDOWN(guest_stage_invalidate)
{
	if (self->second.container)
		vfio_pci_device_close(&self->second);
	vmm_cleanup(&self->vmm);
}

/* Whether the device, for which IOVA is translated, writes to @page and reads it. */
static bool iova_is(struct vmm *vmm, struct dma_page *page)
{
	struct guest_ram *ram = &vmm->ram;

	return dma_arrives(&vmm->device, ram, &vmm->src, vmm->src.iova, page,
			   IOVA) &&
	       dma_arrives(&vmm->device, ram, page, IOVA, &vmm->dst,
			   vmm->dst.iova);
}

TEST_F(guest_stage_invalidate, translation)
{
	struct iommu_guest_command_smmuv3 command = variant->command();
	struct vmm *vmm = &self->vmm;

	ASSERT_TRUE(iova_is(vmm, &self->old));
	show_at_iova(&vmm->table, &self->new);
	EXPECT_TRUE(iova_is(vmm, &self->old));

	guest_commands(&vmm->container, self->others, self->nr_others);
	EXPECT_TRUE(iova_is(vmm, &self->old));

	guest_commands(&vmm->container, &command, 1);
	EXPECT_TRUE(iova_is(vmm, &self->new));
}

/* The guest takes a page away. Nothing may arrive there afterwards. */
TEST_F(guest_stage_invalidate, no_translation)
{
	struct iommu_guest_command_smmuv3 command = variant->command();
	struct vmm *vmm = &self->vmm;

	ASSERT_TRUE(iova_is(vmm, &self->old));
	guest_table_unmap(&vmm->table, IOVA, GUEST_PAGE_SIZE);
	dma_barrier();
	EXPECT_TRUE(iova_is(vmm, &self->old));
	guest_commands(&vmm->container, &command, 1);
	EXPECT_TRUE(dma_write_blocked(&vmm->device, &vmm->ram, IOVA));
}

FIXTURE(guest_stage_invalidate_cd)
{
	struct vmm vmm;
	struct vfio_pci_device second;
	struct guest_table changed;
	struct dma_page old;
	struct dma_page new;
};

FIXTURE_VARIANT(guest_stage_invalidate_cd)
{
	struct iommu_guest_command_smmuv3 (*command)(u32 vsid);
};

FIXTURE_VARIANT_ADD(guest_stage_invalidate_cd, cfgi_cd)
{
	.command = guest_cmd_cfgi_cd,
};

FIXTURE_VARIANT_ADD(guest_stage_invalidate_cd, cfgi_cd_all)
{
	.command = guest_cmd_cfgi_cd_all,
};

FIXTURE_SETUP(guest_stage_invalidate_cd)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(vmm, vfio_selftests_bdf(0));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	init_second(&self->second, vmm);
	guest_page_alloc(&self->old, &vmm->table);
	guest_page_alloc(&self->new, &vmm->table);
	guest_table_init(&self->changed, &vmm->ram, NEW_ASID);
	show_at_iova(&vmm->table, &self->old);
	show_at_iova(&self->changed, &self->new);
	guest_table_map(&self->changed, vmm->src.iova, vmm->src.ipa,
			GUEST_PAGE_SIZE, GUEST_READ | GUEST_WRITE);
	guest_table_map(&self->changed, vmm->dst.iova, vmm->dst.ipa,
			GUEST_PAGE_SIZE, GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm->device, &vmm->table);
}

FIXTURE_TEARDOWN(guest_stage_invalidate_cd)
{
	if (self->second.container)
		vfio_pci_device_close(&self->second);
	vmm_cleanup(&self->vmm);
}

/* The same descriptor has other tables now, known by another ASID. */
TEST_F(guest_stage_invalidate_cd, tables)
{
	struct vmm *vmm = &self->vmm;
	struct iommu_guest_command_smmuv3 others[] = {
		guest_command(CMD_OP_TLBI_NH_ALL),
		guest_cmd_tlbi_asid(NEW_ASID),
		variant->command(self->second.vsid),
	};
	struct iommu_guest_command_smmuv3 command =
		variant->command(vmm->device.vsid);

	ASSERT_TRUE(iova_is(vmm, &self->old));
	guest_table_move_cd(&self->changed, vmm->table.cd);
	dma_barrier();
	EXPECT_TRUE(iova_is(vmm, &self->old));

	guest_commands(&vmm->container, others, ARRAY_SIZE(others));
	EXPECT_TRUE(iova_is(vmm, &self->old));

	guest_commands(&vmm->container, &command, 1);
	EXPECT_TRUE(iova_is(vmm, &self->new));
}

FIXTURE(guest_stage_invalidate_isolation)
{
	/* Two guests, and what IOVA is in each and is changed to. */
	struct vmm vmm[2];
	struct dma_page old[2];
	struct dma_page new[2];
};

FIXTURE_SETUP(guest_stage_invalidate_isolation)
{
	unsigned int i;

	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_ORACLE(return);
	for (i = 0; i < 2; i++) {
		struct vmm *vmm = &self->vmm[i];

		vmm_init(vmm, vfio_selftests_bdf(i));
		SKIP_WITHOUT_DMA(return, &vmm->device);
		guest_page_alloc(&self->old[i], &vmm->table);
		guest_page_alloc(&self->new[i], &vmm->table);
		show_at_iova(&vmm->table, &self->old[i]);
		guest_stage_translate(&vmm->device, &vmm->table);
	}
}

FIXTURE_TEARDOWN(guest_stage_invalidate_isolation)
{
	vmm_cleanup(&self->vmm[1]);
	vmm_cleanup(&self->vmm[0]);
}

/*
 * The second guest's stale translations show whether they are still there. Both
 * use the same ASID and the same addresses.
 */
TEST_F(guest_stage_invalidate_isolation, other_guest)
{
	struct vmm *first = &self->vmm[0], *second = &self->vmm[1];
	struct iommu_guest_command_smmuv3 commands[] = {
		guest_command(CMD_OP_TLBI_NSNH_ALL),
		guest_command(CMD_OP_TLBI_NH_ALL),
		guest_cmd_tlbi_asid(GUEST_ASID),
		guest_cmd_tlbi_va(GUEST_ASID, IOVA),
		guest_cmd_tlbi_vaa(IOVA),
		guest_cmd_range(guest_cmd_tlbi_vaa(0), CMD_TG_4K, 0, 31, 31),
		guest_cmd_range(guest_cmd_tlbi_vaa(IOVA - GUEST_PAGE_SIZE),
				CMD_TG_16K, 3, 0, 0),
		guest_cmd_cfgi_cd(first->device.vsid),
		guest_cmd_cfgi_cd_all(first->device.vsid),
	};
	unsigned int i;

	ASSERT_TRUE(iova_is(first, &self->old[0]));
	ASSERT_TRUE(iova_is(second, &self->old[1]));
	show_at_iova(&first->table, &self->new[0]);
	show_at_iova(&second->table, &self->new[1]);

	oracle_mark();
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		guest_commands(&first->container, &commands[i], 1);
	EXPECT_TRUE(oracle_commands_of_vmid(ste_vmid(&first->stage2_ste)));
	EXPECT_EQ(0, oracle_count_commands("TLBI_NSNH_ALL"));

	EXPECT_TRUE(iova_is(first, &self->new[0]));
	EXPECT_TRUE(iova_is(second, &self->old[1]));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
