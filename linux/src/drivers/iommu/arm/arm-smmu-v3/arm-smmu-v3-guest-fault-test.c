// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of the events of a guest's device
 */
#include <kunit/device.h>
#include <kunit/test.h>

#include "../../iommu-priv.h"
#include "arm-smmu-v3-guest-fault.h"

#define VSID		0x42
#define SID		0x1234
#define SSID		0x6789a
#define INPUT_ADDR	0xfedcba9876543210ULL
#define IPA		0x000edcba98765000ULL

#define EVT_ID_UUT		0x01
#define EVT_ID_BAD_STREAMID	0x02
#define EVT_ID_STE_FETCH	0x03
#define EVT_ID_BAD_STE		0x04
#define EVT_ID_BAD_ATS_TREQ	0x05
#define EVT_ID_TRANSL_FORBIDDEN	0x07
#define EVT_ID_TLB_CONFLICT	0x20
#define EVT_ID_CFG_CONFLICT	0x21
#define EVT_ID_PAGE_REQUEST	0x24
#define EVT_ID_VMS_FETCH	0x25

/* What the SMMU recorded, with all that the host knows and the guest doesn't */
static void record(u64 evt[4], u8 id, u64 flags)
{
	memset(evt, 0xff, 4 * sizeof(*evt));
	evt[0] &= ~(EVTQ_0_ID | EVTQ_0_SID | EVTQ_0_SSID);
	evt[0] |= FIELD_PREP(EVTQ_0_ID, id) | FIELD_PREP(EVTQ_0_SID, SID) |
		  FIELD_PREP(EVTQ_0_SSID, SSID);
	evt[1] &= ~(EVTQ_1_STALL | EVTQ_1_CLASS | EVTQ_1_S2);
	evt[1] |= flags;
	evt[2] = INPUT_ADDR;
	evt[3] &= ~EVTQ_3_IPA;
	evt[3] |= IPA;
}

static void expect_guest(struct kunit *test, const u64 *evt, u8 id, u64 ssid,
			 u64 word1, u64 word2, u64 word3)
{
	struct iommu_guest_event_smmuv3 guest;
	u64 word0 = FIELD_PREP(EVTQ_0_ID, id) |
		    FIELD_PREP(EVTQ_0_SID, VSID) | ssid;

	memset(&guest, 0xff, sizeof(guest));
	KUNIT_EXPECT_EQ(test, ARM_SMMU_EVENT_GUEST,
			arm_smmu_make_guest_event(&guest, evt, VSID));
	KUNIT_EXPECT_EQ(test, word0, le64_to_cpu(guest.event[0]));
	KUNIT_EXPECT_EQ(test, word1, le64_to_cpu(guest.event[1]));
	KUNIT_EXPECT_EQ(test, word2, le64_to_cpu(guest.event[2]));
	KUNIT_EXPECT_EQ(test, word3, le64_to_cpu(guest.event[3]));
}

static void expect_nothing(struct kunit *test, const u64 *evt,
			   enum arm_smmu_event_owner owner)
{
	struct iommu_guest_event_smmuv3 guest;

	memset(&guest, 0xff, sizeof(guest));
	KUNIT_EXPECT_EQ(test, owner,
			arm_smmu_make_guest_event(&guest, evt, VSID));
	KUNIT_EXPECT_NULL(test, memchr_inv(&guest, 0, sizeof(guest)));
}

#define SSID_FIELD	FIELD_PREP(EVTQ_0_SSID, SSID)
#define OF_CLASS(_class)	FIELD_PREP(EVTQ_1_CLASS, EVTQ_1_CLASS_##_class)
#define ACCESS		(EVTQ_1_PnU | EVTQ_1_InD | EVTQ_1_RnW)

static void guest_fault_test_stream_disabled(struct kunit *test)
{
	u64 evt[4];

	record(evt, EVT_ID_STREAM_DISABLED, 0);
	expect_guest(test, evt, EVT_ID_STREAM_DISABLED, 0, 0, 0, 0);
}

static void guest_fault_test_bad_substreamid(struct kunit *test)
{
	u64 evt[4];

	record(evt, EVT_ID_BAD_SUBSTREAMID, 0);
	expect_guest(test, evt, EVT_ID_BAD_SUBSTREAMID, SSID_FIELD, 0, 0, 0);
	evt[0] &= ~EVTQ_0_SSV;
	expect_guest(test, evt, EVT_ID_BAD_SUBSTREAMID, SSID_FIELD, 0, 0, 0);
}

