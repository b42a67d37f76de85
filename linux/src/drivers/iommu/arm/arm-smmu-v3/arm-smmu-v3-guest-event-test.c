// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest is told of an event that the SMMU has recorded
 */
#include <kunit/test.h>

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
#define EVT_ID_CFG_CONFLICT	0x21
#define EVT_ID_PAGE_REQUEST	0x24
#define EVT_ID_VMS_FETCH	0x25

/* The SMMU's record. Each bit that a guest must not see is set. */
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

static void expect_guest_event(struct kunit *test, const u64 *evt,
			       bool tell_fetch_addr, u8 id, u64 ssid, u64 word1,
			       u64 word2, u64 word3)
{
	struct iommu_guest_event_smmuv3 guest;
	u64 word0 = FIELD_PREP(EVTQ_0_ID, id) |
		    FIELD_PREP(EVTQ_0_SID, VSID) | ssid;

	memset(&guest, 0xff, sizeof(guest));
	KUNIT_EXPECT_EQ(test, ARM_SMMU_EVENT_GUEST,
			arm_smmu_make_guest_event(&guest, evt, VSID,
						  tell_fetch_addr));
	KUNIT_EXPECT_EQ(test, word0, le64_to_cpu(guest.event[0]));
	KUNIT_EXPECT_EQ(test, word1, le64_to_cpu(guest.event[1]));
	KUNIT_EXPECT_EQ(test, word2, le64_to_cpu(guest.event[2]));
	KUNIT_EXPECT_EQ(test, word3, le64_to_cpu(guest.event[3]));
}

static void expect_guest(struct kunit *test, const u64 *evt, u8 id, u64 ssid,
			 u64 word1, u64 word2, u64 word3)
{
	expect_guest_event(test, evt, true, id, ssid, word1, word2, word3);
}

static void expect_nothing(struct kunit *test, const u64 *evt,
			   enum arm_smmu_event_owner owner)
{
	struct iommu_guest_event_smmuv3 guest;

	memset(&guest, 0xff, sizeof(guest));
	KUNIT_EXPECT_EQ(test, owner,
			arm_smmu_make_guest_event(&guest, evt, VSID, true));
	KUNIT_EXPECT_NULL(test, memchr_inv(&guest, 0, sizeof(guest)));
}

#define SSID_FIELD	FIELD_PREP(EVTQ_0_SSID, SSID)
#define OF_CLASS(_class)	FIELD_PREP(EVTQ_1_CLASS, EVTQ_1_CLASS_##_class)
#define ACCESS		(EVTQ_1_PnU | EVTQ_1_InD | EVTQ_1_RnW)

static void guest_event_test_stream_disabled(struct kunit *test)
{
	u64 evt[4];

	record(evt, EVT_ID_STREAM_DISABLED, 0);
	expect_guest(test, evt, EVT_ID_STREAM_DISABLED, 0, 0, 0, 0);
}

static void guest_event_test_bad_substreamid(struct kunit *test)
{
	u64 evt[4];

	record(evt, EVT_ID_BAD_SUBSTREAMID, 0);
	expect_guest(test, evt, EVT_ID_BAD_SUBSTREAMID, SSID_FIELD, 0, 0, 0);
	evt[0] &= ~EVTQ_0_SSV;
	expect_guest(test, evt, EVT_ID_BAD_SUBSTREAMID, SSID_FIELD, 0, 0, 0);
}

static void guest_event_test_bad_cd(struct kunit *test)
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

/* Each bit that tells something of the access is told by itself */
static void guest_event_test_access(struct kunit *test)
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

static void guest_event_test_in(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, OF_CLASS(IN));
	expect_guest(test, evt, *id, EVTQ_0_SSV | SSID_FIELD,
		     OF_CLASS(IN) | ACCESS, INPUT_ADDR, 0);
	evt[0] &= ~EVTQ_0_SSV;
	expect_guest(test, evt, *id, 0, OF_CLASS(IN) | ACCESS, INPUT_ADDR, 0);
}

static void guest_event_test_in_stage2(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, OF_CLASS(IN) | EVTQ_1_S2);
	expect_nothing(test, evt, ARM_SMMU_EVENT_STAGE2);
}

static void guest_event_test_cd(struct kunit *test)
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

static void guest_event_test_tt(struct kunit *test)
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

