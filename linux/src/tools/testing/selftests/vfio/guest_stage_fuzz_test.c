// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nobody thought of: arguments, commands, descriptors and tables that are
 * random, or valid but for a few bits, while a device does DMA by them. Whatever is
 * accepted, no field of the host's changes, nothing is written outside of what the
 * container maps for writing, and afterwards the device works again.
 *
 * Arguments: seed=N, and with it the same happens again; rounds=N, how many;
 * round=N, the first; verbose=1, say everything before it is done.
 */
#include <libvfio/fuzz_life.h>
#include <libvfio/fuzz_rounds.h>
#include <libvfio/harness.h>

/* If nobody asks for more; for whoever does, there is time. */
#define ROUNDS		40
#define TIMEOUT		36000

FIXTURE(guest_stage_fuzz)
{
	struct fuzz_guest f;
};

FIXTURE_SETUP(guest_stage_fuzz)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	fuzz_guest_init(&self->f, vfio_selftests_bdf(0), vfio_selftests_bdf(1), false);
}

FIXTURE_TEARDOWN(guest_stage_fuzz)
{
	fuzz_guest_cleanup(&self->f);
	EXPECT_TRUE(vmm_ste_is_host(&self->f.vmm));
	EXPECT_TRUE(vmm_ste_is_host(&self->f.other));
}

TEST_F_TIMEOUT(guest_stage_fuzz, arguments, TIMEOUT)
{
	EXPECT_EQ(NULL, fuzz_rounds(&self->f, _metadata->name, ROUNDS, false));
}

TEST_F_TIMEOUT(guest_stage_fuzz, guest_memory, TIMEOUT)
{
	struct fuzz_guest *f = &self->f;

	SKIP_WITHOUT_DMA(return, &f->vmm.device);
	TH_LOG("%u of %llu canaries are beside the guest's memory",
	       canaries_beside(&f->canaries, &f->vmm.ram),
	       f->canaries.size / GUEST_PAGE_SIZE);
	EXPECT_EQ(NULL, fuzz_rounds(f, _metadata->name, ROUNDS, true));
	EXPECT_TRUE(vmm_dma_by_iova(&f->other));
}

int main(int argc, char *argv[])
{
	fuzz_options_init(argc, argv);
	return vfio_selftests_run(argc, argv);
}