static void guest_fault_test_bad_cd(struct kunit *test)
{
	u64 evt[4];

	record(evt, EVT_ID_BAD_CD, 0);
	expect_guest(test, evt, EVT_ID_BAD_CD, EVTQ_0_SSV | SSID_FIELD, 0, 0, 0);
	evt[0] &= ~EVTQ_0_SSV;
	expect_guest(test, evt, EVT_ID_BAD_CD, 0, 0, 0, 0);
}

static const u8 fault_ids[] = {
	EVT_ID_TRANSLATION_FAULT,
	EVT_ID_ADDR_SIZE_FAULT,
	EVT_ID_ACCESS_FAULT,
	EVT_ID_PERMISSION_FAULT,
};

static void fault_id_desc(const u8 *id, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "event 0x%02x", *id);
}

KUNIT_ARRAY_PARAM(fault_id, fault_ids, fault_id_desc);

/* Each of what is told of the access shows by itself */
static void guest_fault_test_access(struct kunit *test)
{
	static const u64 bits[] = { EVTQ_1_PnU, EVTQ_1_InD, EVTQ_1_RnW };
	const u8 *id = test->param_value;
	unsigned int i;
	u64 evt[4];

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		record(evt, *id, OF_CLASS(IN));
		evt[1] &= ~(ACCESS & ~bits[i]);
		expect_guest(test, evt, *id, EVTQ_0_SSV | SSID_FIELD,
			     OF_CLASS(IN) | bits[i], INPUT_ADDR, 0);
	}
}

static void guest_fault_test_in(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, OF_CLASS(IN));
	expect_guest(test, evt, *id, EVTQ_0_SSV | SSID_FIELD,
		     OF_CLASS(IN) | ACCESS, INPUT_ADDR, 0);
	evt[0] &= ~EVTQ_0_SSV;
	expect_guest(test, evt, *id, 0, OF_CLASS(IN) | ACCESS, INPUT_ADDR, 0);
}

static void guest_fault_test_in_stage2(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, OF_CLASS(IN) | EVTQ_1_S2);
	expect_nothing(test, evt, ARM_SMMU_EVENT_STAGE2);
}

static void guest_fault_test_cd(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, OF_CLASS(CD) | EVTQ_1_S2);
	expect_guest(test, evt, EVT_ID_CD_FETCH, EVTQ_0_SSV | SSID_FIELD,
		     0, 0, IPA);
	/* Without S2 the IPA is UNKNOWN */
	record(evt, *id, OF_CLASS(CD));
	expect_guest(test, evt, EVT_ID_CD_FETCH, EVTQ_0_SSV | SSID_FIELD,
		     0, 0, 0);
	evt[0] &= ~EVTQ_0_SSV;
	expect_guest(test, evt, EVT_ID_CD_FETCH, 0, 0, 0, 0);
}

static void guest_fault_test_tt(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, OF_CLASS(TT) | EVTQ_1_S2);
	expect_guest(test, evt, EVT_ID_WALK_EABT, EVTQ_0_SSV | SSID_FIELD,
		     OF_CLASS(TT) | ACCESS, INPUT_ADDR, IPA);
	record(evt, *id, OF_CLASS(TT));
	expect_guest(test, evt, EVT_ID_WALK_EABT, EVTQ_0_SSV | SSID_FIELD,
		     OF_CLASS(TT) | ACCESS, INPUT_ADDR, 0);
}

static void guest_fault_test_reserved_class(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, EVTQ_1_CLASS);
	expect_nothing(test, evt, ARM_SMMU_EVENT_HOST);
	record(evt, *id, EVTQ_1_CLASS | EVTQ_1_S2);
	expect_nothing(test, evt, ARM_SMMU_EVENT_HOST);
}

static bool is_fault(u8 id)
{
	return memchr(fault_ids, id, sizeof(fault_ids));
}

