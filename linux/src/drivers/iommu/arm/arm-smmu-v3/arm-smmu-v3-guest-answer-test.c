// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the driver does with a guest's answers to its stalled transactions
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>

#include "../../iommu-priv.h"
#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stall-test.h"
#include "arm-smmu-v3-guest-stall.h"

static void guest_answer_test_actions(struct kunit *test)
{
	static const struct {
		u32 action;
		u32 resp;
	} actions[] = {
		{ IOMMU_GUEST_FAULT_RETRY, CMDQ_RESUME_0_RESP_RETRY },
		{ IOMMU_GUEST_FAULT_IGNORE, CMDQ_RESUME_0_RESP_TERM },
		{ IOMMU_GUEST_FAULT_ABORT, CMDQ_RESUME_0_RESP_ABORT },
	};
	struct guest_test *t = test->priv;
	unsigned int i;

	guest_test_bind_before(test, 0);
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		struct iommu_guest_fault_response resp =
			stall_test_response(0, stall_test_stall_and_read(test, 0, HW_STAG + i));

		EXPECT_TRACE(test);
		resp.action = actions[i].action;
		KUNIT_EXPECT_EQ(test, 0,
				iommu_guest_faults_respond(to_stall_test(t)->faults, &resp));
		EXPECT_TRACE(test, cmd_resume(SID, HW_STAG + i,
					      actions[i].resp));
	}
	KUNIT_EXPECT_EQ(test, stall_test_num_aborted(t), 0);
}

static void guest_answer_test_twice(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind_before(test, 0);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, stag));
	EXPECT_TRACE(test, cmd_retry(SID, HW_STAG));
}

/* An answer that comes again doesn't hit a later transaction in the same place */
static void guest_answer_test_stale(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 first, stag;
	unsigned int i;

	guest_test_bind_before(test, 0);
	first = stall_test_stall_and_read(test, 0, HW_STAG);
	stall_test_answer(t, 0, first);
	for (i = 1; i <= MAX_STALLS; i++) {
		stag = stall_test_stall_and_read(test, 0, HW_STAG + i);
		KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, first));
		if (i < MAX_STALLS)
			KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
	}
	KUNIT_EXPECT_EQ(test, (u16)(first + MAX_STALLS), stag);
}

static void guest_answer_test_unknown(struct kunit *test)
{
	struct guest_test *t = test->priv;
	unsigned int i;
	u16 stag;

	guest_test_bind_before(test, 0);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	/* All STAGs of its place, and as many of other places */
	for (i = 1; i <= U16_MAX; i += i % MAX_STALLS ? MAX_STALLS - 1 : 1)
		KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 0, stag + i));
	EXPECT_TRACE(test);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
}

static void guest_answer_test_other_device(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind(test, 0);
	/* The other device isn't bound. Then it is, but nothing waits. */
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 1, stag));
	guest_test_bind_before(test, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, stall_test_answer(t, 1, stag));
	EXPECT_TRACE(test);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
	EXPECT_TRACE(test, cmd_retry(SID, HW_STAG));
}

/* The answer goes to the stream of the transaction, here the device's second */
static void guest_answer_test_second_stream(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind_before(test, 1);
	KUNIT_EXPECT_TRUE(test, stall_test_stalls(t, SID_B, HW_STAG));
	stag = stall_test_read_stall(test, 1);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 1, stag));
	EXPECT_TRACE(test, cmd_retry(SID_B, HW_STAG));
}