/* The guest is told of the failed fetch, and not of what the descriptor pointed to */
static void guest_event_test_no_fetch_addr(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, OF_CLASS(CD) | EVTQ_1_S2);
	expect_guest_event(test, evt, false, EVT_ID_CD_FETCH,
			   EVTQ_0_SSV | SSID_FIELD, 0, 0, 0);
	record(evt, *id, OF_CLASS(TT) | EVTQ_1_S2);
	expect_guest_event(test, evt, false, EVT_ID_WALK_EABT,
			   EVTQ_0_SSV | SSID_FIELD, OF_CLASS(TT) | ACCESS,
			   INPUT_ADDR, 0);
}

static void guest_event_test_reserved_class(struct kunit *test)
{
	const u8 *id = test->param_value;
	u64 evt[4];

	record(evt, *id, EVTQ_1_CLASS);
	expect_nothing(test, evt, ARM_SMMU_EVENT_HOST);
	record(evt, *id, EVTQ_1_CLASS | EVTQ_1_S2);
	expect_nothing(test, evt, ARM_SMMU_EVENT_HOST);
}

/* F_TLB_CONFLICT has no CLASS. What is at its place is not told. */
static void guest_event_test_tlb_conflict(struct kunit *test)
{
	u64 evt[4];

	record(evt, EVT_ID_TLB_CONFLICT, EVTQ_1_CLASS | EVTQ_1_STALL);
	expect_guest(test, evt, EVT_ID_TLB_CONFLICT, EVTQ_0_SSV | SSID_FIELD,
		     ACCESS, INPUT_ADDR, 0);
	evt[0] &= ~EVTQ_0_SSV;
	evt[1] &= ~ACCESS;
	expect_guest(test, evt, EVT_ID_TLB_CONFLICT, 0, 0, INPUT_ADDR, 0);
}

/* The entries of stage 2 are the host's */
static void guest_event_test_tlb_conflict_stage2(struct kunit *test)
{
	u64 evt[4];

	record(evt, EVT_ID_TLB_CONFLICT, EVTQ_1_S2);
	expect_nothing(test, evt, ARM_SMMU_EVENT_HOST);
}

static bool is_fault(u8 id)
{
	return memchr(fault_ids, id, sizeof(fault_ids));
}

/* All other events are the host's. Some of them have a physical address. */
static void guest_event_test_host(struct kunit *test)
{
	static const u8 hosts[] = {
		EVT_ID_UUT, EVT_ID_BAD_STREAMID, EVT_ID_STE_FETCH,
		EVT_ID_BAD_STE, EVT_ID_BAD_ATS_TREQ, EVT_ID_TRANSL_FORBIDDEN,
		EVT_ID_CD_FETCH, EVT_ID_WALK_EABT, EVT_ID_CFG_CONFLICT,
		EVT_ID_PAGE_REQUEST, EVT_ID_VMS_FETCH,
	};
	unsigned int id, class, tried = 0;
	u64 evt[4];

	for (id = 0; id <= U8_MAX; id++) {
		if (is_fault(id) || id == EVT_ID_STREAM_DISABLED ||
		    id == EVT_ID_BAD_SUBSTREAMID || id == EVT_ID_BAD_CD ||
		    id == EVT_ID_TLB_CONFLICT)
			continue;
		for (class = 0; class < 4; class++) {
			record(evt, id, FIELD_PREP(EVTQ_1_CLASS, class));
			expect_nothing(test, evt, ARM_SMMU_EVENT_HOST);
		}
		tried += !!memchr(hosts, id, sizeof(hosts));
	}
	KUNIT_EXPECT_EQ(test, tried, ARRAY_SIZE(hosts));
}

static struct kunit_case guest_event_test_cases[] = {
	KUNIT_CASE(guest_event_test_stream_disabled),
	KUNIT_CASE(guest_event_test_bad_substreamid),
	KUNIT_CASE(guest_event_test_bad_cd),
	KUNIT_CASE_PARAM(guest_event_test_access, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_event_test_in, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_event_test_in_stage2, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_event_test_cd, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_event_test_tt, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_event_test_no_fetch_addr, fault_id_gen_params),
	KUNIT_CASE_PARAM(guest_event_test_reserved_class, fault_id_gen_params),
	KUNIT_CASE(guest_event_test_tlb_conflict),
	KUNIT_CASE(guest_event_test_tlb_conflict_stage2),
	KUNIT_CASE(guest_event_test_host),
	{},
};

static struct kunit_suite guest_event_test_suite = {
	.name = "arm-smmu-v3-guest-event",
	.test_cases = guest_event_test_cases,
};

kunit_test_suite(guest_event_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for the events of guests of arm-smmu-v3");
MODULE_LICENSE("GPL");