/* All that aren't above, which includes those with a physical address */
static void guest_fault_test_host(struct kunit *test)
{
	static const u8 hosts[] = {
		EVT_ID_UUT, EVT_ID_BAD_STREAMID, EVT_ID_STE_FETCH,
		EVT_ID_BAD_STE, EVT_ID_BAD_ATS_TREQ, EVT_ID_TRANSL_FORBIDDEN,
		EVT_ID_CD_FETCH, EVT_ID_WALK_EABT, EVT_ID_TLB_CONFLICT,
		EVT_ID_CFG_CONFLICT, EVT_ID_PAGE_REQUEST, EVT_ID_VMS_FETCH,
	};
	unsigned int id, class, tried = 0;
	u64 evt[4];

	for (id = 0; id <= U8_MAX; id++) {
		if (is_fault(id) || id == EVT_ID_STREAM_DISABLED ||
		    id == EVT_ID_BAD_SUBSTREAMID || id == EVT_ID_BAD_CD)
			continue;
		for (class = 0; class < 4; class++) {
			record(evt, id, FIELD_PREP(EVTQ_1_CLASS, class));
			expect_nothing(test, evt, ARM_SMMU_EVENT_HOST);
		}
		tried += !!memchr(hosts, id, sizeof(hosts));
	}
	KUNIT_EXPECT_EQ(test, tried, ARRAY_SIZE(hosts));
}

static struct kunit_case guest_fault_event_test_cases[] = {
	KUNIT_CASE(guest_fault_test_stream_disabled),
	KUNIT_CASE(guest_fault_test_bad_substreamid),
	KUNIT_CASE(guest_fault_test_bad_cd),
	KUNIT_CASE_PARAM(guest_fault_test_access, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_fault_test_in, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_fault_test_in_stage2, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_fault_test_cd, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_fault_test_tt, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_fault_test_reserved_class, fault_id_gen_params),
	KUNIT_CASE(guest_fault_test_host),
	{},
};

static struct kunit_suite guest_fault_event_test_suite = {
	.name = "arm-smmu-v3-guest-event",
	.test_cases = guest_fault_event_test_cases,
};

/* An SMMU with one device, which is attached to a queue */
struct guest_fault_test {
	struct arm_smmu_device smmu;
	struct arm_smmu_master master;
	struct arm_smmu_stream stream;
	struct dev_iommu param;
	struct iommu_ops ops;
	u32 prod;
	struct iommu_guest_faults *faults;
};

#define EVTQ_SHIFT	3

static int guest_fault_test_init(struct kunit *test)
{
	struct guest_fault_test *t;
	struct device *dev;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	dev = kunit_device_register(test, "guest");
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	t->faults = iommu_guest_faults_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->faults));

	t->smmu.dev = dev;
	mutex_init(&t->smmu.streams_mutex);
	spin_lock_init(&t->smmu.evtq.lock);
	t->smmu.evtq.q.prod_reg = (u32 __iomem __force *)&t->prod;
	t->smmu.evtq.q.llq.max_n_shift = EVTQ_SHIFT;
	t->stream.id = SID;
	t->stream.master = &t->master;
	rb_link_node(&t->stream.node, NULL, &t->smmu.streams.rb_node);
	rb_insert_color(&t->stream.node, &t->smmu.streams);
	t->master.smmu = &t->smmu;
	t->master.dev = dev;
	ratelimit_default_init(&t->master.guest_events.log);
	t->smmu.iommu.ops = &t->ops;
	spin_lock_init(&t->param.guest_faults_lock);
	t->param.iommu_dev = &t->smmu.iommu;
	dev->iommu = &t->param;
	iommu_guest_faults_attach(t->faults, dev);
	test->priv = t;
	return 0;
}

static void guest_fault_test_exit(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	iommu_guest_faults_detach(t->master.dev);
	iommu_guest_faults_put(t->faults);
	t->master.dev->iommu = NULL;
}

/* The device causes an event */
static bool happens(struct guest_fault_test *t, u8 id, u64 flags, u64 num)
{
	u64 evt[4];

	record(evt, id, flags);
	return arm_smmu_handle_guest_event(&t->smmu, evt, num);
}

static bool reads(struct guest_fault_test *t, struct iommu_guest_fault *fault)
{
	if (!iommu_guest_faults_peek(t->faults, fault))
		return false;
	iommu_guest_faults_pop(t->faults);
	return true;
}

static void expect_empty(struct kunit *test)
{
	struct iommu_guest_fault fault;

	KUNIT_EXPECT_FALSE(test, reads(test->priv, &fault));
}

