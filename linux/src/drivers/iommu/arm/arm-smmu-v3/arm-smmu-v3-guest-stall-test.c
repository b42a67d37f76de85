// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which transactions stall for a guest, and what the guest is told of them
 */
#include "../../iommu-priv.h"
#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stall-test.h"
#include "arm-smmu-v3-guest-stall.h"

/* Somebody reads the faults of both devices */
void stall_test_open_faults(struct kunit *test)
{
	struct stall_test *st = to_stall_test(test->priv);
	unsigned int i;

	st->faults = iommu_guest_faults_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(st->faults));
	for (i = 0; i < ARRAY_SIZE(st->t.devices); i++)
		iommu_guest_faults_attach(st->faults, guest_test_dev(&st->t, i));
}

/* The devices stay attached to the queue that was closed */
void stall_test_close_faults(struct guest_test *t)
{
	struct stall_test *st = to_stall_test(t);

	iommu_guest_faults_close(st->faults);
	iommu_guest_faults_put(st->faults);
	st->faults = NULL;
}

int stall_test_init(struct kunit *test)
{
	struct stall_test *st;

	st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, st);
	guest_test_init(test, &st->t, ARM_SMMU_FEAT_STALLS);
	guest_test_attach(test, 0);
	guest_test_attach(test, 1);
	stall_test_open_faults(test);
	guest_test_forget(&st->t);
	st->t.cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_STALL;
	return 0;
}

void stall_test_exit(struct kunit *test)
{
	struct stall_test *st = to_stall_test(test->priv);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(st->t.devices); i++) {
		arm_smmu_guest_free_stalls(&st->t.devices[i].master);
		iommu_guest_faults_detach(guest_test_dev(&st->t, i));
	}
	KUNIT_EXPECT_EQ(test, st->t.smmu.guest_stalls_waiting, 0);
	iommu_guest_faults_put(st->faults);
}

bool stall_test_has_s1stalld(struct guest_test *t, u32 sid)
{
	return t->strtab[sid].data[1] & cpu_to_le64(STRTAB_STE_1_S1STALLD);
}

/* Binds a device with @state, without a trace of that */
void stall_test_bind_state(struct kunit *test, unsigned int i, u32 state)
{
	struct guest_test *t = test->priv;

	t->cfg.state = state;
	guest_test_bind_before(test, i);
	t->cfg.state = IOMMU_GUEST_STAGE_TRANSLATE;
}

u64 stall_test_num_aborted(struct guest_test *t)
{
	return atomic64_read(&t->smmu.guest_stalls_aborted);
}

/* Events */

static u32 evtq_inc(struct guest_test *t, u32 idx)
{
	return (idx + 1) & ((2U << t->smmu.evtq.q.llq.max_n_shift) - 1);
}

/* The SMMU writes an event. The event thread takes it when it gets to it. */
void stall_test_event_is_written(struct guest_test *t)
{
	t->evtq_prod = evtq_inc(t, t->evtq_prod);
}

/* The event thread takes the oldest event. Returns false if it is no guest's event. */
bool stall_test_event_is_taken(struct guest_test *t, u32 sid, u64 word1)
{
	u64 evt[4] = {
		FIELD_PREP(EVTQ_0_ID, EVT_ID_TRANSLATION_FAULT) |
		FIELD_PREP(EVTQ_0_SID, sid), word1, INPUT_ADDR,
	};
	struct arm_smmu_evtq *evtq = &t->smmu.evtq;

	evtq->q.llq.cons = evtq_inc(t, evtq->q.llq.cons);
	return arm_smmu_handle_guest_event(&t->smmu, evt, evtq->taken++) !=
	       ARM_SMMU_GUEST_EVENT_NONE;
}

bool stall_test_happens(struct guest_test *t, u32 sid, u64 word1)
{
	stall_test_event_is_written(t);
	return stall_test_event_is_taken(t, sid, word1);
}

/* A transaction of the guest stalls */
bool stall_test_stalls(struct guest_test *t, u32 sid, u16 hw_stag)
{
	return stall_test_happens(t, sid, STALLED_IN |
					  FIELD_PREP(EVTQ_1_STAG, hw_stag));
}

