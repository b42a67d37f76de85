// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which events of a guest's device reach the reader, and which losses
 *
 * The event queue and the command queue are in memory. The registers for PROD and
 * CONS of the command queue are the same word, so a command is consumed at once.
 */
#include <kunit/device.h>
#include <kunit/test.h>

#include "../../iommu-priv.h"
#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stage.h"

#define VSID		0x42
#define SID		0x1234
#define IPA		0x000edcba98765000ULL

#define EVT_ID_UUT	0x01

#define OF_CLASS(_class)	FIELD_PREP(EVTQ_1_CLASS, EVTQ_1_CLASS_##_class)

struct guest_fault_device {
	struct device *dev;
	struct arm_smmu_master master;
	struct arm_smmu_stream stream;
	struct dev_iommu param;
	/* Where a reader gets the faults of this device from */
	struct iommu_guest_faults *faults;
};

struct guest_fault_test {
	struct arm_smmu_device smmu;
	struct iommu_ops ops;
	/* The first one is the device that causes events */
	struct guest_fault_device devices[2];
	struct arm_smmu_master *master;

	/* The registers */
	u32 evtq_prod;
	u32 evtq_cons;
	u32 cmdq;
};

#define EVTQ_SHIFT	3
#define CMDQ_SHIFT	4

/* OVFLG in PROD, OVACKFLG in CONS */
#define OVERFLOW	BIT(31)

static void init_queues(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	struct arm_smmu_queue *evtq = &t->smmu.evtq.q, *cmdq = &t->smmu.cmdq.q;

	spin_lock_init(&t->smmu.evtq.lock);
	evtq->llq.max_n_shift = EVTQ_SHIFT;
	evtq->prod_reg = (u32 __iomem __force *)&t->evtq_prod;
	evtq->cons_reg = (u32 __iomem __force *)&t->evtq_cons;

	cmdq->llq.max_n_shift = CMDQ_SHIFT;
	cmdq->ent_dwords = CMDQ_ENT_DWORDS;
	cmdq->base = kunit_kcalloc(test, CMDQ_ENT_DWORDS << CMDQ_SHIFT,
				   sizeof(*cmdq->base), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cmdq->base);
	cmdq->prod_reg = (u32 __iomem __force *)&t->cmdq;
	cmdq->cons_reg = cmdq->prod_reg;
	KUNIT_ASSERT_EQ(test, 0, arm_smmu_cmdq_init(&t->smmu, &t->smmu.cmdq));
}

static void init_device(struct kunit *test, struct guest_fault_device *device,
			const char *name, u32 sid)
{
	struct guest_fault_test *t = test->priv;
	struct arm_smmu_master *master = &device->master;

	device->faults = iommu_guest_faults_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(device->faults));
	master->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(master->dev));
	master->smmu = &t->smmu;
	ratelimit_default_init(&master->guest.log);
	device->stream.id = sid;
	device->stream.master = master;

	spin_lock_init(&device->param.guest_faults_lock);
	device->param.iommu_dev = &t->smmu.iommu;
	device->param.priv = master;
	master->dev->iommu = &device->param;
	iommu_guest_faults_attach(device->faults, master->dev);
	device->dev = master->dev;
}

static void add_streams(struct guest_fault_test *t)
{
	struct rb_node *first = &t->devices[0].stream.node;
	struct rb_node *second = &t->devices[1].stream.node;

	rb_link_node(first, NULL, &t->smmu.streams.rb_node);
	rb_insert_color(first, &t->smmu.streams);
	rb_link_node(second, first, &first->rb_right);
	rb_insert_color(second, &t->smmu.streams);
}

static int guest_fault_test_init(struct kunit *test)
{
	struct guest_fault_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;

	t->smmu.dev = kunit_device_register(test, "guest-fault-smmu");
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->smmu.dev));
	mutex_init(&t->smmu.streams_mutex);
	t->ops.discard_guest_faults = arm_smmu_discard_guest_faults;
	t->smmu.iommu.ops = &t->ops;
	init_queues(test);
	init_device(test, &t->devices[0], "guest-fault-0", SID);
	init_device(test, &t->devices[1], "guest-fault-1", SID + 1);
	t->master = &t->devices[0].master;
	add_streams(t);
	return 0;
}

/* Also called if the init has failed anywhere */
static void guest_fault_test_exit(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	unsigned int i;

	for (i = 0; t && i < ARRAY_SIZE(t->devices); i++) {
		struct guest_fault_device *device = &t->devices[i];

		if (device->dev) {
			iommu_guest_faults_detach(device->dev);
			device->dev->iommu = NULL;
		}
		if (!IS_ERR(device->faults))
			iommu_guest_faults_put(device->faults);
	}
}

