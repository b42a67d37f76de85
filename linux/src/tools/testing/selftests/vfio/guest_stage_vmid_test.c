// SPDX-License-Identifier: GPL-2.0-only
/*
 * A container's VMID names its stage 2 to the SMMU, in STEs and in the TLB. It is given
 * to the next container once this one is gone, and only then.
 */
#include <libvfio/harness.h>
#include <libvfio/victim.h>

FIXTURE(guest_stage_vmid)
{
	/* A child has it in one of the tests: the memory is shared. */
	struct vmm *vmm;
	const char *bdf;
};

FIXTURE_VARIANT(guest_stage_vmid)
{
	const char *kind;
	const struct guest_state *state;
	/* The order in which device, group and container are closed. */
	const char *order;
};

FIXTURE_VARIANT_ADD(guest_stage_vmid, stage2)
{
	.state = &state_stage2, .order = "dgc",
};

FIXTURE_VARIANT_ADD(guest_stage_vmid, stage2_nvme)
{
	.kind = "nvme",
	.state = &state_stage2, .order = "gcd",
};

FIXTURE_VARIANT_ADD(guest_stage_vmid, abort)
{
	.state = &state_abort, .order = "gdc",
};

FIXTURE_VARIANT_ADD(guest_stage_vmid, abort_nvme)
{
	.kind = "nvme",
	.state = &state_abort, .order = "cgd",
};

FIXTURE_VARIANT_ADD(guest_stage_vmid, translate)
{
	.state = &state_translate, .order = "cdg",
};

FIXTURE_VARIANT_ADD(guest_stage_vmid, translate_nvme)
{
	.kind = "nvme",
	.state = &state_translate, .order = "dcg",
};

FIXTURE_SETUP(guest_stage_vmid)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_KIND(return, variant->kind);
	SKIP_WITHOUT_ORACLE(return);
	self->vmm = child_shared(sizeof(*self->vmm));
	self->bdf = vfio_selftests_device(variant->kind);
}

FIXTURE_TEARDOWN(guest_stage_vmid)
{
}

/* The VMID that the next container gets. */
static u16 next_vmid(void)
{
	struct vmm other;

	vmm_init(&other, vfio_selftests_bdf(1));
	vmm_cleanup(&other);
	return ste_vmid(&other.stage2_ste);
}

/* A transfer is under way, while one file is closed after the other. */
TEST_F(guest_stage_vmid, closed)
{
	struct victim victim = { self->vmm, self->bdf, variant->state };
	struct vmm *vmm = self->vmm;
	const char *which;
	u16 vmid;

	victim_start_transfer(&victim);
	vmid = ste_vmid(&vmm->stage2_ste);
	EXPECT_NE(0, vmid);
	EXPECT_NE(vmid, next_vmid());
	for (which = variant->order; *which; which++) {
		vmm_close_one(vmm, *which);
		if (vmm->device.fd >= 0 || vmm->device.group_fd >= 0)
			EXPECT_NE(vmid, next_vmid())
				TH_LOG("after '%c' of '%s'", *which,
				       variant->order);
	}
	EXPECT_EQ(vmid, next_vmid());
	EXPECT_TRUE(vmm_ste_is_host(vmm));
	guest_ram_cleanup(&vmm->ram);
}

/* The device is closed first, and its group leaves the container last. */
TEST_F(guest_stage_vmid, group_leaves)
{
	struct victim victim = { self->vmm, self->bdf, variant->state };
	struct vmm *vmm = self->vmm;
	u16 vmid;

	victim_start_transfer(&victim);
	vmid = ste_vmid(&vmm->stage2_ste);
	vfio_pci_device_put(&vmm->device);
	EXPECT_NE(vmid, next_vmid());
	EXPECT_EQ(0, __vfio_group_unset_container(vmm->device.group_fd));
	EXPECT_EQ(vmid, next_vmid());
	vmm_cleanup(vmm);
}

TEST_F(guest_stage_vmid, killed)
{
	struct victim victim = { self->vmm, self->bdf, variant->state };
	struct child child;
	u16 vmid;

	oracle_present();
	child_start(&child, victim_stay_with_transfer, &victim);
	child_wait_ready(&child);
	vmid = ste_vmid(&self->vmm->stage2_ste);
	EXPECT_NE(vmid, next_vmid());
	child_kill(&child);
	EXPECT_EQ(vmid, next_vmid());
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