/* Records */

void stall_test_expect_no_record(struct kunit *test)
{
	struct stall_test *st = to_stall_test(test->priv);
	struct iommu_guest_fault fault;

	KUNIT_EXPECT_FALSE(test, iommu_guest_faults_peek(st->faults, &fault));
}

/* Returns the second quad-word of the record, in which these events differ */
u64 stall_test_read_record(struct kunit *test, unsigned int i, u32 flags)
{
	struct stall_test *st = to_stall_test(test->priv);
	struct iommu_guest_fault fault = {};

	KUNIT_ASSERT_TRUE(test, iommu_guest_faults_peek(st->faults, &fault));
	iommu_guest_faults_pop(st->faults);
	KUNIT_EXPECT_EQ(test, fault.flags, flags);
	KUNIT_EXPECT_EQ(test, fault.format,
			IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[0]),
			FIELD_PREP(EVTQ_0_ID, EVT_ID_TRANSLATION_FAULT) |
			FIELD_PREP(EVTQ_0_SID, GUEST_VSID(i)));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[2]), INPUT_ADDR);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[3]), 0);
	return le64_to_cpu(fault.smmuv3.event[1]);
}

/* Returns the STAG that the guest is told */
u16 stall_test_read_stall(struct kunit *test, unsigned int i)
{
	u64 word1 = stall_test_read_record(test, i, IOMMU_GUEST_FAULT_STALLED);

	KUNIT_EXPECT_EQ(test, word1 & ~EVTQ_1_STAG, STALLED_IN);
	return FIELD_GET(EVTQ_1_STAG, word1);
}

u16 stall_test_stall_and_read(struct kunit *test, unsigned int i, u16 hw_stag)
{
	struct guest_test *t = test->priv;

	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, t->devices[i].streams[0].id,
						  hw_stag));
	return stall_test_read_stall(test, i);
}

/* Answers */

struct iommu_guest_fault_response stall_test_response(unsigned int i, u16 stag)
{
	return (struct iommu_guest_fault_response){
		.argsz = sizeof(struct iommu_guest_fault_response),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.vsid = GUEST_VSID(i),
		.action = IOMMU_GUEST_FAULT_RETRY,
		.smmuv3.stag = stag,
	};
}

int stall_test_answer(struct guest_test *t, unsigned int i, u16 stag)
{
	struct iommu_guest_fault_response resp = stall_test_response(i, stag);

	return iommu_guest_faults_respond(to_stall_test(t)->faults, &resp);
}

/* What a guest needs to be given stalls */

static void guest_stall_test_given(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_bind(test, 0);
	KUNIT_EXPECT_FALSE(test, stall_test_has_s1stalld(t, SID));
	t->cfg.smmuv3.flags |= IOMMU_GUEST_STAGE_SMMUV3_S1STALLD;
	guest_test_bind(test, 0);
	KUNIT_EXPECT_TRUE(test, stall_test_has_s1stalld(t, SID));
	t->cfg.smmuv3.flags = 0;
	guest_test_bind(test, 0);
	KUNIT_EXPECT_TRUE(test, stall_test_has_s1stalld(t, SID));
}

/* At first nobody has asked for the file. Then it is closed, and opened again. */
static void guest_stall_test_without_reader(struct kunit *test)
{
	struct guest_test *t = test->priv;

	iommu_guest_faults_detach(guest_test_dev(t, 0));
	guest_test_bind(test, 0);
	KUNIT_EXPECT_TRUE(test, stall_test_has_s1stalld(t, SID));
	iommu_guest_faults_attach(to_stall_test(t)->faults, guest_test_dev(t, 0));
	guest_test_bind(test, 0);
	KUNIT_EXPECT_FALSE(test, stall_test_has_s1stalld(t, SID));
	stall_test_close_faults(t);
	guest_test_bind(test, 0);
	KUNIT_EXPECT_TRUE(test, stall_test_has_s1stalld(t, SID));
	stall_test_open_faults(test);
	guest_test_bind(test, 0);
	KUNIT_EXPECT_FALSE(test, stall_test_has_s1stalld(t, SID));
}

