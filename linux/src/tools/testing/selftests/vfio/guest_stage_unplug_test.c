// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device is taken out of its port, by somebody who presses the button first. Until
 * the VMM lets go of the device, or is gone, the device stays in, and bound as it is.
 *
 * This is a program of its own, because lockdep reports something about the port's driver,
 * and is off after a report.
 */
#include <libvfio/harness.h>
#include <libvfio/victim.h>

FIXTURE(guest_stage_unplug)
{
	/* A child has it in one of the tests: the memory is shared. */
	struct vmm *vmm;
	const char *bdf;
	struct child child;
	s64 pinned;
};

FIXTURE_VARIANT(guest_stage_unplug)
{
	const struct guest_state *state;
};

FIXTURE_VARIANT_ADD(guest_stage_unplug, stage2)
{
	.state = &state_stage2,
};

FIXTURE_VARIANT_ADD(guest_stage_unplug, abort)
{
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_unplug, translate)
{
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_unplug, bypass)
{
	.state = &state_bypass,
};

FIXTURE_SETUP(guest_stage_unplug)
{
	SKIP_WITHOUT_ORACLE(return);
	SKIP_WITHOUT_KIND(return, "nvme");
	self->vmm = child_shared(sizeof(*self->vmm));
	self->bdf = vfio_selftests_device("nvme");
	self->pinned = host_pinned_pages();
}

/* Another device is put in. The port takes a while for that. */
FIXTURE_TEARDOWN(guest_stage_unplug)
{
	struct vmm *vmm = self->vmm;

	EXPECT_EQ(self->pinned, host_pinned_pages());
	sleep(2);
	oracle_plug(0);
	ASSERT_TRUE(host_device_wait(self->bdf, true));
	host_device_take(self->bdf);
	vmm_init(vmm, self->bdf);
	EXPECT_TRUE(vmm_works(vmm));
	vmm_cleanup(vmm);
}

/* Where there is no device, the SMMU lets nothing through. */
static bool is_gone(struct vmm *vmm)
{
	struct ste ste;
	bool gone = host_device_wait(vmm->device.bdf, false);

	oracle_ste(vmm->device.sid, &ste);
	return gone && ste_config(&ste) == STE_CONFIG_ABORT;
}

TEST_F(guest_stage_unplug, given_back)
{
	struct vmm *vmm = self->vmm;
	int request;

	vmm_init(vmm, self->bdf);
	EXPECT_TRUE(vmm_dma_by_ipa(vmm));
	variant->state->enter(vmm);
	request = vfio_pci_device_request_eventfd(&vmm->device);
	oracle_unplug(0);
	EXPECT_TRUE(host_device_is_asked_for(request));
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
	dma_write_start(&vmm->device, vmm_dst(vmm, variant->state), DMA_SIZE);
	vmm_cleanup(vmm);
	EXPECT_TRUE(is_gone(vmm));
	close(request);
}

TEST_F(guest_stage_unplug, vmm_is_killed)
{
	struct victim victim = { self->vmm, self->bdf, variant->state };

	child_start(&self->child, victim_stay_with_transfer, &victim);
	child_wait_ready(&self->child);
	oracle_unplug(0);
	/* The button can be pressed again for five seconds. */
	sleep(10);
	EXPECT_TRUE(vmm_ste_is(self->vmm, variant->state));
	EXPECT_TRUE(host_device_is_present(self->bdf));
	child_kill(&self->child);
	EXPECT_TRUE(is_gone(self->vmm));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
