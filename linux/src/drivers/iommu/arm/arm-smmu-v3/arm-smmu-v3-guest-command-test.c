// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the driver writes to the command queue for a guest's commands, and when
 *
 * Which command it makes from the guest's is tested in
 * arm-smmu-v3-guest-invalidate-test.c.
 */
#include "arm-smmu-v3-guest-invalidate.h"
#include "arm-smmu-v3-guest-test.h"

#define MAX_COMMANDS		256
#define UNKNOWN_VSID		0x77
/* The device with this vSID is behind another SMMU */
#define OTHER_SMMUS_VSID	0x78

/**
 * struct guest_command_test - Commands of a guest
 * @t: the SMMU and the devices
 * @commands: the call that is being prepared
 * @cmds: its commands
 * @looked_up: how often a device was looked up
 * @stick_at: the look-up at which the SMMU stops to consume commands, from 1
 * @busy: devices are being reset
 */
struct guest_command_test {
	struct guest_test t;
	struct iommu_guest_commands commands;
	struct iommu_guest_command_smmuv3 cmds[MAX_COMMANDS];
	unsigned int looked_up;
	unsigned int stick_at;
	bool busy;
};

static struct guest_command_test *to_command_test(struct guest_test *t)
{
	return container_of(t, struct guest_command_test, t);
}

static struct guest_trace_entry cfgi_cd(u32 sid)
{
	return entry_of(CMDQ_OP_CFGI_CD, sid, CMDQ_CFGI_1_LEAF);
}

static struct guest_trace_entry nh_va(u16 vmid, u64 va)
{
	return tlbi(CMDQ_OP_TLBI_NH_VA, vmid, va);
}

static struct guest_trace_entry hold(u32 vsid)
{
	return entry(TRACE_HOLD, vsid);
}

static struct guest_trace_entry release(void)
{
	return entry(TRACE_RELEASE, 0);
}

/* The guest's commands */

static enum iommu_guest_command_error
find_device(struct iommu_guest_commands *commands, u32 vsid,
	    struct device **dev)
{
	struct guest_command_test *ct =
		container_of(commands, struct guest_command_test, commands);
	unsigned int i = vsid - GUEST_VSID(0);

	if (++ct->looked_up == ct->stick_at)
		guest_test_stick(&ct->t);
	*dev = NULL;
	if (vsid == OTHER_SMMUS_VSID)
		return IOMMU_GUEST_COMMAND_OK;
	if (i >= ARRAY_SIZE(ct->t.devices))
		return IOMMU_GUEST_COMMAND_NO_DEVICE;
	*dev = guest_test_dev(&ct->t, i);
	return IOMMU_GUEST_COMMAND_OK;
}

static enum iommu_guest_command_error
hold_device(struct iommu_guest_commands *commands, u32 vsid)
{
	struct guest_command_test *ct =
		container_of(commands, struct guest_command_test, commands);

	if (ct->busy)
		return IOMMU_GUEST_COMMAND_BUSY;
	guest_test_trace(&ct->t, TRACE_HOLD, vsid);
	return IOMMU_GUEST_COMMAND_OK;
}

static void release_device(struct iommu_guest_commands *commands)
{
	struct guest_command_test *ct =
		container_of(commands, struct guest_command_test, commands);

	guest_test_trace(&ct->t, TRACE_RELEASE, 0);
}

static void add_command(struct kunit *test, u64 cmd0, u64 cmd1)
{
	struct guest_command_test *ct = to_command_test(test->priv);

	KUNIT_ASSERT_LT(test, ct->commands.num, MAX_COMMANDS);
	ct->cmds[ct->commands.num].cmd[0] = cpu_to_le64(cmd0);
	ct->cmds[ct->commands.num].cmd[1] = cpu_to_le64(cmd1);
	ct->commands.num++;
}

static void add_tlbi(struct kunit *test, u64 va)
{
	add_command(test, CMDQ_OP_TLBI_NH_VA, va);
}

static void add_cfgi(struct kunit *test, u32 vsid)
{
	add_command(test, CMDQ_OP_CFGI_CD | FIELD_PREP(CMDQ_CFGI_0_SID, vsid),
		    CMDQ_CFGI_1_LEAF);
}