/* The guest is told which PASID it was. The answer needs the STAG alone. */
static void guest_answer_test_substream(struct kunit *test)
{
	u64 ssid = EVTQ_0_SSV | FIELD_PREP(EVTQ_0_SSID, 0x6789a);
	u64 evt[4] = {
		FIELD_PREP(EVTQ_0_ID, EVT_ID_PERMISSION_FAULT) | ssid |
		FIELD_PREP(EVTQ_0_SID, SID),
		STALLED_IN | FIELD_PREP(EVTQ_1_STAG, HW_STAG), INPUT_ADDR,
	};
	struct guest_test *t = test->priv;
	struct iommu_guest_fault fault = {};
	u64 word1;

	guest_test_bind_before(test, 0);
	KUNIT_EXPECT_TRUE(test, arm_smmu_handle_guest_event(&t->smmu, evt, 0));
	KUNIT_ASSERT_TRUE(test, iommu_guest_faults_peek(to_stall_test(t)->faults, &fault));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[0]),
			FIELD_PREP(EVTQ_0_ID, EVT_ID_PERMISSION_FAULT) | ssid |
			FIELD_PREP(EVTQ_0_SID, GUEST_VSID(0)));
	word1 = le64_to_cpu(fault.smmuv3.event[1]);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, FIELD_GET(EVTQ_1_STAG, word1)));
	EXPECT_TRACE(test, cmd_retry(SID, HW_STAG));
}

static void expect_malformed(struct kunit *test,
			     const struct iommu_guest_fault_response *resp)
{
	struct guest_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_guest_faults_respond(to_stall_test(t)->faults, resp));
}

#define EXPECT_MALFORMED(test, stag, member, val)			\
do {									\
	struct iommu_guest_fault_response __resp = stall_test_response(0, stag);	\
									\
	__resp.member = val;						\
	expect_malformed(test, &__resp);				\
} while (0)

static void guest_answer_test_malformed(struct kunit *test)
{
	struct guest_test *t = test->priv;
	unsigned int i;
	u16 stag;

	guest_test_bind_before(test, 0);
	stag = stall_test_stall_and_read(test, 0, HW_STAG);
	EXPECT_MALFORMED(test, stag, argsz, 0);
	EXPECT_MALFORMED(test, stag, argsz,
			 sizeof(struct iommu_guest_fault_response) - 1);
	EXPECT_MALFORMED(test, stag, argsz,
			 sizeof(struct iommu_guest_fault_response) + 1);
	for (i = 0; i < 32; i++) {
		EXPECT_MALFORMED(test, stag, flags, BIT(i));
		EXPECT_MALFORMED(test, stag, __reserved, BIT(i));
	}
	for (i = 0; i < 7; i++)
		EXPECT_MALFORMED(test, stag, smmuv3.__reserved[i], 1);
	EXPECT_MALFORMED(test, stag, format, 0);
	EXPECT_MALFORMED(test, stag, format, 2);
	EXPECT_MALFORMED(test, stag, action, 0);
	EXPECT_MALFORMED(test, stag, action, 4);
	EXPECT_TRACE(test);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
}

/* Several answer at once, and each transaction still has exactly one answer */

#define RACE_STALLS		400

static int answer_all(void *data)
{
	struct guest_test *t = data;
	unsigned int stag = 0;

	while (!kthread_should_stop()) {
		stall_test_answer(t, 0, stag++);
		cond_resched();
	}
	return 0;
}

static unsigned int count_resumes(struct guest_test *t)
{
	unsigned int i, num = 0;

	guest_test_trace_queue(t);
	for (i = 0; i < t->num_traced && i < GUEST_TEST_MAX_TRACED; i++)
		num += FIELD_GET(CMDQ_0_OP, t->trace[i].what) == CMDQ_OP_RESUME;
	return num;
}

static void guest_answer_test_race(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct task_struct *task;
	unsigned int i;

	guest_test_bind_before(test, 0);
	task = kthread_run(answer_all, t, "guest_answer_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < RACE_STALLS; i++) {
		stall_test_stalls(t, SID, i);
		if (i % 16 == 15)
			arm_smmu_abort_guest_faults(guest_test_dev(t, 0));
		/* The trace has to be taken before the queue wraps */
		if (i % 64 == 63)
			guest_test_trace_queue(t);
		cond_resched();
	}
	kthread_stop(task);
	arm_smmu_abort_guest_faults(guest_test_dev(t, 0));
	KUNIT_EXPECT_EQ(test, count_resumes(t), RACE_STALLS);
}