static void expect_record(struct kunit *test, u64 sequence, u64 lost, u32 flags)
{
	struct iommu_guest_fault fault;

	KUNIT_ASSERT_TRUE(test, reads(test->priv, &fault));
	KUNIT_EXPECT_EQ(test, fault.sequence, sequence);
	KUNIT_EXPECT_EQ(test, fault.lost, lost);
	KUNIT_EXPECT_EQ(test, fault.flags, flags);
	if (!(flags & IOMMU_GUEST_FAULT_NO_EVENT))
		KUNIT_EXPECT_EQ(test, fault.format,
				IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3);
	KUNIT_EXPECT_EQ(test, !fault.smmuv3.event[0],
			!!(flags & IOMMU_GUEST_FAULT_NO_EVENT));
}

/* Only between start and stop is it a guest's device */
static void guest_fault_test_bound(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	KUNIT_EXPECT_FALSE(test, happens(t, EVT_ID_BAD_CD, 0, 0));
	arm_smmu_guest_events_start(&t->master, VSID);
	KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_BAD_CD, 0, 0));
	arm_smmu_guest_events_stop(&t->master);
	KUNIT_EXPECT_FALSE(test, happens(t, EVT_ID_BAD_CD, 0, 1));
	expect_record(test, 0, 0, 0);
	expect_empty(test);
}

static void guest_fault_test_other_stream(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	u64 evt[4];

	arm_smmu_guest_events_start(&t->master, VSID);
	record(evt, EVT_ID_BAD_CD, 0);
	evt[0] ^= FIELD_PREP(EVTQ_0_SID, 1);
	KUNIT_EXPECT_FALSE(test, arm_smmu_handle_guest_event(&t->smmu, evt, 0));
	expect_empty(test);
}

/* Somebody waits for an answer to it, and the guest wasn't told that it may */
static void guest_fault_test_stall(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	const struct iommu_guest_fault_response resp = {
		.argsz = sizeof(resp),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.vsid = VSID,
		.action = IOMMU_GUEST_FAULT_RETRY,
	};

	arm_smmu_guest_events_start(&t->master, VSID);
	KUNIT_EXPECT_FALSE(test, happens(t, EVT_ID_TRANSLATION_FAULT,
					 OF_CLASS(IN) | EVTQ_1_STALL, 0));
	expect_empty(test);
	/* Nor does this driver take any answer */
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_guest_faults_respond(t->faults, &resp));
}

static void guest_fault_test_counts_stage2(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	arm_smmu_guest_events_start(&t->master, VSID);
	KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_TRANSLATION_FAULT,
					OF_CLASS(IN) | EVTQ_1_S2, 0));
	KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_TRANSLATION_FAULT,
					OF_CLASS(TT) | EVTQ_1_S2, 1));
	KUNIT_EXPECT_EQ(test, t->master.guest_events.stage2_faults, 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->smmu.guest_stage2_faults), 1);
	expect_record(test, 0, 0, 0);
	expect_empty(test);
}

/* What is in the queue at a bind is older, however the queue has wrapped */
static void guest_fault_test_former_guest(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	u32 cons, pending, mask = (2 << EVTQ_SHIFT) - 1;

	t->smmu.evtq.taken = 100;
	for (cons = 0; cons <= mask; cons++) {
		for (pending = 0; pending <= 1 << EVTQ_SHIFT; pending++) {
			t->smmu.evtq.q.llq.cons = cons;
			/* With the overflow flag, which is no part of it */
			t->prod = ((cons + pending) & mask) | BIT(31);
			arm_smmu_guest_events_start(&t->master, VSID);
			KUNIT_EXPECT_EQ(test, t->master.guest_events.first,
					100 + pending);
			arm_smmu_guest_events_stop(&t->master);
		}
	}

	arm_smmu_guest_events_start(&t->master, VSID);
	KUNIT_EXPECT_FALSE(test, happens(t, EVT_ID_BAD_CD, 0, 107));
	KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_BAD_CD, 0, 108));
	/* A rebind changes nothing */
	t->prod = 0;
	arm_smmu_guest_events_start(&t->master, VSID);
	KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_BAD_CD, 0, 109));
	expect_record(test, 0, 0, 0);
	expect_record(test, 1, 0, 0);
	expect_empty(test);
}

