// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states that a device goes through, from the default domain to a guest's own
 * tables and back, by what its transfers do and by its STE.
 */
#include <libvfio/harness.h>

FIXTURE(guest_stage_state)
{
	struct vmm vmm;
};

FIXTURE_VARIANT(guest_stage_state)
{
	const char *kind;
	const struct guest_state *state;
};

FIXTURE_VARIANT_ADD(guest_stage_state, stage2)
{
	.state = &state_stage2,
};

FIXTURE_VARIANT_ADD(guest_stage_state, stage2_nvme)
{
	.kind = "nvme",
	.state = &state_stage2,
};

FIXTURE_VARIANT_ADD(guest_stage_state, abort)
{
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_state, abort_nvme)
{
	.kind = "nvme",
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_state, translate)
{
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_state, translate_nvme)
{
	.kind = "nvme",
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_state, bypass)
{
	.state = &state_bypass,
};

FIXTURE_VARIANT_ADD(guest_stage_state, bypass_nvme)
{
	.kind = "nvme",
	.state = &state_bypass,
};

FIXTURE_VARIANT_ADD(guest_stage_state, unbound)
{
	.state = &state_unbound,
};

FIXTURE_VARIANT_ADD(guest_stage_state, unbound_nvme)
{
	.kind = "nvme",
	.state = &state_unbound,
};

FIXTURE_SETUP(guest_stage_state)
{
	SKIP_WITHOUT_KIND(return, variant->kind);
	vmm_init(&self->vmm, vfio_selftests_device(variant->kind));
}

FIXTURE_TEARDOWN(guest_stage_state)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_state, dma)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DMA(return, &vmm->device);
	EXPECT_TRUE(vmm_dma_is(vmm, &state_stage2));
	variant->state->enter(vmm);
	EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
}

TEST_F(guest_stage_state, ste)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	variant->state->enter(vmm);
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
}

/* A guest may write the same configuration again. */
TEST_F(guest_stage_state, twice)
{
	struct vmm *vmm = &self->vmm;

	variant->state->enter(vmm);
	variant->state->enter(vmm);
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
}

/* From this state to each other one. */
TEST_F(guest_stage_state, transitions)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	SKIP_WITHOUT_DMA(return, &vmm->device);
	EXPECT_TRUE(vmm_dma_by_ipa(vmm));
	for (i = 0; i < nr_guest_states; i++) {
		variant->state->enter(vmm);
		guest_states[i]->enter(vmm);
		EXPECT_TRUE(vmm_ste_is(vmm, guest_states[i]));
		EXPECT_TRUE(vmm_dma_is(vmm, guest_states[i]))
			TH_LOG("transfers in state %s", guest_states[i]->name);
	}
}

/* The memory stays mapped and pinned in every state: it is there again after it. */
TEST_F(guest_stage_state, keeps_memory)
{
	struct vmm *vmm = &self->vmm;
	u64 locked = host_status_kb("VmLck");
	s64 pinned = host_pinned_pages();

	variant->state->enter(vmm);
	EXPECT_EQ(locked, host_status_kb("VmLck"));
	EXPECT_EQ(pinned, host_pinned_pages());
	EXPECT_EQ(-EEXIST, __vfio_dma_map(&vmm->container, vmm->ram.vaddr,
					  vmm->ram.ipa, GUEST_PAGE_SIZE,
					  VFIO_DMA_MAP_FLAG_READ));
}

/* The whole of it goes back to the default domain, whatever the state was. */
TEST_F(guest_stage_state, container_gone)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	variant->state->enter(vmm);
	vfio_pci_device_close(&vmm->device);
	vfio_container_close(&vmm->container);
	EXPECT_EQ(STE_CONFIG_S1_TRANS, ste_config(&vmm->host_ste));
	EXPECT_TRUE(vmm_ste_is_host(vmm));
}

FIXTURE(guest_stage_host)
{
	struct vfio_pci_device device;
	void *page;
	u64 physical;
};

FIXTURE_VARIANT(guest_stage_host)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(guest_stage_host, first)
{
	.kind = NULL,
};

FIXTURE_VARIANT_ADD(guest_stage_host, nvme)
{
	.kind = "nvme",
};

static void *alloc_page(void)
{
	void *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	VFIO_ASSERT(page != MAP_FAILED, "a page");
	pattern_fill(page, getpagesize());
	return page;
}

FIXTURE_SETUP(guest_stage_host)
{
	SKIP_WITHOUT_KIND(return, variant->kind);
	self->page = alloc_page();
	self->physical = host_physical_address(self->page);
	if (!self->physical)
		SKIP(return, "physical addresses are not told");
}

FIXTURE_TEARDOWN(guest_stage_host)
{
	munmap(self->page, getpagesize());
}

/* Outside of any container, not even the physical address of a page reaches it. */
static bool host_dma_blocked(const char *bdf, void *page)
{
	u64 physical = host_physical_address(page), before[DMA_SIZE / sizeof(u64)];
	struct vfio_pci_device device;

	host_device_open(&device, bdf);
	memcpy(before, page, sizeof(before));
	dma_write(&device, physical, DMA_SIZE);
	host_device_close(&device);
	return !memcmp(before, page, sizeof(before));
}

/* States 1 and 5, with state 3 between them. */
TEST_F(guest_stage_host, write)
{
	const char *bdf = vfio_selftests_device(variant->kind);
	struct vmm vmm;

	vmm_init(&vmm, bdf);
	SKIP_WITHOUT_DMA(return, &vmm.device);
	EXPECT_TRUE(vmm_dma_by_ipa(&vmm));
	vmm_cleanup(&vmm);
	EXPECT_TRUE(host_dma_blocked(bdf, self->page));

	vmm_init(&vmm, bdf);
	guest_stage_translate(&vmm.device, &vmm.table);
	EXPECT_TRUE(vmm_dma_by_iova(&vmm));
	vmm_cleanup(&vmm);
	EXPECT_TRUE(host_dma_blocked(bdf, self->page));
}

TEST_F(guest_stage_host, read)
{
	const char *bdf = vfio_selftests_device(variant->kind);
	struct dma_marker marker;
	struct vmm vmm;

	vmm_init(&vmm, bdf);
	SKIP_WITHOUT_DMA(return, &vmm.device);
	dma_marker_load(&marker, &vmm.device, &vmm.src, vmm.src.ipa);
	vmm_cleanup(&vmm);

	host_device_open(&self->device, bdf);
	dma_read(&self->device, self->physical, DMA_SIZE);
	host_device_close(&self->device);

	vmm_init(&vmm, bdf);
	EXPECT_TRUE(dma_marker_kept(&marker, &vmm.device, &vmm.dst, vmm.dst.ipa));
	vmm_cleanup(&vmm);
}

TEST_F(guest_stage_host, events)
{
	const char *bdf = vfio_selftests_device(variant->kind);

	SKIP_WITHOUT_ORACLE(return);
	host_device_open(&self->device, bdf);
	SKIP_WITHOUT_DMA(return, &self->device);
	oracle_mark();
	dma_write(&self->device, self->physical, DMA_SIZE);
	EXPECT_TRUE(oracle_saw_event("F_TRANSLATION", self->device.sid));
	host_device_close(&self->device);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
