/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions that stall, and the guest's answers, for KUnit tests
 */
#ifndef _ARM_SMMU_V3_GUEST_STALL_TEST_H
#define _ARM_SMMU_V3_GUEST_STALL_TEST_H

#include "arm-smmu-v3-guest-test.h"

#define INPUT_ADDR		0xfedcba9876543210ULL
#define HW_STAG			0xabc0
#define MAX_STALLS		IOMMU_GUEST_STALLS_MAX

#define OF_CLASS(_class)	FIELD_PREP(EVTQ_1_CLASS, EVTQ_1_CLASS_##_class)
#define STALLED_IN		(EVTQ_1_STALL | OF_CLASS(IN) | EVTQ_1_RnW)

/**
 * struct stall_test - A guest that is given stalls, and reads its faults
 * @t: the SMMU, without ATS, and the devices, which are attached
 * @faults: the queue of the guest's faults
 */
struct stall_test {
	struct guest_test t;
	struct iommu_guest_faults *faults;
};

static inline struct stall_test *to_stall_test(struct guest_test *t)
{
	return container_of(t, struct stall_test, t);
}

int stall_test_init(struct kunit *test);
void stall_test_exit(struct kunit *test);
void stall_test_open_faults(struct kunit *test);
void stall_test_close_faults(struct guest_test *t);

bool stall_test_has_s1stalld(struct guest_test *t, u32 sid);
void stall_test_bind_state(struct kunit *test, unsigned int i, u32 state);
u64 stall_test_num_aborted(struct guest_test *t);

void stall_test_event_is_written(struct guest_test *t);
bool stall_test_event_is_taken(struct guest_test *t, u32 sid, u64 word1);
bool stall_test_happens(struct guest_test *t, u32 sid, u64 word1);
bool stall_test_stalls(struct guest_test *t, u32 sid, u16 hw_stag);

void stall_test_expect_no_record(struct kunit *test);
u64 stall_test_read_record(struct kunit *test, unsigned int i, u32 flags);
u16 stall_test_read_stall(struct kunit *test, unsigned int i);
u16 stall_test_stall_and_read(struct kunit *test, unsigned int i, u16 hw_stag);

struct iommu_guest_fault_response stall_test_response(unsigned int i, u16 stag);
int stall_test_answer(struct guest_test *t, unsigned int i, u16 stag);

static inline struct guest_trace_entry cmd_resume(u32 sid, u16 stag, u64 resp)
{
	return entry_of(CMDQ_OP_RESUME | FIELD_PREP(CMDQ_RESUME_0_RESP, resp),
			sid, stag);
}

static inline struct guest_trace_entry cmd_retry(u32 sid, u16 stag)
{
	return cmd_resume(sid, stag, CMDQ_RESUME_0_RESP_RETRY);
}

static inline struct guest_trace_entry cmd_abort(u32 sid, u16 stag)
{
	return cmd_resume(sid, stag, CMDQ_RESUME_0_RESP_ABORT);
}

static inline struct guest_trace_entry cmd_stall_term(u32 sid)
{
	return entry_of(CMDQ_OP_STALL_TERM, sid, 0);
}

#endif /* _ARM_SMMU_V3_GUEST_STALL_TEST_H */
