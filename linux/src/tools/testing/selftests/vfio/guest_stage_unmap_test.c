// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page that the host takes out of stage 2 is out of the device's reach with the
 * very next transfer, also where the SMMU has the guest's whole translation to it
 * cached. After the unmap the page may be anybody's.
 */
#include <linux/sizes.h>
#include <sys/mman.h>

#include <libvfio/harness.h>

#define EXTRA_IPA	0x50000000ULL

FIXTURE(guest_stage_unmap)
{
	struct vmm vmm;
	/* Memory to unmap, while the tables stay. */
	struct guest_ram extra;
	struct dma_page page;
	struct dma_marker marker;
};

FIXTURE_VARIANT(guest_stage_unmap)
{
	const char *kind;
	/* Between a transfer and the unmap, and between the unmap and the next. */
	const struct guest_state *meanwhile;
	u64 size;
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, while_bound)
{
	.meanwhile = &state_translate,
	.size = GUEST_PAGE_SIZE,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, while_bound_nvme)
{
	.kind = "nvme",
	.meanwhile = &state_translate,
	.size = GUEST_PAGE_SIZE,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, while_unbound)
{
	.meanwhile = &state_stage2,
	.size = GUEST_PAGE_SIZE,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, while_unbound_nvme)
{
	.kind = "nvme",
	.meanwhile = &state_stage2,
	.size = GUEST_PAGE_SIZE,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, while_in_bypass)
{
	.meanwhile = &state_bypass,
	.size = GUEST_PAGE_SIZE,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, while_in_abort)
{
	.meanwhile = &state_abort,
	.size = GUEST_PAGE_SIZE,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, many_pages)
{
	.meanwhile = &state_translate,
	.size = SZ_2M,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap, many_pages_while_unbound)
{
	.meanwhile = &state_stage2,
	.size = SZ_2M,
};

FIXTURE_SETUP(guest_stage_unmap)
{
	struct vmm *vmm = &self->vmm;
	struct dma_page *page = &self->page;

	SKIP_WITHOUT_KIND(return, variant->kind);
	vmm_init(vmm, vfio_selftests_device(variant->kind));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	guest_ram_init(&self->extra, &vmm->container, EXTRA_IPA, variant->size);
	page->ipa = EXTRA_IPA + variant->size - GUEST_PAGE_SIZE;
	page->iova = GUEST_IOVA(page->ipa);
	page->vaddr = guest_ram_ptr(&self->extra, page->ipa);
	guest_table_map(&vmm->table, page->iova, page->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

FIXTURE_TEARDOWN(guest_stage_unmap)
{
	vmm_cleanup(&self->vmm);
	guest_ram_cleanup(&self->extra);
}

/* Leave the guest's translation to the page in the TLB, for both directions. */
static bool fill_tlb(struct vmm *vmm, struct guest_ram *extra,
		     struct dma_page *page)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	return dma_arrives(&vmm->device, &vmm->ram, page, page->iova,
			   &vmm->dst, vmm->dst.iova) &&
	       dma_arrives(&vmm->device, extra, &vmm->src, vmm->src.iova,
			   page, page->iova);
}

static void unmap_in(const struct guest_state *meanwhile, struct vmm *vmm,
		     struct guest_ram *extra)
{
	meanwhile->enter(vmm);
	guest_ram_unmap(extra);
	guest_stage_translate(&vmm->device, &vmm->table);
}

TEST_F(guest_stage_unmap, write)
{
	struct vmm *vmm = &self->vmm;

	ASSERT_TRUE(fill_tlb(vmm, &self->extra, &self->page));
	unmap_in(variant->meanwhile, vmm, &self->extra);
	EXPECT_TRUE(dma_write_blocked(&vmm->device, &self->extra,
				      self->page.iova));
}

TEST_F(guest_stage_unmap, read)
{
	struct vmm *vmm = &self->vmm;

	ASSERT_TRUE(fill_tlb(vmm, &self->extra, &self->page));
	dma_marker_load(&self->marker, &vmm->device, &vmm->src, vmm->src.iova);
	unmap_in(variant->meanwhile, vmm, &self->extra);
	pattern_fill(self->page.vaddr, GUEST_PAGE_SIZE);
	dma_read(&vmm->device, self->page.iova, DMA_SIZE);
	EXPECT_TRUE(dma_marker_kept(&self->marker, &vmm->device, &vmm->dst,
				    vmm->dst.iova));
}

TEST_F(guest_stage_unmap, event)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	ASSERT_TRUE(fill_tlb(vmm, &self->extra, &self->page));
	unmap_in(variant->meanwhile, vmm, &self->extra);
	oracle_mark();
	dma_write(&vmm->device, self->page.iova, DMA_SIZE);
	EXPECT_TRUE(oracle_saw_event("F_TRANSLATION", vmm->device.sid));
}

/* In every state, bound or not: a bind may be on its way. */
TEST_F(guest_stage_unmap, commands)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	variant->meanwhile->enter(vmm);
	oracle_mark();
	guest_ram_unmap(&self->extra);
	EXPECT_TRUE(oracle_stage2_unmap_complete(ste_vmid(&vmm->stage2_ste)));
}

