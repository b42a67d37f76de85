/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SMMU in memory, with devices that can be bound to a guest, for KUnit tests
 */
#ifndef _ARM_SMMU_V3_GUEST_TEST_H
#define _ARM_SMMU_V3_GUEST_TEST_H

#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "arm-smmu-v3.h"

#define GUEST_TEST_QUEUE_ENTRIES	256
#define GUEST_TEST_STES			16
#define GUEST_TEST_STREAMS		3
#define GUEST_TEST_MAX_TRACED		512

#define GUEST_TABLE_A			0x0000000123456000ULL
#define GUEST_TABLE_B			0x0000000fcba98000ULL
#define GUEST_VSID(i)			(0x40 + (i))
#define IPA				0x40000000UL

/* The StreamIDs of device 0 and of device 1, which has SID_A twice */
#define SID				3
#define SID_A				5
#define SID_B				9

/*
 * What is traced: a command of the queue, or something else that happened, with one
 * of the following numbers. No command has the opcode 0.
 */
#define TRACE_ATS_ON			0x100
#define TRACE_ATS_OFF			0x200
#define TRACE_STE_INVALID		0x300
#define TRACE_HOLD			0x400
#define TRACE_RELEASE			0x500

/* What holds when PCI ATS of a device is switched */
#define STES_HAVE_ATS			BIT(0)
#define ATS_IS_COUNTED			BIT(1)

/**
 * struct guest_trace_entry - Something that was traced
 * @what: the first half of a command, or a number above, and a StreamID in [63:32]
 * @arg: the second half of a command, or what else is known
 */
struct guest_trace_entry {
	u64 what;
	u64 arg;
};

struct guest_test_device {
	struct guest_test *t;
	struct pci_dev pdev;
	struct pci_bus bus;
	struct dev_iommu iommu;
	struct arm_smmu_master master;
	struct arm_smmu_stream streams[GUEST_TEST_STREAMS];
	u16 ats_ctrl;
};

/**
 * struct guest_test - An SMMU with two devices, attached to one nesting domain
 * @smmu: the SMMU
 * @strtab: its stream table
 * @devices: the devices, see SID
 * @ops: what the core calls for the devices' faults
 * @group: the group of both devices
 * @domain: the nesting domain
 * @cfg: what guest_test_bind() binds
 * @vmid: the VMID of @domain
 * @prod: the register for PROD and CONS of the command queue
 * @stuck: the register for CONS after guest_test_stick()
 * @evtq_prod: the register for PROD of the event queue
 * @min_listed: fewest entries that the domain's list had for device 0, looked at
 *		before each command
 * @max_listed: most entries that it had
 * @seen: the next entry of the queue that is not in the trace yet
 * @num_traced: how much there is to trace, which may be more than there is room for
 * @trace: the trace
 */
struct guest_test {
	struct arm_smmu_device smmu;
	struct arm_smmu_ste strtab[GUEST_TEST_STES];
	struct guest_test_device devices[2];
	struct iommu_ops ops;
	struct iommu_group *group;
	struct iommu_domain *domain;
	struct iommu_guest_stage_config cfg;
	u16 vmid;

	u32 prod;
	u32 stuck;
	u32 evtq_prod;

	unsigned int min_listed;
	unsigned int max_listed;

	u32 seen;
	unsigned int num_traced;
	struct guest_trace_entry trace[GUEST_TEST_MAX_TRACED];
};

void guest_test_init(struct kunit *test, struct guest_test *t, u32 features);
void guest_test_stick(struct guest_test *t);

struct iommu_domain *guest_test_alloc_domain(struct kunit *test);
void guest_test_attach(struct kunit *test, unsigned int i);
void guest_test_attach_before(struct kunit *test, unsigned int i);
void guest_test_map(struct kunit *test, struct iommu_domain *domain,
		    unsigned int num);
void guest_test_map_and_unmap(struct kunit *test, struct iommu_domain *domain,
			      unsigned int num);

int guest_test_try_bind(struct guest_test *t, unsigned int i);
void guest_test_bind(struct kunit *test, unsigned int i);
void guest_test_bind_before(struct kunit *test, unsigned int i);
void guest_test_unbind(struct kunit *test, unsigned int i);

void guest_test_trace_queue(struct guest_test *t);
void guest_test_trace(struct guest_test *t, u64 what, u64 arg);
void guest_test_forget(struct guest_test *t);
void guest_test_expect_trace(struct kunit *test,
			     const struct guest_trace_entry *expected,
			     unsigned int num);

/* Expects this, and nothing else, since the last time that a test looked */
#define EXPECT_TRACE(test, ...)						\
do {									\
	const struct guest_trace_entry __expected[] = { __VA_ARGS__ };	\
									\
	guest_test_expect_trace(test, __expected,			\
				ARRAY_SIZE(__expected));		\
} while (0)

static inline struct device *guest_test_dev(struct guest_test *t, unsigned int i)
{
	return &t->devices[i].pdev.dev;
}

static inline struct guest_trace_entry entry(u64 what, u64 arg)
{
	return (struct guest_trace_entry){ what, arg };
}

static inline struct guest_trace_entry entry_of(u64 what, u32 sid, u64 arg)
{
	return entry(what | FIELD_PREP(CMDQ_CFGI_0_SID, sid), arg);
}

static inline struct guest_trace_entry cmd_sync(void)
{
	return entry(CMDQ_OP_CMD_SYNC, 0);
}

static inline struct guest_trace_entry cfgi_ste(u32 sid)
{
	return entry_of(CMDQ_OP_CFGI_STE, sid, CMDQ_CFGI_1_LEAF);
}

static inline struct guest_trace_entry tlbi(u32 opcode, u16 vmid, u64 arg)
{
	return entry(opcode | FIELD_PREP(CMDQ_TLBI_0_VMID, vmid), arg);
}

static inline struct guest_trace_entry nh_all(u16 vmid)
{
	return tlbi(CMDQ_OP_TLBI_NH_ALL, vmid, 0);
}

/* Of one page of 4 KB */
static inline struct guest_trace_entry s2_ipa(u16 vmid, u64 ipa)
{
	return tlbi(CMDQ_OP_TLBI_S2_IPA, vmid,
		    ipa | FIELD_PREP(CMDQ_TLBI_1_TG, 1) |
		    FIELD_PREP(CMDQ_TLBI_1_TTL, 3) | CMDQ_TLBI_1_LEAF);
}

static inline struct guest_trace_entry atc_inv_all(u32 sid)
{
	return entry_of(CMDQ_OP_ATC_INV, sid, ATC_INV_SIZE_ALL);
}

/*
 * PCI ATS is switched on late and off early: at both times the STEs have EATS on, and
 * whoever unmaps memory knows that the device has an ATC.
 */
static inline struct guest_trace_entry ats_on(u32 sid)
{
	return entry_of(TRACE_ATS_ON, sid, STES_HAVE_ATS | ATS_IS_COUNTED);
}

static inline struct guest_trace_entry ats_off(u32 sid)
{
	return entry_of(TRACE_ATS_OFF, sid, STES_HAVE_ATS | ATS_IS_COUNTED);
}

/* An STE has V = 0 when the next command is about to be queued */
static inline struct guest_trace_entry ste_invalid(u32 sid)
{
	return entry_of(TRACE_STE_INVALID, sid, 0);
}

#endif /* _ARM_SMMU_V3_GUEST_TEST_H */
