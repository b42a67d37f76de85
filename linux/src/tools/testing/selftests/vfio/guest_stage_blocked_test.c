// SPDX-License-Identifier: GPL-2.0-only
/*
 * What shall not arrive does not, in either direction, and the SMMU says why.
 */
#include <asm/byteorder.h>

#include <libvfio/harness.h>

/* Somewhere the guest's tables have nothing, not even at the top level. */
#define FAR_IOVA	0x6543210fe000ULL

FIXTURE(guest_stage_blocked)
{
	struct vmm vmm;
	struct dma_marker marker;
};

FIXTURE_VARIANT(guest_stage_blocked)
{
	/* Make something wrong, and say which address to try. */
	u64 (*prepare)(struct vmm *vmm);
	/* What the SMMU records, NULL for nothing. */
	const char *event;
};

static u64 prepare_ipa_in_abort(struct vmm *vmm)
{
	guest_stage_abort(&vmm->device);
	return vmm->src.ipa;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, ipa_in_abort)
{
	.prepare = prepare_ipa_in_abort,
};

static u64 prepare_iova_in_abort(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_abort(&vmm->device);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, iova_in_abort)
{
	.prepare = prepare_iova_in_abort,
};

static u64 prepare_ipa_in_translate(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.ipa;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, ipa_in_translate)
{
	.prepare = prepare_ipa_in_translate,
	.event = "F_TRANSLATION",
};

static u64 prepare_iova_in_stage2(struct vmm *vmm)
{
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, iova_in_stage2)
{
	.prepare = prepare_iova_in_stage2,
	.event = "F_TRANSLATION",
};

static u64 prepare_iova_in_bypass(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_bypass(&vmm->device);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, iova_in_bypass)
{
	.prepare = prepare_iova_in_bypass,
	.event = "F_TRANSLATION",
};

static u64 prepare_unmapped_page(struct vmm *vmm)
{
	guest_table_unmap(&vmm->table, vmm->src.iova, GUEST_PAGE_SIZE);
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, unmapped_page)
{
	.prepare = prepare_unmapped_page,
	.event = "F_TRANSLATION",
};

static u64 prepare_unmapped_far(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	return FAR_IOVA;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, unmapped_far)
{
	.prepare = prepare_unmapped_far,
	.event = "F_TRANSLATION",
};

static u64 prepare_beyond_the_table(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.iova | 1ULL << 50;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, beyond_the_table)
{
	.prepare = prepare_beyond_the_table,
	.event = "F_TRANSLATION",
};

/* Within the guest everything is right, but the page isn't the guest's. */
static u64 prepare_page_outside_stage2(struct vmm *vmm)
{
	guest_table_map(&vmm->table, vmm->src.iova, UNMAPPED_IPA,
			GUEST_PAGE_SIZE, GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, page_outside_stage2)
{
	.prepare = prepare_page_outside_stage2,
	.event = "F_TRANSLATION",
};

/* A physical address is nothing that a guest could use: it is taken as an IPA. */
static u64 prepare_page_by_physical_address(struct vmm *vmm)
{
	guest_table_map(&vmm->table, vmm->src.iova,
			host_physical_address(vmm->src.vaddr),
			GUEST_PAGE_SIZE, GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, page_by_physical_address)
{
	.prepare = prepare_page_by_physical_address,
	.event = "F_TRANSLATION",
};

static u64 bind_cd(struct vmm *vmm, u64 cd)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(&vmm->device, IOMMU_GUEST_STAGE_TRANSLATE,
				   cd);

	guest_stage_bind(&vmm->device, &config);
	return vmm->src.iova;
}

static u64 prepare_cd_outside_stage2(struct vmm *vmm)
{
	return bind_cd(vmm, UNMAPPED_IPA);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, cd_outside_stage2)
{
	.prepare = prepare_cd_outside_stage2,
	.event = "F_TRANSLATION",
};

static u64 prepare_cd_by_physical_address(struct vmm *vmm)
{
	u64 cd = host_physical_address(guest_table_cd(&vmm->table));

	return bind_cd(vmm, cd + vmm->table.cd % GUEST_PAGE_SIZE);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, cd_by_physical_address)
{
	.prepare = prepare_cd_by_physical_address,
	.event = "F_TRANSLATION",
};

static u64 prepare_cd_invalid(struct vmm *vmm)
{
	guest_table_cd(&vmm->table)[0] &= ~__cpu_to_le64(CD_0_V);
	return bind_cd(vmm, vmm->table.cd);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, cd_invalid)
{
	.prepare = prepare_cd_invalid,
	.event = "C_BAD_CD",
};

static u64 prepare_cd_of_zeros(struct vmm *vmm)
{
	memset(guest_table_cd(&vmm->table), 0, CD_SIZE);
	return bind_cd(vmm, vmm->table.cd);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, cd_of_zeros)
{
	.prepare = prepare_cd_of_zeros,
	.event = "C_BAD_CD",
};

static u64 prepare_cd_not_aarch64(struct vmm *vmm)
{
	guest_table_cd(&vmm->table)[0] &= ~__cpu_to_le64(CD_0_AA64);
	return bind_cd(vmm, vmm->table.cd);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, cd_not_aarch64)
{
	.prepare = prepare_cd_not_aarch64,
	.event = "C_BAD_CD",
};

static u64 prepare_walks_disabled(struct vmm *vmm)
{
	guest_table_cd(&vmm->table)[0] |= __cpu_to_le64(CD_0_EPD0);
	return bind_cd(vmm, vmm->table.cd);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, walks_disabled)
{
	.prepare = prepare_walks_disabled,
	.event = "F_TRANSLATION",
};

static u64 prepare_top_table_outside_stage2(struct vmm *vmm)
{
	guest_table_cd(&vmm->table)[1] = __cpu_to_le64(UNMAPPED_IPA);
	return bind_cd(vmm, vmm->table.cd);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, top_table_outside_stage2)
{
	.prepare = prepare_top_table_outside_stage2,
	.event = "F_TRANSLATION",
};

static u64 prepare_next_table_outside_stage2(struct vmm *vmm)
{
	__le64 *top = guest_ram_ptr(&vmm->ram, vmm->table.ttb);

	top[0] = __cpu_to_le64(UNMAPPED_IPA | PTE_VALID | PTE_TABLE_OR_PAGE);
	return bind_cd(vmm, vmm->table.cd);
}

FIXTURE_VARIANT_ADD(guest_stage_blocked, next_table_outside_stage2)
{
	.prepare = prepare_next_table_outside_stage2,
	.event = "F_TRANSLATION",
};

FIXTURE_SETUP(guest_stage_blocked)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(vmm, vfio_selftests_bdf(0));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	dma_marker_load(&self->marker, &vmm->device, &vmm->src, vmm->src.ipa);
}

