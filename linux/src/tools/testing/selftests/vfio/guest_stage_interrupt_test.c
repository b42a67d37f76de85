// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a device: messages that it writes to a doorbell, past what is bound for
 * it as all that it writes. They arrive where the doorbell can be reached. A guest that
 * translates has to show it to the device, where it was told.
 */
#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

FIXTURE(guest_stage_interrupt)
{
	struct vmm vmm;
	struct vfio_pci_irqs irqs;
	struct dma_page page;
	struct iommu_guest_stage_info info;
};

FIXTURE_VARIANT(guest_stage_interrupt)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(guest_stage_interrupt, first)
{
	.kind = NULL,
};

FIXTURE_VARIANT_ADD(guest_stage_interrupt, nvme)
{
	.kind = "nvme",
};

FIXTURE_SETUP(guest_stage_interrupt)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_KIND(return, variant->kind);
	vmm_init(vmm, vfio_selftests_device(variant->kind));
	SKIP_WITHOUT_IRQS(return, &vmm->device);
	guest_page_alloc(&self->page, &vmm->table);
	guest_stage_info(&vmm->device, &self->info);
}

FIXTURE_TEARDOWN(guest_stage_interrupt)
{
	vmm_cleanup(&self->vmm);
}

static void enable_irqs(struct _test_data_guest_stage_interrupt *self)
{
	vfio_pci_irqs_enable(&self->irqs, &self->vmm.device, &self->page);
}

static void map_window(struct _test_data_guest_stage_interrupt *self, int prot)
{
	guest_table_map(&self->vmm.table, self->info.msi_base,
			self->info.msi_base, self->info.msi_size, prot);
}

static u64 page_addr(struct _test_data_guest_stage_interrupt *self,
		     const struct guest_state *state)
{
	return state->by_iova ? self->page.iova : self->page.ipa;
}

/* Whether the @i-th arrives, and no other one. */
static bool arrives(struct _test_data_guest_stage_interrupt *self, unsigned int i,
		    const struct guest_state *state)
{
	return vfio_pci_irq_send(&self->irqs, i, page_addr(self, state)) &&
	       vfio_pci_irq_arrives(&self->irqs, i) &&
	       !vfio_pci_irqs_pending(&self->irqs);
}

static bool all_arrive(struct _test_data_guest_stage_interrupt *self,
		       const struct guest_state *state)
{
	unsigned int i;

	for (i = 0; i < self->vmm.device.driver->nr_irqs; i++)
		if (!arrives(self, i, state))
			return false;
	return true;
}

/* Enabled before, and on through all states. Where all is blocked they are as well. */
TEST_F(guest_stage_interrupt, in_every_state)
{
	unsigned int i;

	map_window(self, GUEST_WRITE);
	enable_irqs(self);
	for (i = 0; i < nr_guest_states; i++) {
		const struct guest_state *state = guest_states[i];

		state->enter(&self->vmm);
		EXPECT_EQ(state->by_ipa || state->by_iova,
			  all_arrive(self, state))
			TH_LOG("in state %s", state->name);
	}
}

/* Nobody is told of a message that Config = abort stops. The next ones arrive. */
TEST_F(guest_stage_interrupt, abort_is_silent)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	enable_irqs(self);
	guest_stage_abort(&vmm->device);
	oracle_mark();
	vfio_pci_irq_send(&self->irqs, 0, self->page.ipa);
	EXPECT_FALSE(vfio_pci_irqs_pending(&self->irqs));
	EXPECT_EQ(0, oracle_count_events());
	guest_stage_bypass(&vmm->device);
	EXPECT_TRUE(all_arrive(self, &state_bypass));
}