/* The same address, other memory: never again the old one. */
TEST_F(guest_stage_unmap, remap)
{
	struct vmm *vmm = &self->vmm;
	struct guest_ram old = self->extra;

	ASSERT_TRUE(fill_tlb(vmm, &self->extra, &self->page));
	unmap_in(variant->meanwhile, vmm, &self->extra);
	guest_ram_init(&self->extra, &vmm->container, EXTRA_IPA, variant->size);
	self->page.vaddr = guest_ram_ptr(&self->extra, self->page.ipa);
	guest_ram_snapshot(&old);
	EXPECT_TRUE(dma_arrives(&vmm->device, &self->extra, &vmm->src,
				vmm->src.iova, &self->page, self->page.iova));
	EXPECT_TRUE(guest_ram_kept(&old));
	guest_ram_cleanup(&old);
}

/* State 2 and BYPASS, where addresses are IPAs, have no combined entries. */
TEST_F(guest_stage_unmap, by_ipa)
{
	struct vmm *vmm = &self->vmm;

	if (!variant->meanwhile->by_ipa)
		SKIP(return, "not a state where addresses are IPAs");
	variant->meanwhile->enter(vmm);
	EXPECT_TRUE(dma_arrives(&vmm->device, &self->extra, &vmm->src,
				vmm->src.ipa, &self->page, self->page.ipa));
	guest_ram_unmap(&self->extra);
	EXPECT_TRUE(dma_write_blocked(&vmm->device, &self->extra,
				      self->page.ipa));
}

#define BLOCK_SIZE	SZ_2M
#define NR_BLOCKS	32

/*
 * Memory that is contiguous for longer than a block is unmapped by the block. What
 * then goes is one entry, or a whole table if the memory wasn't aligned like the
 * addresses: the latter is invalidated by code of its own.
 */
FIXTURE(guest_stage_unmap_block)
{
	struct vmm vmm;
	struct guest_ram extra;
	struct dma_page page;
};

FIXTURE_VARIANT(guest_stage_unmap_block)
{
	const char *kind;
	/* From the memory's alignment. */
	size_t offset;
};

FIXTURE_VARIANT_ADD(guest_stage_unmap_block, one_entry)
{
	.offset = 0,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap_block, one_entry_nvme)
{
	.kind = "nvme",
	.offset = 0,
};

FIXTURE_VARIANT_ADD(guest_stage_unmap_block, a_table)
{
	.offset = GUEST_PAGE_SIZE,
};

static void *alloc_blocks(void)
{
	void *blocks = mmap(NULL, (NR_BLOCKS + 1) * BLOCK_SIZE,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT(blocks != MAP_FAILED, "memory");
	blocks = (void *)(((uintptr_t)blocks | (BLOCK_SIZE - 1)) + 1);
	madvise(blocks, NR_BLOCKS * BLOCK_SIZE, MADV_HUGEPAGE);
	memset(blocks, 1, NR_BLOCKS * BLOCK_SIZE);
	return blocks;
}

/* Two blocks in a row of physically contiguous memory, or NULL. */
static void *find_two_blocks(void)
{
	void *block = alloc_blocks(), *end = block + (NR_BLOCKS - 1) * BLOCK_SIZE;

	for (; block < end; block += BLOCK_SIZE) {
		u64 physical = host_physical_address(block);

		if (physical && physical % BLOCK_SIZE == 0 &&
		    physical + 2 * BLOCK_SIZE - GUEST_PAGE_SIZE ==
		    host_physical_address(block + 2 * BLOCK_SIZE - GUEST_PAGE_SIZE))
			return block;
	}
	return NULL;
}

FIXTURE_SETUP(guest_stage_unmap_block)
{
	struct guest_ram *extra = &self->extra;
	struct dma_page *page = &self->page;
	struct vmm *vmm = &self->vmm;
	void *blocks;

	SKIP_WITHOUT_KIND(return, variant->kind);
	blocks = find_two_blocks();
	if (!blocks)
		SKIP(return, "no physically contiguous memory");
	vmm_init(vmm, vfio_selftests_device(variant->kind));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	extra->container = &vmm->container;
	extra->vaddr = blocks + variant->offset;
	extra->shadow = malloc(BLOCK_SIZE);
	extra->ipa = EXTRA_IPA;
	extra->size = BLOCK_SIZE;
	guest_ram_map(extra);
	page->ipa = EXTRA_IPA + BLOCK_SIZE / 2;
	page->iova = GUEST_IOVA(page->ipa);
	page->vaddr = guest_ram_ptr(extra, page->ipa);
	guest_table_map(&vmm->table, page->iova, page->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

FIXTURE_TEARDOWN(guest_stage_unmap_block)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_unmap_block, write)
{
	struct vmm *vmm = &self->vmm;

	ASSERT_TRUE(fill_tlb(vmm, &self->extra, &self->page));
	guest_ram_unmap(&self->extra);
	EXPECT_TRUE(dma_write_blocked(&vmm->device, &self->extra,
				      self->page.iova));
}

TEST_F(guest_stage_unmap_block, commands)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	guest_stage_translate(&vmm->device, &vmm->table);
	oracle_mark();
	guest_ram_unmap(&self->extra);
	EXPECT_TRUE(oracle_stage2_unmap_complete(ste_vmid(&vmm->stage2_ste)));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