/*
 * A fault that was reported can be answered at once. So a device whose attachment is
 * under way, and that answers don't find yet, has no fault reported.
 */

static struct completion answer_waits, answer_may_end, fault_may_come;

/* The answer goes through the list of devices, which nobody can change meanwhile */
static int respond_slowly(struct device *dev,
			  const struct iommu_guest_fault_response *resp)
{
	complete(&answer_waits);
	wait_for_completion(&answer_may_end);
	return -ENODEV;
}

static void discard_and_tell(struct device *dev)
{
	arm_smmu_discard_guest_faults(dev);
	complete(&fault_may_come);
}

struct answer_test_work {
	struct work_struct work;
	struct guest_test *t;
};

static void answer_slowly(struct work_struct *work)
{
	struct answer_test_work *w =
		container_of(work, struct answer_test_work, work);

	stall_test_answer(w->t, 1, 0);
}

static void attach_slowly(struct work_struct *work)
{
	struct answer_test_work *w =
		container_of(work, struct answer_test_work, work);

	iommu_guest_faults_attach(to_stall_test(w->t)->faults,
				  guest_test_dev(w->t, 0));
}

/* Has a transaction stall while device 0 is being attached */
static void report_during_attach(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct answer_test_work answer = { .t = t }, attach = { .t = t };

	INIT_WORK_ONSTACK(&answer.work, answer_slowly);
	INIT_WORK_ONSTACK(&attach.work, attach_slowly);
	queue_work(system_unbound_wq, &answer.work);
	wait_for_completion(&answer_waits);
	queue_work(system_unbound_wq, &attach.work);
	wait_for_completion(&fault_may_come);
	msleep(20);
	stall_test_stalls(t, SID, HW_STAG);
	complete(&answer_may_end);
	flush_work(&answer.work);
	flush_work(&attach.work);
	destroy_work_on_stack(&answer.work);
	destroy_work_on_stack(&attach.work);
}

static void guest_answer_test_at_once(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 stag;

	guest_test_bind(test, 0);
	iommu_guest_faults_detach(guest_test_dev(t, 0));
	init_completion(&answer_waits);
	init_completion(&answer_may_end);
	init_completion(&fault_may_come);
	t->ops.respond_guest_fault = respond_slowly;
	t->ops.discard_guest_faults = discard_and_tell;
	guest_test_forget(t);
	report_during_attach(test);
	EXPECT_TRACE(test, cmd_sync(), cmd_abort(SID, HW_STAG));
	stall_test_expect_no_record(test);

	t->ops.respond_guest_fault = arm_smmu_respond_guest_fault;
	stag = stall_test_stall_and_read(test, 0, HW_STAG + 1);
	KUNIT_EXPECT_EQ(test, 0, stall_test_answer(t, 0, stag));
	EXPECT_TRACE(test, cmd_retry(SID, HW_STAG + 1));
}

static struct kunit_case guest_answer_test_cases[] = {
	KUNIT_CASE(guest_answer_test_actions),
	KUNIT_CASE(guest_answer_test_twice),
	KUNIT_CASE(guest_answer_test_stale),
	KUNIT_CASE(guest_answer_test_unknown),
	KUNIT_CASE(guest_answer_test_other_device),
	KUNIT_CASE(guest_answer_test_second_stream),
	KUNIT_CASE(guest_answer_test_substream),
	KUNIT_CASE(guest_answer_test_malformed),
	KUNIT_CASE(guest_answer_test_race),
	KUNIT_CASE(guest_answer_test_at_once),
	{},
};

static struct kunit_suite guest_answer_test_suite = {
	.name = "arm-smmu-v3-guest-answer",
	.init = stall_test_init,
	.exit = stall_test_exit,
	.test_cases = guest_answer_test_cases,
};

kunit_test_suite(guest_answer_test_suite);