static void add_atc_inv_with(struct kunit *test, u32 vsid, u64 bits)
{
	add_command(test,
		    CMDQ_OP_ATC_INV | FIELD_PREP(CMDQ_ATC_0_SID, vsid) | bits,
		    ATC_INV_SIZE_ALL);
}

static void add_atc_inv(struct kunit *test, u32 vsid)
{
	add_atc_inv_with(test, vsid, 0);
}

/* Executes the commands that were added, and expects that @done of them were done */
static void invalidate(struct kunit *test, unsigned int done,
		       enum iommu_guest_command_error error)
{
	struct guest_command_test *ct = to_command_test(test->priv);

	KUNIT_EXPECT_EQ(test, 0,
			iommu_invalidate_guest_stage(ct->t.domain,
						     &ct->commands));
	KUNIT_EXPECT_EQ(test, ct->commands.done, done);
	KUNIT_EXPECT_EQ(test, ct->commands.error, error);
	ct->commands.num = 0;
}

static void invalidate_all(struct kunit *test)
{
	struct guest_command_test *ct = to_command_test(test->priv);

	invalidate(test, ct->commands.num, IOMMU_GUEST_COMMAND_OK);
}

/* A device with several streams, two of them the same */

static void guest_command_test_streams_cfgi(struct kunit *test)
{
	guest_test_attach_before(test, 1);
	add_cfgi(test, GUEST_VSID(1));
	invalidate_all(test);
	EXPECT_TRACE(test, cfgi_cd(SID_A), cfgi_cd(SID_B), cfgi_cd(SID_A),
		     cmd_sync());
}

static void guest_command_test_streams_atc_inv(struct kunit *test)
{
	guest_test_attach_before(test, 1);
	add_atc_inv(test, GUEST_VSID(1));
	invalidate_all(test);
	EXPECT_TRACE(test, hold(GUEST_VSID(1)),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync(), release());
}

/* A batch is full among the streams of one command, and gets its CMD_SYNC there */
static void add_streams_of_two_batches(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 30; i++)
		add_cfgi(test, GUEST_VSID(1));
}

static void guest_command_test_streams_of_two_batches(struct kunit *test)
{
	static const u32 sids[] = { SID_A, SID_B, SID_A };
	struct guest_trace_entry expected[92];
	unsigned int i, num = 0;

	for (i = 0; i < 90; i++) {
		if (i == CMDQ_BATCH_ENTRIES)
			expected[num++] = cmd_sync();
		expected[num++] = cfgi_cd(sids[i % ARRAY_SIZE(sids)]);
	}
	expected[num++] = cmd_sync();

	guest_test_attach_before(test, 1);
	add_streams_of_two_batches(test);
	invalidate_all(test);
	guest_test_expect_trace(test, expected, num);
}

/* The command that is in both batches is not done with the first */
static void guest_command_test_streams_done(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 1);
	add_streams_of_two_batches(test);
	to_command_test(t)->stick_at = 30;
	invalidate(test, CMDQ_BATCH_ENTRIES / 3,
		   IOMMU_GUEST_COMMAND_TIMEOUT);
}

/* A command that relies on another one is queued when that one is complete */

static void guest_command_test_order(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_4K);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate_all(test);
	EXPECT_TRACE(test, cfgi_cd(SID), cmd_sync(),
		     nh_va(t->vmid, SZ_4K), cmd_sync(),
		     hold(GUEST_VSID(0)), atc_inv_all(SID), cmd_sync(),
		     release());
}

static void guest_command_test_order_alternates(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	add_tlbi(test, SZ_4K);
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_8K);
	invalidate_all(test);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cfgi_cd(SID), cmd_sync(),
		     nh_va(t->vmid, SZ_8K), cmd_sync());
}

/* A command for a device behind another SMMU is for that SMMU to execute */
static void guest_command_test_other_smmu(struct kunit *test)
{
	add_cfgi(test, OTHER_SMMUS_VSID);
	add_atc_inv(test, OTHER_SMMUS_VSID);
	invalidate_all(test);
	EXPECT_TRACE(test);
}

/* A command is done only when a CMD_SYNC behind it is complete */

static void guest_command_test_timeout(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_stick(t);
	add_tlbi(test, SZ_4K);
	add_tlbi(test, SZ_8K);
	invalidate(test, 0, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), nh_va(t->vmid, SZ_8K),
		     cmd_sync());
}

