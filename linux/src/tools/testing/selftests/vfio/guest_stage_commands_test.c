// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the SMMU is told, command by command, when a guest stage comes and goes.
 */
#include <libvfio/harness.h>

FIXTURE(guest_stage_commands)
{
	struct vmm vmm;
	struct guest_table other;
	char expected[128];
};

FIXTURE_SETUP(guest_stage_commands)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(vmm, vfio_selftests_bdf(0));
	guest_table_init(&self->other, &vmm->ram, GUEST_ASID + 1);
	guest_stage_translate(&vmm->device, &vmm->table);
	oracle_mark();
}

FIXTURE_TEARDOWN(guest_stage_commands)
{
	vmm_cleanup(&self->vmm);
}

/* One quad-word changes: one store, which the SMMU is told of once. */
TEST_F(guest_stage_commands, rebind_of_the_pointer)
{
	char *commands;

	guest_stage_translate(&self->vmm.device, &self->other);
	snprintf(self->expected, sizeof(self->expected), "CFGI_STE:sid=%x SYNC",
		 self->vmm.device.sid);
	commands = oracle_commands();
	EXPECT_STREQ(self->expected, commands);
	free(commands);
}

/* The guest invalidates what it changed, the host doesn't do that for it. */
TEST_F(guest_stage_commands, rebinds_do_not_flush_the_tlb)
{
	state_abort.enter(&self->vmm);
	state_translate.enter(&self->vmm);
	state_bypass.enter(&self->vmm);
	state_abort.enter(&self->vmm);
	state_bypass.enter(&self->vmm);
	state_translate.enter(&self->vmm);
	EXPECT_EQ(0, oracle_count_commands("TLBI"));
	EXPECT_NE(0, oracle_count_commands("CFGI_STE"));
}

/* The entry is out of use before what it cached goes. */
TEST_F(guest_stage_commands, unbind_flushes_the_guests_translations)
{
	struct vmm *vmm = &self->vmm;
	char *commands, *end;

	guest_stage_unbind(&vmm->device);
	snprintf(self->expected, sizeof(self->expected),
		 "SYNC TLBI_NH_ALL:vmid=%u SYNC", ste_vmid(&vmm->stage2_ste));
	commands = oracle_commands();
	EXPECT_EQ(1, oracle_count(commands, "TLBI"));
	EXPECT_EQ(commands, strstr(commands, "CFGI_STE"));
	end = strstr(commands, self->expected);
	EXPECT_STREQ(self->expected, end ?: commands);
	free(commands);
}

TEST_F(guest_stage_commands, a_refused_call_has_none)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(&self->vmm.device,
				   IOMMU_GUEST_STAGE_TRANSLATE, 1);
	char *commands;

	EXPECT_EQ(-EINVAL, __guest_stage_bind(&self->vmm.device, &config));
	commands = oracle_commands();
	EXPECT_STREQ("", commands);
	free(commands);
}

/* Nothing that a guest causes flushes the translations of another, or the host's. */
TEST_F(guest_stage_commands, never_flush_everything)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	for (i = 0; i < nr_guest_states; i++)
		guest_states[i]->enter(vmm);
	guest_ram_unmap(&vmm->ram);
	guest_ram_map(&vmm->ram);
	state_translate.enter(vmm);
	vfio_pci_device_close(&vmm->device);
	vfio_container_close(&vmm->container);
	EXPECT_EQ(0, oracle_count_commands("TLBI_NSNH_ALL"));
	EXPECT_EQ(0, oracle_count_commands("TLBI_EL2_ALL"));
	EXPECT_EQ(0, oracle_count_commands("CFGI_ALL"));
	EXPECT_NE(0, oracle_count_commands("TLBI"));
}

/* What goes to the SMMU names the VMID of this container and no other. */
TEST_F(guest_stage_commands, own_vmid_only)
{
	struct vmm *vmm = &self->vmm;

	guest_ram_unmap(&vmm->ram);
	guest_stage_unbind(&vmm->device);
	EXPECT_TRUE(oracle_commands_of_vmid(ste_vmid(&vmm->stage2_ste)));
	EXPECT_NE(0, oracle_count_commands("TLBI_NH_ALL"));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
