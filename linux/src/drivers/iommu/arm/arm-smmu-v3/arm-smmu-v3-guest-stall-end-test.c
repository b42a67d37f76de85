// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the host ends transactions that wait for a guest
 */
#include "../../iommu-priv.h"
#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stall-test.h"
#include "arm-smmu-v3-guest-stall.h"

/*
 * The STE aborts first, so that nothing stalls any more. Then what has stalled is
 * terminated. Then stage 2 alone translates.
 */
static void guest_stall_end_test_unbind(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind_before(test, 0);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	stall_test_stall_and_read(test, 0, HW_STAG + 1);
	guest_test_unbind(test, 0);

	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     cmd_stall_term(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     nh_all(t->vmid), cmd_sync());
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 2);

	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, stag));
	guest_test_bind_before(test, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, stag));
	EXPECT_TRACE(test);
}

static void guest_stall_end_test_unbind_streams(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_bind_before(test, 1);
	stall_test_stall_and_read(test, 1, HW_STAG);
	guest_test_unbind(test, 1);
	EXPECT_TRACE(test, cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_B), cmd_sync(), cfgi_ste(SID_B), cmd_sync(),
		     cmd_stall_term(SID_A), cmd_stall_term(SID_B),
		     cmd_stall_term(SID_A), cmd_sync(),
		     cfgi_ste(SID_A), cmd_sync(), cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_B), cmd_sync(), cfgi_ste(SID_B), cmd_sync(),
		     nh_all(t->vmid), cmd_sync());
}

/*
 * The SMMU may use the STAGs again for other transactions, so those whose events are
 * read later get no CMD_RESUME.
 */
static void guest_stall_end_test_unbind_unread(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_bind(test, 0);
	stall_test_event_is_written(t);
	stall_test_event_is_written(t);
	guest_test_unbind(test, 0);
	guest_test_forget(t);
	KUNIT_EXPECT_TRUE(test, stall_test_event_is_taken(t, SID, STALLED_IN));
	guest_test_bind_before(test, 0);
	KUNIT_EXPECT_TRUE(test, stall_test_event_is_taken(t, SID, STALLED_IN));
	EXPECT_TRACE(test);
	stall_test_expect_no_record(test);
	/* The next event is the next guest's */
	stall_test_stall_and_read(test, 0, HW_STAG);
}

/* A guest that has no stalls is unbound by one change of the STE */
static void guest_stall_end_test_unbind_without(struct kunit *test)
{
	struct guest_test *t = test->priv;

	t->cfg.smmuv3.flags = 0;
	guest_test_bind_before(test, 0);
	guest_test_unbind(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     nh_all(t->vmid), cmd_sync());
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 0);
}

static void guest_stall_end_test_abort(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind_before(test, 0);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	stall_test_event_is_written(t);
	t->cfg.state = IOMMU_GUEST_STAGE_ABORT;
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     cmd_stall_term(SID), cmd_sync());
	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, stag));
	KUNIT_EXPECT_TRUE(test, stall_test_event_is_taken(t, SID, STALLED_IN));
	stall_test_expect_no_record(test);
	stall_test_bind_state(test, 0, IOMMU_GUEST_STAGE_TRANSLATE);
	stall_test_stall_and_read(test, 0, HW_STAG);
	EXPECT_TRACE(test);
}

/* The SMMU retries a transaction under the STE that is there when the guest answers */
static void guest_stall_end_test_rebind(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stags[3];

	guest_test_bind_before(test, 0);
	stags[0] = stall_test_stall_and_read(test, 0, HW_STAG);
	stags[1] = stall_test_stall_and_read(test, 0, HW_STAG + 1);
	stags[2] = stall_test_stall_and_read(test, 0, HW_STAG + 2);
	t->cfg.base_ptr = GUEST_TABLE_B;
	guest_test_bind_before(test, 0);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stags[0]));
	stall_test_bind_state(test, 0, IOMMU_GUEST_STAGE_BYPASS);
	guest_test_forget(t);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stags[1]));
	/* The guest has no stalls any more, but this one happened before */
	stall_test_event_is_written(t);
	t->cfg.smmuv3.flags = 0;
	guest_test_bind_before(test, 0);
	KUNIT_EXPECT_TRUE(test, stall_test_event_is_taken(t, SID, STALLED_IN));
	stall_test_read_stall(test, 0);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stags[2]));
	EXPECT_TRACE(test, cmd_retry(SID, HW_STAG + 2));
}