/* After a timeout no more commands are queued */
static void guest_command_test_timeout_of_second(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	to_command_test(t)->stick_at = 2;
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_4K);
	add_cfgi(test, GUEST_VSID(0));
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, 1, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, cfgi_cd(SID), cmd_sync(),
		     nh_va(t->vmid, SZ_4K), cfgi_cd(SID), cmd_sync());
}

/* A command is refused only after those in front of it are complete */
static void guest_command_test_timeout_before_illegal(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_stick(t);
	add_tlbi(test, SZ_4K);
	add_cfgi(test, UNKNOWN_VSID);
	invalidate(test, 0, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync());
}

static void guest_command_test_complete_before_illegal(struct kunit *test)
{
	struct guest_test *t = test->priv;

	add_tlbi(test, SZ_4K);
	add_cfgi(test, UNKNOWN_VSID);
	add_tlbi(test, SZ_8K);
	invalidate(test, 1, IOMMU_GUEST_COMMAND_NO_DEVICE);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync());
}

/* A device is held while ATC_INVs for it are not complete */

static void guest_command_test_hold_two_devices(struct kunit *test)
{
	guest_test_attach_before(test, 0);
	guest_test_attach_before(test, 1);
	add_atc_inv(test, GUEST_VSID(0));
	add_atc_inv(test, GUEST_VSID(0));
	add_atc_inv(test, GUEST_VSID(1));
	invalidate_all(test);
	EXPECT_TRACE(test, hold(GUEST_VSID(0)),
		     atc_inv_all(SID), atc_inv_all(SID), cmd_sync(), release(),
		     hold(GUEST_VSID(1)),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync(), release());
}

static void guest_command_test_hold_ends_with_batch(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	add_atc_inv(test, GUEST_VSID(0));
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_4K);
	invalidate_all(test);
	EXPECT_TRACE(test, hold(GUEST_VSID(0)), atc_inv_all(SID), cfgi_cd(SID),
		     cmd_sync(), release(), nh_va(t->vmid, SZ_4K), cmd_sync());
}

static void guest_command_test_hold_busy(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	to_command_test(t)->busy = true;
	add_tlbi(test, SZ_4K);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, 1, IOMMU_GUEST_COMMAND_BUSY);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync());
}

static void guest_command_test_hold_asleep(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	t->devices[0].pdev.current_state = PCI_D3hot;
	add_tlbi(test, SZ_4K);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, 1, IOMMU_GUEST_COMMAND_BUSY);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync(),
		     hold(GUEST_VSID(0)), release());
}

static void guest_command_test_hold_timeout(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	guest_test_stick(t);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, 0, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, hold(GUEST_VSID(0)), atc_inv_all(SID), cmd_sync(),
		     release());
}

/* Without ATS the device has no ATC that could be asked */
static void guest_command_test_hold_without_ats(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	t->cfg.smmuv3.flags = 0;
	guest_test_bind_before(test, 0);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate_all(test);
	EXPECT_TRACE(test);
}

/* 43 ATC_INVs for three streams are two full batches, and a third one of one command */
static void guest_command_test_hold_in_each_batch(struct kunit *test)
{
	static const u32 sids[] = { SID_A, SID_B, SID_A };
	/* Too large for the stack */
	static struct guest_trace_entry expected[3 * 43 + 3 * 3];
	unsigned int i, num = 0;

	guest_test_attach_before(test, 1);
	for (i = 0; i < 43; i++)
		add_atc_inv(test, GUEST_VSID(1));
	invalidate_all(test);

	for (i = 0; i < 3 * 43; i++) {
		if (i % CMDQ_BATCH_ENTRIES == 0)
			expected[num++] = hold(GUEST_VSID(1));
		expected[num++] = atc_inv_all(sids[i % ARRAY_SIZE(sids)]);
		if ((i + 1) % CMDQ_BATCH_ENTRIES && i + 1 < 3 * 43)
			continue;
		expected[num++] = cmd_sync();
		expected[num++] = release();
	}
	guest_test_expect_trace(test, expected, num);
}

/* The 64th command is still of the batch that the device is held for */
static void guest_command_test_hold_for_the_64th(struct kunit *test)
{
	struct guest_trace_entry expected[CMDQ_BATCH_ENTRIES + 3];
	unsigned int i, num = 0;

	guest_test_attach_before(test, 0);
	for (i = 0; i < CMDQ_BATCH_ENTRIES; i++)
		add_atc_inv(test, GUEST_VSID(0));
	invalidate_all(test);

	expected[num++] = hold(GUEST_VSID(0));
	for (i = 0; i < CMDQ_BATCH_ENTRIES; i++)
		expected[num++] = atc_inv_all(SID);
	expected[num++] = cmd_sync();
	expected[num++] = release();
	guest_test_expect_trace(test, expected, num);
}