static void bind(struct guest_fault_test *t)
{
	arm_smmu_guest_start_events(t->master, VSID, true);
}

static void bind_both(struct guest_fault_test *t)
{
	bind(t);
	arm_smmu_guest_start_events(&t->devices[1].master, VSID + 1, true);
}

/* The event thread reads an event that the device has caused */
static enum arm_smmu_guest_event_result
happens(struct guest_fault_test *t, u8 id, u64 flags, u64 num)
{
	const u64 evt[EVTQ_ENT_DWORDS] = {
		FIELD_PREP(EVTQ_0_ID, id) | FIELD_PREP(EVTQ_0_SID, SID),
		flags, 0, IPA,
	};

	return arm_smmu_handle_guest_event(&t->smmu, evt, num);
}

/* An SMMU reports no overflow before the last one is acknowledged */
static void overflow(struct guest_fault_test *t)
{
	if (!((t->evtq_prod ^ t->evtq_cons) & OVERFLOW))
		t->evtq_prod ^= OVERFLOW;
}

static bool reads_of(struct guest_fault_device *device,
		     struct iommu_guest_fault *fault)
{
	if (!iommu_guest_faults_peek(device->faults, fault))
		return false;
	iommu_guest_faults_pop(device->faults);
	return true;
}

static void expect_empty_of(struct kunit *test,
			    struct guest_fault_device *device)
{
	struct iommu_guest_fault fault;

	KUNIT_EXPECT_FALSE(test, reads_of(device, &fault));
}

static void expect_empty(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	expect_empty_of(test, &t->devices[0]);
}

static void expect_record_of(struct kunit *test,
			     struct guest_fault_device *device, u64 sequence,
			     u64 lost, u32 flags)
{
	struct iommu_guest_fault fault;

	KUNIT_ASSERT_TRUE(test, reads_of(device, &fault));
	KUNIT_EXPECT_EQ(test, fault.sequence, sequence);
	KUNIT_EXPECT_EQ(test, fault.lost, lost);
	KUNIT_EXPECT_EQ(test, fault.flags, flags);
	if (!(flags & IOMMU_GUEST_FAULT_NO_EVENT))
		KUNIT_EXPECT_EQ(test, fault.format,
				IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3);
	KUNIT_EXPECT_EQ(test, !fault.smmuv3.event[0],
			!!(flags & IOMMU_GUEST_FAULT_NO_EVENT));
}

static void expect_record(struct kunit *test, u64 sequence, u64 lost, u32 flags)
{
	struct guest_fault_test *t = test->priv;

	expect_record_of(test, &t->devices[0], sequence, lost, flags);
}

#define LOST	(IOMMU_GUEST_FAULT_LOST_UNKNOWN | IOMMU_GUEST_FAULT_NO_EVENT)

/* The device is a guest's only between start and stop */
static void guest_fault_test_bound(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 0),
			ARM_SMMU_GUEST_EVENT_NONE);
	bind(t);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 0),
			ARM_SMMU_GUEST_EVENT_DONE);
	arm_smmu_guest_stop_events(t->master);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 1),
			ARM_SMMU_GUEST_EVENT_NONE);
	expect_record(test, 0, 0, 0);
	expect_empty(test);
}

/* The host resolves the faults of the device itself */
static void guest_fault_test_iopf(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	t->master->iopf_enabled = true;
	KUNIT_EXPECT_EQ(test, -EBUSY,
			arm_smmu_guest_start_events(t->master, VSID, true));
	KUNIT_EXPECT_FALSE(test, t->master->guest.bound);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 0),
			ARM_SMMU_GUEST_EVENT_NONE);
}

static void guest_fault_test_other_stream(struct kunit *test)
{
	const u64 evt[EVTQ_ENT_DWORDS] = {
		FIELD_PREP(EVTQ_0_ID, EVT_ID_BAD_CD) |
		FIELD_PREP(EVTQ_0_SID, SID + 2),
	};
	struct guest_fault_test *t = test->priv;

	bind(t);
	KUNIT_EXPECT_EQ(test, arm_smmu_handle_guest_event(&t->smmu, evt, 0),
			ARM_SMMU_GUEST_EVENT_NONE);
	expect_empty(test);
}