static void guest_stall_test_cannot_stall(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct arm_smmu_ste before = t->strtab[SID];

	t->devices[0].master.stall_enabled = false;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, guest_test_try_bind(t, 0));
	t->devices[0].master.stall_enabled = true;
	t->smmu.features &= ~ARM_SMMU_FEAT_STALLS;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, guest_test_try_bind(t, 0));
	KUNIT_EXPECT_MEMEQ(test, &t->strtab[SID], &before, sizeof(before));
	EXPECT_TRACE(test);
	/* The flag is about the guest's table, which isn't used in this state */
	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	KUNIT_EXPECT_EQ(test, 0, guest_test_try_bind(t, 0));
}

/* The host resolves faults itself */
static void guest_stall_test_iopf(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct arm_smmu_ste before = t->strtab[SID];

	t->devices[0].master.iopf_enabled = true;
	KUNIT_EXPECT_EQ(test, -EBUSY, guest_test_try_bind(t, 0));
	t->cfg.smmuv3.flags = 0;
	KUNIT_EXPECT_EQ(test, -EBUSY, guest_test_try_bind(t, 0));
	KUNIT_EXPECT_MEMEQ(test, &t->strtab[SID], &before, sizeof(before));
	EXPECT_TRACE(test);
}

/* What the guest is told */

/* The guest's STAGs tell nothing of the SMMU's STAGs, and they all differ */
static void guest_stall_test_stags(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stags[MAX_STALLS];
	unsigned int i, j;

	/* The numbers wrap on the way */
	t->devices[0].master.guest.next_stag = -MAX_STALLS / 2;
	guest_test_bind_before(test, 0);
	for (i = 0; i < MAX_STALLS; i++) {
		stags[i] = stall_test_stall_and_read(test, 0, HW_STAG + 2 * i);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, stags[i], stags[j]);
	}
	/* The guest answers in another order */
	for (i = 0; i < MAX_STALLS; i++) {
		j = i * 5 % MAX_STALLS;
		KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stags[j]));
		EXPECT_TRACE(test, cmd_retry(SID, HW_STAG + 2 * j));
	}
}

/*
 * Only a broken SMMU stalls these, as S2S is 0. They are the host's, and each still has
 * one CMD_RESUME.
 */
static void guest_stall_test_not_the_guests(struct kunit *test)
{
	const u64 words[] = {
		EVTQ_1_STALL | EVTQ_1_S2 | OF_CLASS(IN),
		EVTQ_1_STALL | EVTQ_1_S2 | OF_CLASS(TT),
		EVTQ_1_STALL | EVTQ_1_S2 | OF_CLASS(CD),
		EVTQ_1_STALL | EVTQ_1_CLASS,
	};
	struct guest_test *t = test->priv;
	unsigned int i;

	guest_test_bind_before(test, 0);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		KUNIT_EXPECT_TRUE(test, stall_test_happens(t, SID, words[i] | HW_STAG));
		EXPECT_TRACE(test, cmd_abort(SID, HW_STAG));
	}
	stall_test_expect_no_record(test);
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), ARRAY_SIZE(words));
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->smmu.guest_stage2_faults), 1);
}

/* If a guest wasn't given stalls, the host handles the event like any other */
static void guest_stall_test_not_given(struct kunit *test)
{
	struct guest_test *t = test->priv;

	t->cfg.smmuv3.flags = 0;
	guest_test_bind_before(test, 0);
	KUNIT_EXPECT_FALSE(test, stall_test_stalls(t, SID, HW_STAG));
	EXPECT_TRACE(test);
	stall_test_expect_no_record(test);
}

/* A guest with stalls is told of faults that didn't stall, too */
static void guest_stall_test_not_stalled(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_bind_before(test, 0);
	KUNIT_EXPECT_TRUE(test, stall_test_happens(t, SID, OF_CLASS(IN) | HW_STAG));
	KUNIT_EXPECT_EQ(test, stall_test_read_record(test, 0, 0), OF_CLASS(IN));
	EXPECT_TRACE(test);
}

/* More transactions stall than there is room for */