/* A batch that is full of other commands ends before the device is held again */
static void guest_command_test_hold_after_full_batch(struct kunit *test)
{
	struct guest_trace_entry expected[CMDQ_BATCH_ENTRIES + 7];
	unsigned int i, num = 0;

	guest_test_attach_before(test, 0);
	add_atc_inv(test, GUEST_VSID(0));
	for (i = 1; i < CMDQ_BATCH_ENTRIES; i++)
		add_cfgi(test, GUEST_VSID(0));
	add_atc_inv(test, GUEST_VSID(0));
	invalidate_all(test);

	expected[num++] = hold(GUEST_VSID(0));
	expected[num++] = atc_inv_all(SID);
	for (i = 1; i < CMDQ_BATCH_ENTRIES; i++)
		expected[num++] = cfgi_cd(SID);
	expected[num++] = cmd_sync();
	expected[num++] = release();
	expected[num++] = hold(GUEST_VSID(0));
	expected[num++] = atc_inv_all(SID);
	expected[num++] = cmd_sync();
	expected[num++] = release();
	guest_test_expect_trace(test, expected, num);
}

/* What an ATC_INV says of PASIDs, and what the device understands */

#define DEVICE_PASID_BITS	4
#define PASID_IN_RANGE		FIELD_PREP(CMDQ_ATC_0_SSID, 0xf)
#define PASID_OUT_OF_RANGE	FIELD_PREP(CMDQ_ATC_0_SSID, 0x10)

/* Sends an ATC_INV with @bits, of a guest whose device has @pasid_bits */
static void send_atc_inv(struct kunit *test, unsigned int pasid_bits, u64 bits)
{
	struct guest_test *t = test->priv;

	t->devices[0].master.ssid_bits = pasid_bits;
	guest_test_attach_before(test, 0);
	add_atc_inv_with(test, GUEST_VSID(0), bits);
	invalidate_all(test);
}

static void expect_atc_inv_with(struct kunit *test, u64 bits)
{
	EXPECT_TRACE(test, hold(GUEST_VSID(0)),
		     entry_of(CMDQ_OP_ATC_INV | bits, SID, ATC_INV_SIZE_ALL),
		     cmd_sync(), release());
}

static void guest_command_test_atc_inv_pasid(struct kunit *test)
{
	send_atc_inv(test, DEVICE_PASID_BITS, CMDQ_0_SSV | PASID_IN_RANGE);
	expect_atc_inv_with(test, CMDQ_0_SSV | PASID_IN_RANGE);
}

static void guest_command_test_atc_inv_global(struct kunit *test)
{
	u64 bits = CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL | PASID_IN_RANGE;

	send_atc_inv(test, DEVICE_PASID_BITS, bits);
	expect_atc_inv_with(test, bits);
}

/* It concerns all PASIDs, so it is sent with one that the device has */
static void guest_command_test_atc_inv_global_beyond(struct kunit *test)
{
	send_atc_inv(test, DEVICE_PASID_BITS,
		     CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL | PASID_OUT_OF_RANGE);
	expect_atc_inv_with(test, CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL);
}

/* The device has nothing of this PASID, and the command counts as done */
static void guest_command_test_atc_inv_pasid_beyond(struct kunit *test)
{
	send_atc_inv(test, DEVICE_PASID_BITS, CMDQ_0_SSV | PASID_OUT_OF_RANGE);
	EXPECT_TRACE(test);
}

static void guest_command_test_atc_inv_global_without_pasids(struct kunit *test)
{
	send_atc_inv(test, 0,
		     CMDQ_0_SSV | CMDQ_ATC_0_GLOBAL | PASID_OUT_OF_RANGE);
	expect_atc_inv_with(test, 0);
}

static void guest_command_test_atc_inv_pasid_0_without_pasids(struct kunit *test)
{
	send_atc_inv(test, 0, CMDQ_0_SSV);
	expect_atc_inv_with(test, 0);
}

/* The queue itself */