/* The hardware lost some: told at once, once, and with what follows */
static void guest_fault_test_hardware_lost(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	arm_smmu_guest_events_lost(&t->smmu);
	expect_empty(test);

	arm_smmu_guest_events_start(&t->master, VSID);
	arm_smmu_guest_events_lost(&t->smmu);
	arm_smmu_guest_events_lost(&t->smmu);
	expect_record(test, 0, 0, IOMMU_GUEST_FAULT_LOST_UNKNOWN |
				  IOMMU_GUEST_FAULT_NO_EVENT);
	expect_empty(test);
	happens(t, EVT_ID_BAD_CD, 0, 0);
	arm_smmu_guest_events_lost(&t->smmu);
	happens(t, EVT_ID_BAD_CD, 0, 1);
	happens(t, EVT_ID_BAD_CD, 0, 2);
	expect_record(test, 0, 0, 0);
	expect_record(test, 1, 0, IOMMU_GUEST_FAULT_LOST_UNKNOWN);
	expect_record(test, 2, 0, 0);
	expect_empty(test);
}

static void fill(struct guest_fault_test *t)
{
	unsigned int i;

	arm_smmu_guest_events_start(&t->master, VSID);
	for (i = 0; i < IOMMU_GUEST_FAULTS_MAX; i++)
		happens(t, EVT_ID_BAD_CD, 0, i);
}

/* What doesn't fit is counted, and told in its place */
static void guest_fault_test_queue_full(struct kunit *test)
{
	unsigned int i, max = IOMMU_GUEST_FAULTS_MAX;
	struct guest_fault_test *t = test->priv;

	fill(t);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_BAD_CD, 0, max + i));
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

/* A reader that can't take a record doesn't lose it, whatever comes meanwhile */
static void guest_fault_test_peek(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	struct iommu_guest_fault fault;

	arm_smmu_guest_events_start(&t->master, VSID);
	arm_smmu_guest_events_lost(&t->smmu);
	KUNIT_EXPECT_TRUE(test, iommu_guest_faults_peek(t->faults, &fault));
	happens(t, EVT_ID_BAD_CD, 0, 0);
	expect_record(test, 0, 0, IOMMU_GUEST_FAULT_LOST_UNKNOWN |
				  IOMMU_GUEST_FAULT_NO_EVENT);
	expect_record(test, 0, 0, 0);
	expect_empty(test);
}

/* Nobody reads: reported as those of other devices are, and nothing is kept */
static void guest_fault_test_closed(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	const struct iommu_guest_fault fault = {
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
	};

	fill(t);
	KUNIT_EXPECT_TRUE(test, iommu_guest_faults_is_open(t->faults));
	iommu_guest_faults_close(t->faults);
	KUNIT_EXPECT_FALSE(test, iommu_guest_faults_is_open(t->faults));
	KUNIT_EXPECT_FALSE(test, iommu_report_guest_fault(t->master.dev,
							  &fault));
	arm_smmu_guest_events_lost(&t->smmu);
	expect_empty(test);
}

static void guest_fault_test_detached(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;

	arm_smmu_guest_events_start(&t->master, VSID);
	iommu_guest_faults_detach(t->master.dev);
	KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_BAD_CD, 0, 0));
	arm_smmu_guest_events_lost(&t->smmu);
	expect_empty(test);
}

/* What the host alone is told, a guest can't use up for others */
static void guest_fault_test_log_of_its_own(struct kunit *test)
{
	struct guest_fault_test *t = test->priv;
	struct ratelimit_state *log = &t->master.guest_events.log;
	unsigned int i;

	arm_smmu_guest_events_start(&t->master, VSID);
	for (i = 0; i < 2 * DEFAULT_RATELIMIT_BURST; i++)
		KUNIT_EXPECT_TRUE(test, happens(t, EVT_ID_UUT, 0, i));
	KUNIT_EXPECT_EQ(test, log->printed, DEFAULT_RATELIMIT_BURST);
	expect_empty(test);
}

static struct kunit_case guest_fault_test_cases[] = {
	KUNIT_CASE(guest_fault_test_bound),
	KUNIT_CASE(guest_fault_test_other_stream),
	KUNIT_CASE(guest_fault_test_stall),
	KUNIT_CASE(guest_fault_test_counts_stage2),
	KUNIT_CASE(guest_fault_test_former_guest),
	KUNIT_CASE(guest_fault_test_hardware_lost),
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

kunit_test_suites(&guest_fault_event_test_suite, &guest_fault_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for the events of guests of arm-smmu-v3");
MODULE_LICENSE("GPL");