/* The guest has no stalls, so this transaction waits for the host */
static void guest_fault_test_stall(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	const struct iommu_guest_fault_response resp = {
		.argsz = sizeof(resp),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.vsid = VSID,
		.action = IOMMU_GUEST_FAULT_RETRY,
	};

	bind(t);
	KUNIT_EXPECT_EQ(test, ARM_SMMU_GUEST_EVENT_NONE,
			happens(t, EVT_ID_TRANSLATION_FAULT,
				OF_CLASS(IN) | EVTQ_1_STALL, 0));
	expect_empty(test);
	/* This driver has no operation that takes an answer */
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_guest_faults_respond(t->devices[0].faults, &resp));
}

/* The counter is that of the SMMU. The guest is told of the table only. */
static void guest_fault_test_counts_stage2(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	bind(t);
	KUNIT_EXPECT_EQ(test, ARM_SMMU_GUEST_EVENT_LOG,
			happens(t, EVT_ID_TRANSLATION_FAULT,
				OF_CLASS(IN) | EVTQ_1_S2, 0));
	KUNIT_EXPECT_EQ(test, ARM_SMMU_GUEST_EVENT_DONE,
			happens(t, EVT_ID_TRANSLATION_FAULT,
				OF_CLASS(TT) | EVTQ_1_S2, 1));
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->smmu.guest_stage2_faults), 1);
	expect_record(test, 0, 0, 0);
	expect_empty(test);
}

struct guest_fault_coherency {
	enum iommu_guest_stage_coherency coherency;
	u64 fetch_addr;
};

static const struct guest_fault_coherency coherencies[] = {
	{ IOMMU_GUEST_STAGE_COHERENCY_STAGE2, IPA },
	/* CANWBS says nothing of what the SMMU itself fetches */
	{ IOMMU_GUEST_STAGE_COHERENCY_DEVICE, 0 },
	{ IOMMU_GUEST_STAGE_COHERENCY_VOUCHED, IPA },
};

static void coherency_desc(const struct guest_fault_coherency *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "coherency %u", c->coherency);
}

KUNIT_ARRAY_PARAM(coherency, coherencies, coherency_desc);

static void guest_fault_test_fetch_addr(struct kunit *test)
{
	const u64 classes[] = { OF_CLASS(CD), OF_CLASS(TT) };
	const struct guest_fault_coherency *c = test->param_value;
	struct iommu_guest_stage_config cfg = { .vsid = VSID };
	struct guest_fault_test *t = test->priv;
	struct iommu_guest_fault fault;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, arm_smmu_guest_prepare(t->master, &cfg,
							c->coherency));
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		happens(t, EVT_ID_TRANSLATION_FAULT, classes[i] | EVTQ_1_S2, i);
		KUNIT_ASSERT_TRUE(test, reads_of(&t->devices[0], &fault));
		KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[3]),
				c->fetch_addr);
	}
}

/* What is in the queue at a bind is older, however the queue has wrapped */
static void guest_fault_test_former_guest(struct kunit *test)
{
	u32 cons, pending, mask = (2 << EVTQ_SHIFT) - 1;
	struct guest_fault_test *t = test->priv;

	t->smmu.evtq.taken = 100;
	for (cons = 0; cons <= mask; cons++) {
		for (pending = 0; pending <= 1 << EVTQ_SHIFT; pending++) {
			t->smmu.evtq.q.llq.cons = cons;
			/* The flag is no part of the index */
			t->evtq_prod = ((cons + pending) & mask) | OVERFLOW;
			bind(t);
			KUNIT_EXPECT_EQ(test, t->master->guest.first_event,
					100 + pending);
			arm_smmu_guest_stop_events(t->master);
		}
	}

	bind(t);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 107),
			ARM_SMMU_GUEST_EVENT_NONE);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 108),
			ARM_SMMU_GUEST_EVENT_DONE);
	/* A rebind changes nothing */
	t->evtq_prod = 0;
	bind(t);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 109),
			ARM_SMMU_GUEST_EVENT_DONE);
	expect_record(test, 0, 0, 0);
	expect_record(test, 1, 0, 0);
	expect_empty(test);
}

/* A loss is told at once, or with the fault that follows */
static void guest_fault_test_hardware_lost(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	overflow(t);
	arm_smmu_report_lost_events(&t->smmu);
	expect_empty(test);

	bind(t);
	overflow(t);
	arm_smmu_report_lost_events(&t->smmu);
	expect_record(test, 0, 0, LOST);
	expect_empty(test);
	happens(t, EVT_ID_BAD_CD, 0, 0);
	overflow(t);
	arm_smmu_report_lost_events(&t->smmu);
	happens(t, EVT_ID_BAD_CD, 0, 1);
	happens(t, EVT_ID_BAD_CD, 0, 2);
	expect_record(test, 0, 0, 0);
	expect_record(test, 1, 0, IOMMU_GUEST_FAULT_LOST_UNKNOWN);
	expect_record(test, 2, 0, 0);
	expect_empty(test);
}

