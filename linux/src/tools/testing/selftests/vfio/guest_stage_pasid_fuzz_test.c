// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guest_stage_fuzz_test does, with PASIDs: tables of all formats, whose first level
 * and descriptors are random too, and other ones that are bound with sizes and formats
 * that they don't have; commands that name PASIDs, those for an ATC among them; transfers
 * with any PASID and with none.
 *
 * Takes the same arguments.
 */
#include <libvfio/fuzz_life.h>
#include <libvfio/fuzz_rounds.h>
#include <libvfio/guest_cds.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

/* If nobody asks for more; for whoever does, there is time. */
#define ROUNDS		40
#define TIMEOUT		36000
/* Of the largest table that is valid */
#define PASID_BITS	12

FIXTURE(guest_stage_pasid_fuzz)
{
	struct fuzz_guest f;
};

/* The other guest has a device of another kind, which comes first. */
FIXTURE_SETUP(guest_stage_pasid_fuzz)
{
	struct fuzz_guest *f = &self->f;

	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_KIND(return, PASID_DMA);
	fuzz_guest_init(f, vfio_selftests_device(PASID_DMA), vfio_selftests_bdf(0), true);
	SKIP_WITHOUT_PASIDS(return, &f->vmm.device, PASID_BITS);
}

FIXTURE_TEARDOWN(guest_stage_pasid_fuzz)
{
	fuzz_guest_cleanup(&self->f);
	EXPECT_TRUE(vmm_ste_is_host(&self->f.vmm));
	EXPECT_TRUE(vmm_ste_is_host(&self->f.other));
}

TEST_F_TIMEOUT(guest_stage_pasid_fuzz, arguments, TIMEOUT)
{
	EXPECT_EQ(NULL, fuzz_rounds(&self->f, _metadata->name, ROUNDS, false));
}

TEST_F_TIMEOUT(guest_stage_pasid_fuzz, guest_memory, TIMEOUT)
{
	EXPECT_EQ(NULL, fuzz_rounds(&self->f, _metadata->name, ROUNDS, true));
	EXPECT_TRUE(vmm_dma_by_iova(&self->f.other));
}

int main(int argc, char *argv[])
{
	fuzz_options_init(argc, argv);
	return vfio_selftests_run(argc, argv);
}