/* Nobody can answer any more what waits, or what stalls later */
static void guest_stall_end_test_close(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind(test, 0);
	guest_test_bind_before(test, 1);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	stall_test_stall_and_read(test, 0, HW_STAG + 1);
	stall_test_stall_and_read(test, 1, HW_STAG + 2);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
	guest_test_forget(t);
	stall_test_close_faults(t);
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG + 1),
		     cmd_abort(SID_A, HW_STAG + 2));
	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, SID, HW_STAG + 3));
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG + 3));
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 3);

	/* The next reader needs no bind for it */
	stall_test_open_faults(test);
	guest_test_forget(t);
	stag = stall_test_stall_and_read(test, 0, HW_STAG + 4);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
	EXPECT_TRACE(test, cmd_retry(SID, HW_STAG + 4));
}

/* A device that is detached is still bound, but there is no way for an answer */
static void guest_stall_end_test_detached(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind_before(test, 0);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	iommu_guest_faults_detach(guest_test_dev(t, 0));
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG));
	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, stag));
	EXPECT_TRACE(test);
	guest_test_unbind(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     cmd_stall_term(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     nh_all(t->vmid), cmd_sync());
}

/* This is what happens before a device is reset for good */
static void guest_stall_end_test_detached_of_two(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind(test, 0);
	guest_test_bind_before(test, 1);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	stall_test_stall_and_read(test, 0, HW_STAG + 1);
	stall_test_stall_and_read(test, 1, HW_STAG + 2);
	iommu_guest_faults_detach(guest_test_dev(t, 0));
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG),
		     cmd_abort(SID, HW_STAG + 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, stag));
	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, SID, HW_STAG));
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG));
	stall_test_expect_no_record(test);
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 3);
	KUNIT_EXPECT_FALSE(test, stall_test_has_s1stalld(t, SID));
}

/* A transaction that stalled before the file was opened is none of its reader's */
static void guest_stall_end_test_reopen_unread(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_bind(test, 0);
	stall_test_event_is_written(t);
	stall_test_close_faults(t);
	stall_test_open_faults(test);
	guest_test_forget(t);

	KUNIT_EXPECT_TRUE(test, stall_test_event_is_taken(t, SID, STALLED_IN | HW_STAG));
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG));
	stall_test_expect_no_record(test);
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 1);

	stall_test_stall_and_read(test, 0, HW_STAG + 1);
	EXPECT_TRACE(test);
}

/* The CMD_SYNC makes the SMMU write what had happened before */
static void guest_stall_end_test_reopen_syncs(struct kunit *test)
{
	struct guest_test *t = test->priv;

	stall_test_close_faults(t);
	stall_test_open_faults(test);
	EXPECT_TRACE(test, cmd_sync(), cmd_sync());
}

static struct kunit_case guest_stall_end_test_cases[] = {
	KUNIT_CASE(guest_stall_end_test_unbind),
	KUNIT_CASE(guest_stall_end_test_unbind_streams),
	KUNIT_CASE(guest_stall_end_test_unbind_unread),
	KUNIT_CASE(guest_stall_end_test_unbind_without),
	KUNIT_CASE(guest_stall_end_test_abort),
	KUNIT_CASE(guest_stall_end_test_rebind),
	KUNIT_CASE(guest_stall_end_test_close),
	KUNIT_CASE(guest_stall_end_test_detached),
	KUNIT_CASE(guest_stall_end_test_detached_of_two),
	KUNIT_CASE(guest_stall_end_test_reopen_unread),
	KUNIT_CASE(guest_stall_end_test_reopen_syncs),
	{},
};

static struct kunit_suite guest_stall_end_test_suite = {
	.name = "arm-smmu-v3-guest-stall-end",
	.init = stall_test_init,
	.exit = stall_test_exit,
	.test_cases = guest_stall_end_test_cases,
};

kunit_test_suite(guest_stall_end_test_suite);