/* The events that are still in the queue do not delay it */
static void guest_fault_test_overflow_is_acknowledged(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	t->evtq_prod = 1 << EVTQ_SHIFT;
	overflow(t);
	KUNIT_EXPECT_TRUE(test, arm_smmu_report_lost_events(&t->smmu));
	KUNIT_EXPECT_EQ(test, t->evtq_cons, OVERFLOW);
	KUNIT_EXPECT_FALSE(test, arm_smmu_report_lost_events(&t->smmu));
}

/* Nothing is read from the queue between two overflows. Each reader is told of both. */
static void guest_fault_test_overflow_again(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	unsigned int i;

	bind_both(t);
	t->evtq_prod = 1 << EVTQ_SHIFT;
	for (i = 0; i < 3; i++) {
		overflow(t);
		KUNIT_EXPECT_TRUE(test, arm_smmu_report_lost_events(&t->smmu));
		expect_record_of(test, &t->devices[0], 0, 0, LOST);
		expect_record_of(test, &t->devices[1], 0, 0, LOST);
	}
	KUNIT_EXPECT_FALSE(test, arm_smmu_report_lost_events(&t->smmu));
	expect_empty_of(test, &t->devices[0]);
	expect_empty_of(test, &t->devices[1]);
}

/* The SMMU could not write an event. That is a loss and no overflow. */
static void guest_fault_test_write_aborted(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	bind_both(t);
	atomic_set(&t->smmu.evtq.abt_err, 1);
	KUNIT_EXPECT_FALSE(test, arm_smmu_report_lost_events(&t->smmu));
	expect_record_of(test, &t->devices[0], 0, 0, LOST);
	expect_record_of(test, &t->devices[1], 0, 0, LOST);
	arm_smmu_report_lost_events(&t->smmu);
	expect_empty_of(test, &t->devices[0]);
	expect_empty_of(test, &t->devices[1]);
}

/* The faults of the first device go to another reader from now on */
static void attach_again(struct guest_fault_test *t)
{
	iommu_guest_faults_attach(t->devices[1].faults, t->devices[0].dev);
}

/* Two events are recorded, and not read yet, when the next reader comes */
static void guest_fault_test_next_reader(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	bind(t);
	t->evtq_prod = 2;
	attach_again(t);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 0),
			ARM_SMMU_GUEST_EVENT_LOG);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 1),
			ARM_SMMU_GUEST_EVENT_LOG);
	expect_empty_of(test, &t->devices[1]);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 2),
			ARM_SMMU_GUEST_EVENT_DONE);
	expect_record_of(test, &t->devices[1], 0, 0, 0);
	expect_empty(test);
}

/* The next reader is not told of the loss. Those of other devices still are. */
static void guest_fault_test_next_reader_lost(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	bind_both(t);
	overflow(t);
	atomic_set(&t->smmu.evtq.abt_err, 1);
	iommu_guest_faults_attach(t->devices[0].faults, t->devices[0].dev);
	KUNIT_EXPECT_FALSE(test, arm_smmu_report_lost_events(&t->smmu));
	expect_empty_of(test, &t->devices[0]);
	expect_record_of(test, &t->devices[1], 0, 0, LOST);
	expect_empty_of(test, &t->devices[1]);
}

/* The CMD_SYNC makes the events visible that the SMMU has not written yet */
static void guest_fault_test_next_reader_syncs(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;
	u32 prod = t->cmdq;

	attach_again(t);
	KUNIT_EXPECT_EQ(test, t->cmdq, prod + 1);
	KUNIT_EXPECT_EQ(test, CMDQ_OP_CMD_SYNC,
			FIELD_GET(CMDQ_0_OP, le64_to_cpu(*Q_ENT(q, prod))));
}

static void fill(struct guest_fault_test *t)
{
	unsigned int i;

	bind(t);
	for (i = 0; i < IOMMU_GUEST_FAULTS_MAX; i++)
		happens(t, EVT_ID_BAD_CD, 0, i);
}