/* Enabled and disabled by a VMM whose guest is up already. */
TEST_F(guest_stage_interrupt, enabled_while_bound)
{
	unsigned int i;

	map_window(self, GUEST_WRITE);
	guest_stage_translate(&self->vmm.device, &self->vmm.table);
	for (i = 0; i < 3; i++) {
		enable_irqs(self);
		EXPECT_TRUE(all_arrive(self, &state_translate));
		vfio_pci_irqs_disable(&self->irqs);
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
}

/* Whether the latest event is about a message of the device, and is of @type. */
static bool message_failed(struct _test_data_guest_stage_interrupt *self, u8 type)
{
	u64 event[4];

	if (!oracle_present())
		return true;
	oracle_last_event(event);
	return FIELD_GET(EVENT_0_TYPE, event[0]) == type &&
	       FIELD_GET(EVENT_0_SID, event[0]) == self->vmm.device.sid &&
	       event[2] - self->info.msi_base < self->info.msi_size;
}

/*
 * Whether the message of the @i-th interrupt fails with an event of @type, the only
 * one that there is. What the device writes before it is mapped.
 */
static bool fails(struct _test_data_guest_stage_interrupt *self, unsigned int i, u8 type)
{
	if (oracle_present())
		oracle_mark();
	return vfio_pci_irq_send(&self->irqs, i, self->page.iova) &&
	       !vfio_pci_irqs_pending(&self->irqs) &&
	       (!oracle_present() || oracle_count_events() == 1) &&
	       message_failed(self, type);
}

/* No interrupt, but an event that says why. Then the guest learns, and maps it. */
TEST_F(guest_stage_interrupt, window_not_mapped)
{
	unsigned int i;

	enable_irqs(self);
	guest_stage_translate(&self->vmm.device, &self->vmm.table);
	for (i = 0; i < self->vmm.device.driver->nr_irqs; i++)
		EXPECT_TRUE(fails(self, i, EVENT_F_TRANSLATION));
	map_window(self, GUEST_WRITE);
	EXPECT_TRUE(all_arrive(self, &state_translate));
}

TEST_F(guest_stage_interrupt, window_read_only)
{
	map_window(self, GUEST_READ);
	enable_irqs(self);
	guest_stage_translate(&self->vmm.device, &self->vmm.table);
	EXPECT_TRUE(fails(self, 0, EVENT_F_PERMISSION));
}

/* Taken back by the guest, which invalidates as it has to. */
TEST_F(guest_stage_interrupt, window_unmapped)
{
	struct iommu_guest_command_smmuv3 cmd = guest_cmd_tlbi_asid(GUEST_ASID);
	struct vmm *vmm = &self->vmm;

	map_window(self, GUEST_WRITE);
	enable_irqs(self);
	guest_stage_translate(&vmm->device, &vmm->table);
	EXPECT_TRUE(all_arrive(self, &state_translate));
	guest_table_unmap(&vmm->table, self->info.msi_base, self->info.msi_size);
	guest_commands(&vmm->container, &cmd, 1);
	EXPECT_TRUE(fails(self, 0, EVENT_F_TRANSLATION));
}

/*
 * The guest's tables lead the message elsewhere: into memory of its own, as any write
 * of the device. What arrives is the number that the host chose, not an address.
 */
TEST_F(guest_stage_interrupt, window_is_memory)
{
	struct vmm *vmm = &self->vmm;
	u64 offset;

	for (offset = 0; offset < self->info.msi_size; offset += GUEST_PAGE_SIZE)
		guest_table_map(&vmm->table, self->info.msi_base + offset,
				vmm->dst.ipa, GUEST_PAGE_SIZE, GUEST_WRITE);
	enable_irqs(self);
	guest_stage_translate(&vmm->device, &vmm->table);
	memset(vmm->dst.vaddr, 0xff, GUEST_PAGE_SIZE);
	guest_ram_snapshot(&vmm->ram);
	EXPECT_TRUE(vfio_pci_irq_send(&self->irqs, 0, self->page.iova));
	EXPECT_FALSE(vfio_pci_irqs_pending(&self->irqs));
	memcpy(guest_ram_shadow(&vmm->ram, self->page.ipa), self->page.vaddr,
	       GUEST_PAGE_SIZE);
	EXPECT_FALSE(guest_ram_kept(&vmm->ram));
	EXPECT_TRUE(guest_ram_kept_but(&vmm->ram, vmm->dst.ipa, GUEST_PAGE_SIZE));
}

/* A guest that maps the window gets at doorbells, and at nothing else that is there. */
TEST_F(guest_stage_interrupt, window_is_nothing_else)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	map_window(self, GUEST_READ | GUEST_WRITE);
	enable_irqs(self);
	guest_stage_translate(&vmm->device, &vmm->table);
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
	oracle_mark();
	dma_write(&vmm->device, self->info.msi_base + self->info.msi_size / 2,
		  DMA_SIZE);
	EXPECT_TRUE(oracle_saw_event("F_TRANSLATION", vmm->device.sid));
}

/* Data and messages at once, and what is bound changes meanwhile. */
TEST_F(guest_stage_interrupt, between_transfers)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	map_window(self, GUEST_WRITE);
	enable_irqs(self);
	for (i = 0; i < 4; i++) {
		guest_stage_translate(&vmm->device, &vmm->table);
		EXPECT_TRUE(vmm_dma_by_iova(vmm));
		EXPECT_TRUE(all_arrive(self, &state_translate));
		guest_stage_unbind(&vmm->device);
		EXPECT_TRUE(all_arrive(self, &state_unbound));
		EXPECT_TRUE(vmm_dma_by_ipa(vmm));
	}
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