/* The largest number of commands in a row without a CMD_SYNC */
static unsigned int longest_run(struct guest_test *t)
{
	unsigned int i, run = 0, longest = 0;

	guest_test_trace_queue(t);
	for (i = 0; i < t->num_traced; i++) {
		run = t->trace[i].what == CMDQ_OP_CMD_SYNC ? 0 : run + 1;
		longest = max(longest, run);
	}
	t->num_traced = 0;
	return longest;
}

static void add_tlbis(struct kunit *test, unsigned int num)
{
	unsigned int i;

	for (i = 0; i < num; i++)
		add_tlbi(test, i * SZ_4K);
}

static void guest_command_test_batch(struct kunit *test)
{
	struct guest_test *t = test->priv;

	add_tlbis(test, 200);
	invalidate_all(test);
	KUNIT_EXPECT_EQ(test, longest_run(t), CMDQ_BATCH_ENTRIES);
}

/* The batch starts at each place of the queue, so some wrap before the CMD_SYNC */
static void guest_command_test_wrap(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct guest_trace_entry expected[9];
	unsigned int i, batch;

	for (batch = 0; batch < 2 * GUEST_TEST_QUEUE_ENTRIES; batch++) {
		for (i = 0; i < 8; i++) {
			add_tlbi(test, (batch + i) * SZ_4K);
			expected[i] = nh_va(t->vmid, (batch + i) * SZ_4K);
		}
		expected[i] = cmd_sync();
		invalidate_all(test);
		guest_test_expect_trace(test, expected, ARRAY_SIZE(expected));
	}
}

static struct kunit_case guest_command_test_cases[] = {
	KUNIT_CASE(guest_command_test_streams_cfgi),
	KUNIT_CASE(guest_command_test_streams_atc_inv),
	KUNIT_CASE(guest_command_test_streams_of_two_batches),
	KUNIT_CASE(guest_command_test_streams_done),
	KUNIT_CASE(guest_command_test_order),
	KUNIT_CASE(guest_command_test_order_alternates),
	KUNIT_CASE(guest_command_test_other_smmu),
	KUNIT_CASE(guest_command_test_timeout),
	KUNIT_CASE(guest_command_test_timeout_of_second),
	KUNIT_CASE(guest_command_test_timeout_before_illegal),
	KUNIT_CASE(guest_command_test_complete_before_illegal),
	KUNIT_CASE(guest_command_test_hold_two_devices),
	KUNIT_CASE(guest_command_test_hold_ends_with_batch),
	KUNIT_CASE(guest_command_test_hold_busy),
	KUNIT_CASE(guest_command_test_hold_asleep),
	KUNIT_CASE(guest_command_test_hold_timeout),
	KUNIT_CASE(guest_command_test_hold_without_ats),
	KUNIT_CASE(guest_command_test_hold_in_each_batch),
	KUNIT_CASE(guest_command_test_hold_for_the_64th),
	KUNIT_CASE(guest_command_test_hold_after_full_batch),
	KUNIT_CASE(guest_command_test_atc_inv_pasid),
	KUNIT_CASE(guest_command_test_atc_inv_global),
	KUNIT_CASE(guest_command_test_atc_inv_global_beyond),
	KUNIT_CASE(guest_command_test_atc_inv_pasid_beyond),
	KUNIT_CASE(guest_command_test_atc_inv_global_without_pasids),
	KUNIT_CASE(guest_command_test_atc_inv_pasid_0_without_pasids),
	KUNIT_CASE(guest_command_test_batch),
	KUNIT_CASE(guest_command_test_wrap),
	{},
};

static const struct iommu_guest_commands_ops guest_command_test_ops = {
	.find_device	= find_device,
	.hold		= hold_device,
	.release	= release_device,
};

static int guest_command_test_init(struct kunit *test)
{
	struct guest_command_test *ct;

	ct = kunit_kzalloc(test, sizeof(*ct), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ct);
	guest_test_init(test, &ct->t, ARM_SMMU_FEAT_ATS);
	ct->commands.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	ct->commands.commands = ct->cmds;
	ct->commands.ops = &guest_command_test_ops;
	return 0;
}

static struct kunit_suite guest_command_test_suite = {
	.name = "arm-smmu-v3-guest-command",
	.init = guest_command_test_init,
	.test_cases = guest_command_test_cases,
};

kunit_test_suite(guest_command_test_suite);