FIXTURE_TEARDOWN(guest_stage_blocked)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_blocked, both_directions)
{
	struct vmm *vmm = &self->vmm;
	u64 addr = variant->prepare(vmm);

	EXPECT_TRUE(dma_write_blocked(&vmm->device, &vmm->ram, addr));
	dma_read(&vmm->device, addr, DMA_SIZE);
	state_stage2.enter(vmm);
	EXPECT_TRUE(dma_marker_kept(&self->marker, &vmm->device, &vmm->dst,
				    vmm->dst.ipa));
}

TEST_F(guest_stage_blocked, event)
{
	struct vmm *vmm = &self->vmm;
	u64 addr = variant->prepare(vmm);

	SKIP_WITHOUT_ORACLE(return);
	oracle_mark();
	dma_write(&vmm->device, addr, DMA_SIZE);
	EXPECT_EQ(!variant->event, !oracle_count_events());
	EXPECT_TRUE(!variant->event ||
		    oracle_saw_event(variant->event, vmm->device.sid));
}

/* What was wrong was the guest's: put right, and bound again, it works. */
TEST_F(guest_stage_blocked, recovers)
{
	struct vmm *vmm = &self->vmm;
	u64 addr = variant->prepare(vmm);

	dma_write(&vmm->device, addr, DMA_SIZE);
	state_stage2.enter(vmm);
	guest_table_init(&vmm->table, &vmm->ram, GUEST_ASID);
	guest_page_alloc(&vmm->src, &vmm->table);
	guest_page_alloc(&vmm->dst, &vmm->table);
	guest_stage_translate(&vmm->device, &vmm->table);
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
}

FIXTURE(guest_stage_read_only)
{
	struct vmm vmm;
	struct dma_page page;
};

FIXTURE_VARIANT(guest_stage_read_only)
{
	/* Let the device read the page, and not write it. */
	void (*map)(struct vmm *vmm, struct dma_page *page);
};

static void map_read_only_by_guest(struct vmm *vmm, struct dma_page *page)
{
	guest_table_map(&vmm->table, page->iova, page->ipa, GUEST_PAGE_SIZE,
			GUEST_READ);
}

FIXTURE_VARIANT_ADD(guest_stage_read_only, by_the_guest)
{
	.map = map_read_only_by_guest,
};

static void map_read_only_by_host(struct vmm *vmm, struct dma_page *page)
{
	int ret = __vfio_dma_map(&vmm->container, page->vaddr, UNMAPPED_IPA,
				 GUEST_PAGE_SIZE, VFIO_DMA_MAP_FLAG_READ);

	VFIO_ASSERT(!ret, "map a page to read: %d", ret);
	guest_table_map(&vmm->table, page->iova, UNMAPPED_IPA, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

FIXTURE_VARIANT_ADD(guest_stage_read_only, by_the_host)
{
	.map = map_read_only_by_host,
};

FIXTURE_SETUP(guest_stage_read_only)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(vmm, vfio_selftests_bdf(0));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	guest_page_alloc(&self->page, &vmm->table);
	EXPECT_TRUE(vmm_dma_by_ipa(vmm));
}

FIXTURE_TEARDOWN(guest_stage_read_only)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_read_only, dma)
{
	struct vmm *vmm = &self->vmm;

	variant->map(vmm, &self->page);
	guest_stage_translate(&vmm->device, &vmm->table);
	EXPECT_TRUE(dma_write_blocked(&vmm->device, &vmm->ram, self->page.iova));
	EXPECT_TRUE(dma_arrives(&vmm->device, &vmm->ram, &self->page,
				self->page.iova, &vmm->dst, vmm->dst.iova));
}

TEST_F(guest_stage_read_only, event)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	variant->map(vmm, &self->page);
	guest_stage_translate(&vmm->device, &vmm->table);
	oracle_mark();
	dma_write(&vmm->device, self->page.iova, DMA_SIZE);
	EXPECT_TRUE(oracle_saw_event("F_PERMISSION", vmm->device.sid));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