/* What does not fit is counted. The count is told in its place. */
static void guest_fault_test_queue_full(struct kunit *test)
{
	unsigned int i, max = IOMMU_GUEST_FAULTS_MAX;
	struct guest_fault_test *t = test->priv;

	fill(t);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, max + i),
				ARM_SMMU_GUEST_EVENT_DONE);
	expect_record(test, 0, 0, 0);
	happens(t, EVT_ID_BAD_CD, 0, max + 5);
	happens(t, EVT_ID_BAD_CD, 0, max + 6);
	for (i = 1; i < max; i++)
		expect_record(test, i, 0, 0);
	expect_record(test, max + 5, 5, 0);
	expect_record(test, max + 7, 1, IOMMU_GUEST_FAULT_NO_EVENT);
	expect_empty(test);
	happens(t, EVT_ID_BAD_CD, 0, max + 7);
	expect_record(test, max + 7, 0, 0);
}

/* A record that could not be copied stays as it was, whatever comes meanwhile */
static void guest_fault_test_peek(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	struct iommu_guest_fault fault;

	bind(t);
	overflow(t);
	arm_smmu_report_lost_events(&t->smmu);
	KUNIT_EXPECT_TRUE(test, iommu_guest_faults_peek(t->devices[0].faults,
							&fault));
	happens(t, EVT_ID_BAD_CD, 0, 0);
	expect_record(test, 0, 0, LOST);
	expect_record(test, 0, 0, 0);
	expect_empty(test);
}

/* Nobody reads, so the host logs what happens and keeps nothing */
static void guest_fault_test_closed(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	struct iommu_guest_faults *faults = t->devices[0].faults;

	fill(t);
	KUNIT_EXPECT_TRUE(test, iommu_guest_faults_is_open(faults));
	iommu_guest_faults_close(faults);
	KUNIT_EXPECT_FALSE(test, iommu_guest_faults_is_open(faults));
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0,
				      IOMMU_GUEST_FAULTS_MAX),
			ARM_SMMU_GUEST_EVENT_LOG);
	overflow(t);
	arm_smmu_report_lost_events(&t->smmu);
	expect_empty(test);
}

static void guest_fault_test_detached(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	bind(t);
	iommu_guest_faults_detach(t->devices[0].dev);
	KUNIT_EXPECT_EQ(test, happens(t, EVT_ID_BAD_CD, 0, 0),
			ARM_SMMU_GUEST_EVENT_LOG);
	overflow(t);
	arm_smmu_report_lost_events(&t->smmu);
	expect_empty(test);
}

/* The limit is the device's own, so a guest can't use up that of others */
static void guest_fault_test_log_of_its_own(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	struct ratelimit_state *log = &t->master->guest.log;
	unsigned int i, logged = 0;

	bind(t);
	for (i = 0; i < 2 * DEFAULT_RATELIMIT_BURST; i++)
		logged += happens(t, EVT_ID_UUT, 0, i) ==
			  ARM_SMMU_GUEST_EVENT_LOG;
	KUNIT_EXPECT_EQ(test, logged, DEFAULT_RATELIMIT_BURST);
	KUNIT_EXPECT_EQ(test, log->printed, DEFAULT_RATELIMIT_BURST);
	expect_empty(test);
}

static struct kunit_case guest_fault_test_cases[] = {
	KUNIT_CASE(guest_fault_test_bound),
	KUNIT_CASE(guest_fault_test_iopf),
	KUNIT_CASE(guest_fault_test_other_stream),
	KUNIT_CASE(guest_fault_test_stall),
	KUNIT_CASE(guest_fault_test_counts_stage2),
	KUNIT_CASE_PARAM(guest_fault_test_fetch_addr, coherency_gen_params),
	KUNIT_CASE(guest_fault_test_former_guest),
	KUNIT_CASE(guest_fault_test_hardware_lost),
	KUNIT_CASE(guest_fault_test_overflow_is_acknowledged),
	KUNIT_CASE(guest_fault_test_overflow_again),
	KUNIT_CASE(guest_fault_test_write_aborted),
	KUNIT_CASE(guest_fault_test_next_reader),
	KUNIT_CASE(guest_fault_test_next_reader_lost),
	KUNIT_CASE(guest_fault_test_next_reader_syncs),
	KUNIT_CASE(guest_fault_test_queue_full),
	KUNIT_CASE(guest_fault_test_peek),
	KUNIT_CASE(guest_fault_test_closed),
	KUNIT_CASE(guest_fault_test_detached),
	KUNIT_CASE(guest_fault_test_log_of_its_own),
	{},
};

static struct kunit_suite guest_fault_test_suite = {
	.name = "arm-smmu-v3-guest-fault",
	.init = guest_fault_test_init,
	.exit = guest_fault_test_exit,
	.test_cases = guest_fault_test_cases,
};

kunit_test_suite(guest_fault_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for the faults of guests of arm-smmu-v3");
MODULE_LICENSE("GPL");
