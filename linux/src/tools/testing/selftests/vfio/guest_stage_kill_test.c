// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM that is killed, or forks, leaves nothing behind: the device goes back to the
 * default domain when the last file of it is gone, and not before.
 */
#include <libvfio/harness.h>
#include <libvfio/victim.h>

#define NR_KILLS	20
#define KILL_WITHIN_US	30000

FIXTURE(guest_stage_kill)
{
	/* The child has it, and the test looks at it: the memory is shared. */
	struct vmm *vmm;
	struct victim victim;
	struct child child;
	s64 pinned;
};

FIXTURE_VARIANT(guest_stage_kill)
{
	const char *kind;
	const struct guest_state *state;
};

FIXTURE_VARIANT_ADD(guest_stage_kill, stage2)
{
	.state = &state_stage2,
};

FIXTURE_VARIANT_ADD(guest_stage_kill, abort)
{
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_kill, abort_nvme)
{
	.kind = "nvme",
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_kill, translate)
{
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_kill, translate_nvme)
{
	.kind = "nvme",
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_kill, bypass)
{
	.state = &state_bypass,
};

FIXTURE_VARIANT_ADD(guest_stage_kill, unbound)
{
	.state = &state_unbound,
};

FIXTURE_SETUP(guest_stage_kill)
{
	SKIP_WITHOUT_KIND(return, variant->kind);
	self->vmm = child_shared(sizeof(*self->vmm));
	self->victim.vmm = self->vmm;
	self->victim.state = variant->state;
	self->victim.bdf = vfio_selftests_device(variant->kind);
	self->pinned = host_pinned_pages();
	/* Test and child have one connection, which is made before the child asks. */
	oracle_present();
}

/* The next VMM finds the device as if there had been none before. */
FIXTURE_TEARDOWN(guest_stage_kill)
{
	EXPECT_TRUE(vmm_ste_is_host(self->vmm));
	EXPECT_EQ(self->pinned, host_pinned_pages());
	vmm_init(self->vmm, self->victim.bdf);
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&self->vmm->device));
	if (self->vmm->device.driver)
		EXPECT_TRUE(vmm_dma_by_ipa(self->vmm));
	vmm_cleanup(self->vmm);
}

TEST_F(guest_stage_kill, at_rest)
{
	child_start(&self->child, victim_stay, &self->victim);
	child_wait_ready(&self->child);
	EXPECT_TRUE(vmm_ste_is(self->vmm, variant->state));
	child_kill(&self->child);
	EXPECT_TRUE(vmm_ste_is_host(self->vmm));
}

/* The transfer ends after its memory is gone. The next test has the device idle. */
TEST_F(guest_stage_kill, during_a_transfer)
{
	host_device_open(&self->vmm->device, self->victim.bdf);
	SKIP_WITHOUT_DMA(return, &self->vmm->device);
	host_device_close(&self->vmm->device);
	child_start(&self->child, victim_stay_with_transfer, &self->victim);
	child_wait_ready(&self->child);
	child_kill(&self->child);
	EXPECT_TRUE(vmm_ste_is_host(self->vmm));
	host_device_open(&self->vmm->device, self->victim.bdf);
	dma_wait(&self->vmm->device);
	host_device_close(&self->vmm->device);
}

static void alternate(struct child *child, void *arg)
{
	struct victim *victim = arg;

	vmm_init(victim->vmm, victim->bdf);
	child_ready(child);
	for (;;) {
		victim->state->enter(victim->vmm);
		guest_stage_translate(&victim->vmm->device, &victim->vmm->table);
	}
}

/* The VMM is killed while it goes from one state to another and back. */
TEST_F(guest_stage_kill, at_work)
{
	unsigned int i;

	for (i = 0; i < NR_KILLS; i++) {
		child_start(&self->child, alternate, &self->victim);
		child_wait_ready(&self->child);
		usleep(random() % KILL_WITHIN_US);
		child_kill(&self->child);
		EXPECT_TRUE(vmm_ste_is_host(self->vmm));
	}
}

static void map_and_unmap(struct child *child, void *arg)
{
	struct victim *victim = arg;
	struct vmm *vmm = victim->vmm;

	vmm_init(vmm, victim->bdf);
	victim->state->enter(vmm);
	child_ready(child);
	for (;;) {
		guest_ram_unmap(&vmm->ram);
		guest_ram_map(&vmm->ram);
	}
}

TEST_F(guest_stage_kill, while_unmapping)
{
	unsigned int i;

	for (i = 0; i < NR_KILLS / 2; i++) {
		child_start(&self->child, map_and_unmap, &self->victim);
		child_wait_ready(&self->child);
		usleep(random() % KILL_WITHIN_US);
		child_kill(&self->child);
		EXPECT_TRUE(vmm_ste_is_host(self->vmm));
	}
}

static void enter_and_exit(struct child *child, void *arg)
{
	struct victim *victim = arg;

	victim->state->enter(victim->vmm);
}

/* A child binds for its parent: what counts is the files, not who has them. */
TEST_F(guest_stage_kill, child_binds)
{
	struct vmm *vmm = self->vmm;

	vmm_init(vmm, self->victim.bdf);
	if (vmm->device.driver)
		EXPECT_TRUE(vmm_dma_by_ipa(vmm));
	child_start(&self->child, enter_and_exit, &self->victim);
	EXPECT_TRUE(child_wait(&self->child));
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	if (vmm->device.driver)
		EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
	vmm_cleanup(vmm);
}

static void just_stay(struct child *child, void *arg)
{
	child_ready(child);
	pause();
}

/* The parent closes everything, and a child still has it. */
TEST_F(guest_stage_kill, child_survives)
{
	struct vmm *vmm = self->vmm;

	vmm_init(vmm, self->victim.bdf);
	variant->state->enter(vmm);
	child_start(&self->child, just_stay, NULL);
	child_wait_ready(&self->child);
	vmm_cleanup(vmm);
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	child_kill(&self->child);
	EXPECT_TRUE(vmm_ste_is_host(vmm));
}

static void transfer_and_exit(struct child *child, void *arg)
{
	struct victim *victim = arg;

	if (!vmm_dma_is(victim->vmm, victim->state))
		_exit(1);
}

/* A child makes the device work, with memory that it shares. */
TEST_F(guest_stage_kill, child_transfers)
{
	struct vmm *vmm = self->vmm;

	vmm_init(vmm, self->victim.bdf);
	if (vmm->device.driver) {
		EXPECT_TRUE(vmm_dma_by_ipa(vmm));
		variant->state->enter(vmm);
		child_start(&self->child, transfer_and_exit, &self->victim);
		EXPECT_TRUE(child_wait(&self->child));
		EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	}
	vmm_cleanup(vmm);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