static void guest_stall_test_too_many(struct kunit *test)
{
	struct guest_test *t = test->priv;
	unsigned int i;
	u16 first = 0;

	guest_test_bind_before(test, 0);
	for (i = 0; i < MAX_STALLS; i++) {
		u16 stag = stall_test_stall_and_read(test, 0, HW_STAG + i);

		first = i ? first : stag;
	}
	EXPECT_TRACE(test);

	/* The guest is told of a fault that didn't stall */
	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, SID, HW_STAG + MAX_STALLS));
	KUNIT_EXPECT_EQ(test, stall_test_read_record(test, 0, 0), OF_CLASS(IN) | EVTQ_1_RnW);
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG + MAX_STALLS));
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 1);

	/* Another device has room of its own */
	guest_test_bind_before(test, 1);
	stall_test_stall_and_read(test, 1, HW_STAG);
	EXPECT_TRACE(test);

	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, first));
	stall_test_stall_and_read(test, 0, HW_STAG + MAX_STALLS + 1);
	EXPECT_TRACE(test, cmd_retry(SID, HW_STAG));
}

/* All guests together get half of what the SMMU can stall */
static void guest_stall_test_too_many_of_all(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 first;

	t->smmu.evtq.max_stalls = 7;
	guest_test_bind(test, 0);
	guest_test_bind_before(test, 1);
	first = stall_test_stall_and_read(test, 0, HW_STAG);
	stall_test_stall_and_read(test, 0, HW_STAG + 1);
	stall_test_stall_and_read(test, 1, HW_STAG + 2);
	EXPECT_TRACE(test);
	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, SID_A, HW_STAG + 3));
	KUNIT_EXPECT_EQ(test, stall_test_read_record(test, 1, 0), OF_CLASS(IN) | EVTQ_1_RnW);
	EXPECT_TRACE(test, cmd_abort(SID_A, HW_STAG + 3));

	/* An answer makes room, and so does an unbind */
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, first));
	stall_test_stall_and_read(test, 1, HW_STAG + 3);
	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, SID, HW_STAG));
	stall_test_read_record(test, 0, 0);
	guest_test_unbind(test, 1);
	guest_test_forget(t);
	stall_test_stall_and_read(test, 0, HW_STAG);
	stall_test_stall_and_read(test, 0, HW_STAG + 2);
	EXPECT_TRACE(test);
}

static void guest_stall_test_queue_full(struct kunit *test)
{
	struct guest_test *t = test->priv;
	unsigned int i;

	guest_test_bind_before(test, 0);
	for (i = 0; i < IOMMU_GUEST_FAULTS_MAX; i++)
		stall_test_happens(t, SID, OF_CLASS(IN));
	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, SID, HW_STAG));
	EXPECT_TRACE(test, cmd_abort(SID, HW_STAG));
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 1);

	for (i = 0; i < IOMMU_GUEST_FAULTS_MAX; i++)
		stall_test_read_record(test, 0, 0);
	stall_test_stall_and_read(test, 0, HW_STAG);
	EXPECT_TRACE(test);
}

static struct kunit_case guest_stall_test_cases[] = {
	KUNIT_CASE(guest_stall_test_given),
	KUNIT_CASE(guest_stall_test_without_reader),
	KUNIT_CASE(guest_stall_test_cannot_stall),
	KUNIT_CASE(guest_stall_test_iopf),
	KUNIT_CASE(guest_stall_test_stags),
	KUNIT_CASE(guest_stall_test_not_the_guests),
	KUNIT_CASE(guest_stall_test_not_given),
	KUNIT_CASE(guest_stall_test_not_stalled),
	KUNIT_CASE(guest_stall_test_too_many),
	KUNIT_CASE(guest_stall_test_too_many_of_all),
	KUNIT_CASE(guest_stall_test_queue_full),
	{},
};

static struct kunit_suite guest_stall_test_suite = {
	.name = "arm-smmu-v3-guest-stall",
	.init = stall_test_init,
	.exit = stall_test_exit,
	.test_cases = guest_stall_test_cases,
};

kunit_test_suite(guest_stall_test_suite);
