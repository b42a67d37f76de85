// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of transactions that wait for a guest
 *
 * The SMMU is a command queue in memory that is consumed at once, and an event
 * queue of which there are only the registers. The devices have streams and
 * nothing else. All between them is the driver's own.
 */
#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "../../iommu-priv.h"
#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stage.h"
#include "arm-smmu-v3-guest-stall.h"

#define QUEUE_ENTRIES		1024
#define EVTQ_SHIFT		7
#define NUM_STES		16
#define NUM_STREAMS		2

#define GUEST_TABLE_A		0x0000000123456000ULL
#define GUEST_TABLE_B		0x0000000fcba98000ULL
#define INPUT_ADDR		0xfedcba9876543210ULL
#define VSID(i)			(0x40 + (i))
#define SID(i)			(3 + 2 * (i))
#define HW_STAG			0xabc0
#define MAX_STALLS		IOMMU_GUEST_STALLS_MAX

struct stall_test_device {
	struct device *dev;
	struct dev_iommu iommu;
	struct arm_smmu_master master;
	struct arm_smmu_stream streams[NUM_STREAMS];
};

struct stall_test {
	struct arm_smmu_device smmu;
	struct arm_smmu_ste strtab[NUM_STES];
	/* The first has one stream, the second has two */
	struct stall_test_device devices[2];
	struct iommu_ops ops;
	struct iommu_group *group;
	struct iommu_domain *domain;
	struct iommu_guest_stage_config cfg;
	struct iommu_guest_faults *faults;
	u16 vmid;
	/* The register for PROD and CONS of the command queue */
	u32 prod;
	u32 evtq_prod;
	/* The next entry of the command queue that nobody has looked at */
	u32 seen;
};

/* Commands */

struct command {
	u32 op;
	u32 id;
	u32 arg;
	u32 resp;
};

static struct command next_command(struct stall_test *t)
{
	const __le64 *cmd = Q_ENT(&t->smmu.cmdq.q, t->seen);
	u64 cmd0 = le64_to_cpu(cmd[0]);
	struct command found = { .op = FIELD_GET(CMDQ_0_OP, cmd0) };

	t->seen = (t->seen + 1) % (2 * QUEUE_ENTRIES);
	switch (found.op) {
	case CMDQ_OP_RESUME:
		found.resp = FIELD_GET(CMDQ_RESUME_0_RESP, cmd0);
		found.arg = le64_to_cpu(cmd[1]);
		fallthrough;
	case CMDQ_OP_STALL_TERM:
	case CMDQ_OP_CFGI_STE:
		found.id = FIELD_GET(CMDQ_RESUME_0_SID, cmd0);
		break;
	case CMDQ_OP_TLBI_NH_ALL:
		found.id = FIELD_GET(CMDQ_TLBI_0_VMID, cmd0);
		break;
	}
	return found;
}

static struct command cmd_resume(u32 sid, u16 stag, u32 resp)
{
	return (struct command){ CMDQ_OP_RESUME, sid, stag, resp };
}

static struct command cmd_abort(u32 sid, u16 stag)
{
	return cmd_resume(sid, stag, CMDQ_RESUME_0_RESP_ABORT);
}

static struct command cmd_of(u32 op, u32 id)
{
	return (struct command){ op, id };
}

static void expect_commands(struct kunit *test, const struct command *expected,
			    unsigned int num)
{
	struct stall_test *t = test->priv;
	unsigned int i;

	for (i = 0; t->seen != t->prod; i++) {
		struct command found = next_command(t);

		KUNIT_EXPECT_LT_MSG(test, i, num, "%#x is one too many", found.op);
		if (i < num)
			KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&found, &expected[i],
							    sizeof(found)),
					      "%u: %#x %#x %#x %u", i, found.op,
					      found.id, found.arg, found.resp);
	}
	KUNIT_EXPECT_EQ(test, i, num);
}

#define EXPECT_COMMANDS(test, ...)					\
do {									\
	const struct command __expected[] = { __VA_ARGS__ };		\
									\
	expect_commands(test, __expected, ARRAY_SIZE(__expected));	\
} while (0)

static void forget_commands(struct stall_test *t)
{
	t->seen = t->prod;
}

/* Set-up */

KUNIT_DEFINE_ACTION_WRAPPER(destroy_ida, ida_destroy, struct ida *);
KUNIT_DEFINE_ACTION_WRAPPER(put_group, iommu_group_put, struct iommu_group *);
KUNIT_DEFINE_ACTION_WRAPPER(leave_group, iommu_group_remove_device,
			    struct device *);

static void init_queues(struct kunit *test)
{
	struct stall_test *t = test->priv;
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;

	q->llq.max_n_shift = ilog2(QUEUE_ENTRIES);
	q->ent_dwords = CMDQ_ENT_DWORDS;
	q->base = kunit_kcalloc(test, QUEUE_ENTRIES * CMDQ_ENT_DWORDS,
				sizeof(*q->base), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q->base);
	q->prod_reg = (u32 __iomem __force *)&t->prod;
	q->cons_reg = q->prod_reg;
	KUNIT_ASSERT_EQ(test, 0, arm_smmu_cmdq_init(&t->smmu, &t->smmu.cmdq));

	spin_lock_init(&t->smmu.evtq.lock);
	t->smmu.evtq.q.prod_reg = (u32 __iomem __force *)&t->evtq_prod;
	t->smmu.evtq.q.llq.max_n_shift = EVTQ_SHIFT;
	t->smmu.evtq.max_stalls = 4 * MAX_STALLS;
}

static void init_smmu(struct kunit *test)
{
	struct stall_test *t = test->priv;
	struct arm_smmu_device *smmu = &t->smmu;
	unsigned int i;

	smmu->dev = kunit_device_register(test, "stall-smmu");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, smmu->dev);
	smmu->features = ARM_SMMU_FEAT_TRANS_S2 | ARM_SMMU_FEAT_NESTING |
			 ARM_SMMU_FEAT_COHERENCY | ARM_SMMU_FEAT_STALLS;
	smmu->options = ARM_SMMU_OPT_SKIP_PREFETCH;
	smmu->ias = 44;
	smmu->oas = 44;
	smmu->pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;
	smmu->asid_bits = 16;
	smmu->vmid_bits = 16;
	ida_init(&smmu->vmid_map);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_ida,
							   &smmu->vmid_map));
	for (i = 0; i < NUM_STES; i++)
		arm_smmu_make_abort_ste(&t->strtab[i]);
	smmu->strtab_cfg.linear.table = t->strtab;
	smmu->strtab_cfg.linear.num_ents = NUM_STES;
	mutex_init(&smmu->streams_mutex);

	t->ops.respond_guest_fault = arm_smmu_respond_guest_fault;
	t->ops.abort_guest_faults = arm_smmu_abort_guest_faults;
	smmu->iommu.ops = &t->ops;
	init_queues(test);
}

static void add_stream(struct stall_test *t, struct arm_smmu_stream *stream)
{
	struct rb_node **link = &t->smmu.streams.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = stream->id < rb_entry(parent, struct arm_smmu_stream,
					     node)->id ?
			       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&stream->node, parent, link);
	rb_insert_color(&stream->node, &t->smmu.streams);
}

static void init_device(struct kunit *test, unsigned int i, const char *name)
{
	struct stall_test *t = test->priv;
	struct stall_test_device *device = &t->devices[i];
	struct arm_smmu_master *master = &device->master;

	device->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, device->dev);
	device->dev->iommu_group = t->group;
	device->dev->iommu = &device->iommu;
	spin_lock_init(&device->iommu.guest_faults_lock);
	device->iommu.priv = master;
	device->iommu.iommu_dev = &t->smmu.iommu;
	device->iommu.fwspec = kunit_kzalloc(test, sizeof(struct iommu_fwspec),
					     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, device->iommu.fwspec);

	master->smmu = &t->smmu;
	master->dev = device->dev;
	master->stall_enabled = true;
	master->streams = device->streams;
	ratelimit_default_init(&master->guest_events.log);
	for (; master->num_streams <= i; master->num_streams++) {
		struct arm_smmu_stream *stream =
			&device->streams[master->num_streams];

		stream->id = SID(i + master->num_streams);
		stream->master = master;
		add_stream(t, stream);
	}
}

/* Of a device that is not looked at: nothing else holds the group's mutex */
static void init_group(struct kunit *test)
{
	struct stall_test *t = test->priv;

	t->group = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->group));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, put_group, t->group));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_group_add_device(t->group, t->smmu.dev));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, leave_group,
							   t->smmu.dev));
}

static void open_faults(struct kunit *test)
{
	struct stall_test *t = test->priv;
	unsigned int i;

	t->faults = iommu_guest_faults_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->faults));
	for (i = 0; i < ARRAY_SIZE(t->devices); i++)
		iommu_guest_faults_attach(t->faults, t->devices[i].dev);
}

/* The devices stay attached until there is another */
static void close_faults(struct stall_test *t)
{
	iommu_guest_faults_close(t->faults);
	iommu_guest_faults_put(t->faults);
	t->faults = NULL;
}

static void free_domain(void *data)
{
	struct iommu_domain *domain = data;
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_master_domain *master_domain, *next;

	list_for_each_entry_safe(master_domain, next, &smmu_domain->devices,
				 devices_elm) {
		list_del(&master_domain->devices_elm);
		kfree(master_domain);
	}
	iommu_domain_free(domain);
}

static void init_domain(struct kunit *test)
{
	struct stall_test *t = test->priv;
	unsigned int i;

	t->domain = arm_smmu_domain_alloc_nesting(t->devices[0].dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->domain));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_domain,
							   t->domain));
	t->vmid = to_smmu_domain(t->domain)->s2_cfg.vmid;
	for (i = 0; i < ARRAY_SIZE(t->devices); i++)
		KUNIT_ASSERT_EQ(test, 0,
				t->domain->ops->attach_dev(t->domain,
							   t->devices[i].dev));
	forget_commands(t);
}

static enum iommu_guest_stage_coherency
vouch(const struct arm_smmu_master *master)
{
	return IOMMU_GUEST_STAGE_COHERENCY_VOUCHED;
}

static int stall_test_init(struct kunit *test)
{
	struct stall_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;

	init_smmu(test);
	init_group(test);
	init_device(test, 0, "stall-0");
	init_device(test, 1, "stall-1");
	init_domain(test);
	open_faults(test);

	t->cfg.argsz = sizeof(t->cfg);
	t->cfg.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	t->cfg.state = IOMMU_GUEST_STAGE_TRANSLATE;
	t->cfg.base_ptr = GUEST_TABLE_A;
	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_STALL;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_ISH;
	kunit_activate_static_stub(test, arm_smmu_guest_stage_coherency, vouch);
	return 0;
}

static void stall_test_exit(struct kunit *test)
{
	struct stall_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t->devices); i++) {
		arm_smmu_guest_stalls_stop(&t->devices[i].master);
		iommu_guest_faults_detach(t->devices[i].dev);
		t->devices[i].dev->iommu = NULL;
		t->devices[i].dev->iommu_group = NULL;
	}
	KUNIT_EXPECT_EQ(test, t->smmu.guest_stalls_waiting, 0);
	iommu_guest_faults_put(t->faults);
}

/* A guest stage is bound with the mutex of the group held */

struct stall_test_call {
	struct stall_test *t;
	struct device *dev;
};

static int bind_locked(struct device *unused, void *data)
{
	struct stall_test_call *call = data;
	struct iommu_domain *domain = call->t->domain;

	return domain->ops->bind_guest_stage(domain, call->dev, &call->t->cfg);
}

static int unbind_locked(struct device *unused, void *data)
{
	struct stall_test_call *call = data;
	struct iommu_domain *domain = call->t->domain;

	domain->ops->unbind_guest_stage(domain, call->dev);
	return 0;
}

static int try_bind(struct stall_test *t, unsigned int i)
{
	struct stall_test_call call = { t, t->devices[i].dev };

	t->cfg.vsid = VSID(i);
	return iommu_group_for_each_dev(t->group, &call, bind_locked);
}

static void bind(struct kunit *test, unsigned int i)
{
	KUNIT_ASSERT_EQ(test, 0, try_bind(test->priv, i));
}

static void bind_quietly(struct kunit *test, unsigned int i)
{
	bind(test, i);
	forget_commands(test->priv);
}

static void unbind(struct kunit *test, unsigned int i)
{
	struct stall_test *t = test->priv;
	struct stall_test_call call = { t, t->devices[i].dev };

	iommu_group_for_each_dev(t->group, &call, unbind_locked);
}

static void bind_state(struct kunit *test, unsigned int i, u32 state)
{
	struct stall_test *t = test->priv;

	t->cfg.state = state;
	bind_quietly(test, i);
	t->cfg.state = IOMMU_GUEST_STAGE_TRANSLATE;
}

static bool has_s1stalld(struct stall_test *t, unsigned int i)
{
	return t->strtab[SID(i)].data[1] & cpu_to_le64(STRTAB_STE_1_S1STALLD);
}

/* Events */

#define OF_CLASS(_class)	FIELD_PREP(EVTQ_1_CLASS, EVTQ_1_CLASS_##_class)
#define STALLED_IN		(EVTQ_1_STALL | OF_CLASS(IN) | EVTQ_1_RnW)

#define EVTQ_MASK		((2 << EVTQ_SHIFT) - 1)

/* The SMMU writes an event, which the event thread takes when it gets to it */
static void event_is_written(struct stall_test *t)
{
	t->evtq_prod = (t->evtq_prod + 1) & EVTQ_MASK;
}

/* It takes the oldest that it hasn't. False if it is none of a guest. */
static bool event_is_taken(struct stall_test *t, u32 sid, u64 word1)
{
	u64 evt[4] = {
		FIELD_PREP(EVTQ_0_ID, EVT_ID_TRANSLATION_FAULT) |
		FIELD_PREP(EVTQ_0_SID, sid), word1, INPUT_ADDR,
	};
	struct arm_smmu_evtq *evtq = &t->smmu.evtq;

	evtq->q.llq.cons = (evtq->q.llq.cons + 1) & EVTQ_MASK;
	return arm_smmu_handle_guest_event(&t->smmu, evt, evtq->taken++);
}

static bool happens(struct stall_test *t, u32 sid, u64 word1)
{
	event_is_written(t);
	return event_is_taken(t, sid, word1);
}

static bool stalls(struct stall_test *t, unsigned int i, u16 hw_stag)
{
	return happens(t, SID(i), STALLED_IN | FIELD_PREP(EVTQ_1_STAG, hw_stag));
}

static void expect_no_record(struct kunit *test)
{
	struct stall_test *t = test->priv;
	struct iommu_guest_fault fault;

	KUNIT_EXPECT_FALSE(test, iommu_guest_faults_peek(t->faults, &fault));
}

/* The first quad-word that differs between events is the second */
static u64 read_record(struct kunit *test, unsigned int i, u32 flags)
{
	struct stall_test *t = test->priv;
	struct iommu_guest_fault fault = {};

	KUNIT_ASSERT_TRUE(test, iommu_guest_faults_peek(t->faults, &fault));
	iommu_guest_faults_pop(t->faults);
	KUNIT_EXPECT_EQ(test, fault.flags, flags);
	KUNIT_EXPECT_EQ(test, fault.format,
			IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[0]),
			FIELD_PREP(EVTQ_0_ID, EVT_ID_TRANSLATION_FAULT) |
			FIELD_PREP(EVTQ_0_SID, VSID(i)));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[2]), INPUT_ADDR);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[3]), 0);
	return le64_to_cpu(fault.smmuv3.event[1]);
}

/* The STAG that the guest is told */
static u16 read_stall(struct kunit *test, unsigned int i)
{
	u64 word1 = read_record(test, i, IOMMU_GUEST_FAULT_STALLED);

	KUNIT_EXPECT_EQ(test, word1 & ~EVTQ_1_STAG, STALLED_IN);
	return FIELD_GET(EVTQ_1_STAG, word1);
}

static u16 stall_and_read(struct kunit *test, unsigned int i, u16 hw_stag)
{
	KUNIT_EXPECT_TRUE(test, stalls(test->priv, i, hw_stag));
	return read_stall(test, i);
}

/* Answers */

static struct iommu_guest_fault_response response(unsigned int i, u16 stag)
{
	return (struct iommu_guest_fault_response){
		.argsz = sizeof(struct iommu_guest_fault_response),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.vsid = VSID(i),
		.action = IOMMU_GUEST_FAULT_RETRY,
		.smmuv3.stag = stag,
	};
}

static int answer(struct stall_test *t, unsigned int i, u16 stag)
{
	struct iommu_guest_fault_response resp = response(i, stag);

	return iommu_guest_faults_respond(t->faults, &resp);
}

static struct command cmd_retry(u32 sid, u16 stag)
{
	return cmd_resume(sid, stag, CMDQ_RESUME_0_RESP_RETRY);
}

static u64 num_aborted(struct stall_test *t)
{
	return atomic64_read(&t->smmu.guest_stalls_aborted);
}

/* What it takes to be given stalls */

static void guest_stall_test_given(struct kunit *test)
{
	struct stall_test *t = test->priv;

	bind(test, 0);
	KUNIT_EXPECT_FALSE(test, has_s1stalld(t, 0));
	t->cfg.smmuv3.flags |= IOMMU_GUEST_STAGE_SMMUV3_S1STALLD;
	bind(test, 0);
	KUNIT_EXPECT_TRUE(test, has_s1stalld(t, 0));
	t->cfg.smmuv3.flags = 0;
	bind(test, 0);
	KUNIT_EXPECT_TRUE(test, has_s1stalld(t, 0));
}

/* Nobody has asked for the file, it is closed, it is there again */
static void guest_stall_test_without_reader(struct kunit *test)
{
	struct stall_test *t = test->priv;

	iommu_guest_faults_detach(t->devices[0].dev);
	bind(test, 0);
	KUNIT_EXPECT_TRUE(test, has_s1stalld(t, 0));
	iommu_guest_faults_attach(t->faults, t->devices[0].dev);
	bind(test, 0);
	KUNIT_EXPECT_FALSE(test, has_s1stalld(t, 0));
	close_faults(t);
	bind(test, 0);
	KUNIT_EXPECT_TRUE(test, has_s1stalld(t, 0));
	open_faults(test);
	bind(test, 0);
	KUNIT_EXPECT_FALSE(test, has_s1stalld(t, 0));
}

static void guest_stall_test_cannot_stall(struct kunit *test)
{
	struct stall_test *t = test->priv;
	struct arm_smmu_ste before = t->strtab[SID(0)];

	t->devices[0].master.stall_enabled = false;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, try_bind(t, 0));
	t->devices[0].master.stall_enabled = true;
	t->smmu.features &= ~ARM_SMMU_FEAT_STALLS;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, try_bind(t, 0));
	KUNIT_EXPECT_MEMEQ(test, &t->strtab[SID(0)], &before, sizeof(before));
	EXPECT_COMMANDS(test);
	/* It is a field of the guest's table: nobody looks */
	t->cfg.state = IOMMU_GUEST_STAGE_BYPASS;
	KUNIT_EXPECT_EQ(test, 0, try_bind(t, 0));
}

/* The host resolves faults itself */
static void guest_stall_test_iopf(struct kunit *test)
{
	struct stall_test *t = test->priv;
	struct arm_smmu_ste before = t->strtab[SID(0)];

	t->devices[0].master.iopf_enabled = true;
	KUNIT_EXPECT_EQ(test, -EBUSY, try_bind(t, 0));
	t->cfg.smmuv3.flags = 0;
	KUNIT_EXPECT_EQ(test, -EBUSY, try_bind(t, 0));
	KUNIT_EXPECT_MEMEQ(test, &t->strtab[SID(0)], &before, sizeof(before));
	EXPECT_COMMANDS(test);
}

/* Events and answers */

static void guest_stall_test_actions(struct kunit *test)
{
	static const struct {
		u32 action;
		u32 resp;
	} actions[] = {
		{ IOMMU_GUEST_FAULT_RETRY, CMDQ_RESUME_0_RESP_RETRY },
		{ IOMMU_GUEST_FAULT_IGNORE, CMDQ_RESUME_0_RESP_TERM },
		{ IOMMU_GUEST_FAULT_ABORT, CMDQ_RESUME_0_RESP_ABORT },
	};
	struct stall_test *t = test->priv;
	unsigned int i;

	bind_quietly(test, 0);
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		struct iommu_guest_fault_response resp =
			response(0, stall_and_read(test, 0, HW_STAG + i));

		EXPECT_COMMANDS(test);
		resp.action = actions[i].action;
		KUNIT_EXPECT_EQ(test, 0,
				iommu_guest_faults_respond(t->faults, &resp));
		EXPECT_COMMANDS(test, cmd_resume(SID(0), HW_STAG + i,
						 actions[i].resp));
	}
	KUNIT_EXPECT_EQ(test, num_aborted(t), 0);
}

/* The guest's STAGs tell nothing of the SMMU's, and all differ */
static void guest_stall_test_stags(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stags[MAX_STALLS];
	unsigned int i, j;

	/* Where they wrap, too */
	t->devices[0].master.guest_stalls.next_stag = -MAX_STALLS / 2;
	bind_quietly(test, 0);
	for (i = 0; i < MAX_STALLS; i++) {
		stags[i] = stall_and_read(test, 0, HW_STAG + 2 * i);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, stags[i], stags[j]);
	}
	/* In any order */
	for (i = 0; i < MAX_STALLS; i++) {
		j = i * 5 % MAX_STALLS;
		KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stags[j]));
		EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG + 2 * j));
	}
}

static void guest_stall_test_twice(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind_quietly(test, 0);
	stag = stall_and_read(test, 0, HW_STAG);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, stag));
	EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG));
}

/* An STAG that was answered isn't that of a later one in its place */
static void guest_stall_test_stale(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 first, stag;
	unsigned int i;

	bind_quietly(test, 0);
	first = stall_and_read(test, 0, HW_STAG);
	answer(t, 0, first);
	for (i = 1; i <= MAX_STALLS; i++) {
		stag = stall_and_read(test, 0, HW_STAG + i);
		KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, first));
		if (i < MAX_STALLS)
			KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
	}
	KUNIT_EXPECT_EQ(test, (u16)(first + MAX_STALLS), stag);
}

static void guest_stall_test_unknown(struct kunit *test)
{
	struct stall_test *t = test->priv;
	unsigned int i;
	u16 stag;

	bind_quietly(test, 0);
	stag = stall_and_read(test, 0, HW_STAG);
	/* All in its slot, and as many in another */
	for (i = 1; i <= U16_MAX; i += i % MAX_STALLS ? MAX_STALLS - 1 : 1)
		KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, stag + i));
	EXPECT_COMMANDS(test);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
}

static void guest_stall_test_other_device(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind(test, 0);
	/* Not bound, and bound without anything that waits */
	stag = stall_and_read(test, 0, HW_STAG);
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 1, stag));
	bind_quietly(test, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 1, stag));
	EXPECT_COMMANDS(test);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
	EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG));
}

/* The stream that it came from, which needn't be the device's first */
static void guest_stall_test_second_stream(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind_quietly(test, 1);
	KUNIT_EXPECT_TRUE(test, stalls(t, 2, HW_STAG));
	stag = read_stall(test, 1);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 1, stag));
	EXPECT_COMMANDS(test, cmd_retry(SID(2), HW_STAG));
}

/* One PASID of several: the guest is told which, and the STAG says it all later */
static void guest_stall_test_substream(struct kunit *test)
{
	u64 ssid = EVTQ_0_SSV | FIELD_PREP(EVTQ_0_SSID, 0x6789a);
	u64 evt[4] = {
		FIELD_PREP(EVTQ_0_ID, EVT_ID_PERMISSION_FAULT) | ssid |
		FIELD_PREP(EVTQ_0_SID, SID(0)),
		STALLED_IN | FIELD_PREP(EVTQ_1_STAG, HW_STAG), INPUT_ADDR,
	};
	struct stall_test *t = test->priv;
	struct iommu_guest_fault fault = {};
	u64 word1;

	bind_quietly(test, 0);
	KUNIT_EXPECT_TRUE(test, arm_smmu_handle_guest_event(&t->smmu, evt, 0));
	KUNIT_ASSERT_TRUE(test, iommu_guest_faults_peek(t->faults, &fault));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(fault.smmuv3.event[0]),
			FIELD_PREP(EVTQ_0_ID, EVT_ID_PERMISSION_FAULT) | ssid |
			FIELD_PREP(EVTQ_0_SID, VSID(0)));
	word1 = le64_to_cpu(fault.smmuv3.event[1]);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, FIELD_GET(EVTQ_1_STAG, word1)));
	EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG));
}

static void expect_malformed(struct kunit *test,
			     const struct iommu_guest_fault_response *resp)
{
	struct stall_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_guest_faults_respond(t->faults, resp));
}

#define EXPECT_MALFORMED(test, stag, member, val)			\
do {									\
	struct iommu_guest_fault_response __resp = response(0, stag);	\
									\
	__resp.member = val;						\
	expect_malformed(test, &__resp);				\
} while (0)

static void guest_stall_test_malformed(struct kunit *test)
{
	struct stall_test *t = test->priv;
	unsigned int i;
	u16 stag;

	bind_quietly(test, 0);
	stag = stall_and_read(test, 0, HW_STAG);
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
	EXPECT_COMMANDS(test);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
}

/* Not with S2S = 0, unless an SMMU is broken: the host's, but one each */
static void guest_stall_test_not_the_guests(struct kunit *test)
{
	const u64 words[] = {
		EVTQ_1_STALL | EVTQ_1_S2 | OF_CLASS(IN),
		EVTQ_1_STALL | EVTQ_1_S2 | OF_CLASS(TT),
		EVTQ_1_STALL | EVTQ_1_S2 | OF_CLASS(CD),
		EVTQ_1_STALL | EVTQ_1_CLASS,
	};
	struct stall_test *t = test->priv;
	unsigned int i;

	bind_quietly(test, 0);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		KUNIT_EXPECT_TRUE(test, happens(t, SID(0), words[i] | HW_STAG));
		EXPECT_COMMANDS(test, cmd_abort(SID(0), HW_STAG));
	}
	expect_no_record(test);
	KUNIT_EXPECT_EQ(test, num_aborted(t), ARRAY_SIZE(words));
	KUNIT_EXPECT_EQ(test, t->devices[0].master.guest_events.stage2_faults, 1);
}

/* A guest that wasn't given stalls has none: the host handles it as any other */
static void guest_stall_test_not_given(struct kunit *test)
{
	struct stall_test *t = test->priv;

	t->cfg.smmuv3.flags = 0;
	bind_quietly(test, 0);
	KUNIT_EXPECT_FALSE(test, stalls(t, 0, HW_STAG));
	EXPECT_COMMANDS(test);
	expect_no_record(test);
}

/* Other faults of a guest that stalls are told as ever */
static void guest_stall_test_not_stalled(struct kunit *test)
{
	struct stall_test *t = test->priv;

	bind_quietly(test, 0);
	KUNIT_EXPECT_TRUE(test, happens(t, SID(0), OF_CLASS(IN) | HW_STAG));
	KUNIT_EXPECT_EQ(test, read_record(test, 0, 0), OF_CLASS(IN));
	EXPECT_COMMANDS(test);
}

/* More than there is room for */

static void guest_stall_test_too_many(struct kunit *test)
{
	struct stall_test *t = test->priv;
	unsigned int i;
	u16 first = 0;

	bind_quietly(test, 0);
	for (i = 0; i < MAX_STALLS; i++) {
		u16 stag = stall_and_read(test, 0, HW_STAG + i);

		first = i ? first : stag;
	}
	EXPECT_COMMANDS(test);

	/* As an SMMU may do it that doesn't stall this one */
	KUNIT_EXPECT_TRUE(test, stalls(t, 0, HW_STAG + MAX_STALLS));
	KUNIT_EXPECT_EQ(test, read_record(test, 0, 0), OF_CLASS(IN) | EVTQ_1_RnW);
	EXPECT_COMMANDS(test, cmd_abort(SID(0), HW_STAG + MAX_STALLS));
	KUNIT_EXPECT_EQ(test, num_aborted(t), 1);

	/* Another device has its own */
	bind_quietly(test, 1);
	stall_and_read(test, 1, HW_STAG);
	EXPECT_COMMANDS(test);

	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, first));
	stall_and_read(test, 0, HW_STAG + MAX_STALLS + 1);
	EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG));
}

/* Half of what the SMMU can stall is for all guests together */
static void guest_stall_test_too_many_of_all(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 first;

	t->smmu.evtq.max_stalls = 7;
	bind(test, 0);
	bind_quietly(test, 1);
	first = stall_and_read(test, 0, HW_STAG);
	stall_and_read(test, 0, HW_STAG + 1);
	stall_and_read(test, 1, HW_STAG + 2);
	EXPECT_COMMANDS(test);
	KUNIT_EXPECT_TRUE(test, stalls(t, 1, HW_STAG + 3));
	KUNIT_EXPECT_EQ(test, read_record(test, 1, 0), OF_CLASS(IN) | EVTQ_1_RnW);
	EXPECT_COMMANDS(test, cmd_abort(SID(1), HW_STAG + 3));

	/* Each way that one ends makes room: an answer, and that of a device's guest */
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, first));
	stall_and_read(test, 1, HW_STAG + 3);
	KUNIT_EXPECT_TRUE(test, stalls(t, 0, HW_STAG));
	read_record(test, 0, 0);
	unbind(test, 1);
	forget_commands(t);
	stall_and_read(test, 0, HW_STAG);
	stall_and_read(test, 0, HW_STAG + 2);
	EXPECT_COMMANDS(test);
}

static void guest_stall_test_queue_full(struct kunit *test)
{
	struct stall_test *t = test->priv;
	unsigned int i;

	bind_quietly(test, 0);
	for (i = 0; i < IOMMU_GUEST_FAULTS_MAX; i++)
		happens(t, SID(0), OF_CLASS(IN));
	KUNIT_EXPECT_TRUE(test, stalls(t, 0, HW_STAG));
	EXPECT_COMMANDS(test, cmd_abort(SID(0), HW_STAG));
	KUNIT_EXPECT_EQ(test, num_aborted(t), 1);

	for (i = 0; i < IOMMU_GUEST_FAULTS_MAX; i++)
		read_record(test, 0, 0);
	stall_and_read(test, 0, HW_STAG);
	EXPECT_COMMANDS(test);
}

/* The end */

/* All that ends a binding ends with these */
static void expect_rest_of_unbind(struct kunit *test)
{
	struct stall_test *t = test->priv;
	bool flushed = false;

	while (t->seen != t->prod) {
		struct command found = next_command(t);

		KUNIT_EXPECT_NE(test, found.op, CMDQ_OP_RESUME);
		KUNIT_EXPECT_NE(test, found.op, CMDQ_OP_STALL_TERM);
		flushed |= found.op == CMDQ_OP_TLBI_NH_ALL && found.id == t->vmid;
	}
	KUNIT_EXPECT_TRUE(test, flushed);
}

/* Skip to the command that has to be there */
static void find_command(struct kunit *test, u32 op)
{
	struct stall_test *t = test->priv;

	while (t->seen != t->prod) {
		if (le64_to_cpu(Q_ENT(&t->smmu.cmdq.q, t->seen)[0] &
				cpu_to_le64(CMDQ_0_OP)) == op)
			return;
		next_command(t);
	}
	KUNIT_FAIL(test, "no command %#x", op);
}

/* First an STE that lets nothing stall, then the end of what does, then stage 2 */
static void guest_stall_test_unbind(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind_quietly(test, 0);
	stag = stall_and_read(test, 0, HW_STAG);
	stall_and_read(test, 0, HW_STAG + 1);
	unbind(test, 0);

	KUNIT_EXPECT_EQ(test, next_command(t).op, CMDQ_OP_CFGI_STE);
	find_command(test, CMDQ_OP_STALL_TERM);
	KUNIT_EXPECT_EQ(test, next_command(t).id, SID(0));
	KUNIT_EXPECT_EQ(test, next_command(t).op, CMDQ_OP_CMD_SYNC);
	KUNIT_EXPECT_EQ(test, next_command(t).op, CMDQ_OP_CFGI_STE);
	expect_rest_of_unbind(test);
	KUNIT_EXPECT_EQ(test, num_aborted(t), 2);

	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, stag));
	bind_quietly(test, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, stag));
	EXPECT_COMMANDS(test);
}

static void guest_stall_test_unbind_streams(struct kunit *test)
{
	struct stall_test *t = test->priv;

	bind_quietly(test, 1);
	stall_and_read(test, 1, HW_STAG);
	unbind(test, 1);
	find_command(test, CMDQ_OP_STALL_TERM);
	KUNIT_EXPECT_EQ(test, next_command(t).id, SID(1));
	KUNIT_EXPECT_EQ(test, next_command(t).op, CMDQ_OP_STALL_TERM);
	KUNIT_EXPECT_EQ(test, next_command(t).op, CMDQ_OP_CMD_SYNC);
	expect_rest_of_unbind(test);
}

/* The SMMU may use their STAGs again: a CMD_RESUME would hit another transaction */
static void guest_stall_test_unbind_unread(struct kunit *test)
{
	struct stall_test *t = test->priv;

	bind(test, 0);
	event_is_written(t);
	event_is_written(t);
	unbind(test, 0);
	forget_commands(t);
	KUNIT_EXPECT_TRUE(test, event_is_taken(t, SID(0), STALLED_IN));
	bind_quietly(test, 0);
	KUNIT_EXPECT_TRUE(test, event_is_taken(t, SID(0), STALLED_IN));
	EXPECT_COMMANDS(test);
	expect_no_record(test);
	/* And one that is the next guest's */
	stall_and_read(test, 0, HW_STAG);
}

/* A guest that was given none is unbound as ever, in one go */
static void guest_stall_test_unbind_without(struct kunit *test)
{
	struct stall_test *t = test->priv;

	t->cfg.smmuv3.flags = 0;
	bind_quietly(test, 0);
	unbind(test, 0);
	expect_rest_of_unbind(test);
	KUNIT_EXPECT_EQ(test, num_aborted(t), 0);
}

static void guest_stall_test_abort(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind_quietly(test, 0);
	stag = stall_and_read(test, 0, HW_STAG);
	event_is_written(t);
	t->cfg.state = IOMMU_GUEST_STAGE_ABORT;
	bind(test, 0);
	KUNIT_EXPECT_EQ(test, next_command(t).op, CMDQ_OP_CFGI_STE);
	find_command(test, CMDQ_OP_STALL_TERM);
	EXPECT_COMMANDS(test, cmd_of(CMDQ_OP_STALL_TERM, SID(0)),
			cmd_of(CMDQ_OP_CMD_SYNC, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, stag));
	KUNIT_EXPECT_TRUE(test, event_is_taken(t, SID(0), STALLED_IN));
	expect_no_record(test);
	bind_state(test, 0, IOMMU_GUEST_STAGE_TRANSLATE);
	stall_and_read(test, 0, HW_STAG);
	EXPECT_COMMANDS(test);
}

/* What waits is tried again under the configuration of that time, as on hardware */
static void guest_stall_test_rebind(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stags[3];

	bind_quietly(test, 0);
	stags[0] = stall_and_read(test, 0, HW_STAG);
	stags[1] = stall_and_read(test, 0, HW_STAG + 1);
	stags[2] = stall_and_read(test, 0, HW_STAG + 2);
	t->cfg.base_ptr = GUEST_TABLE_B;
	bind_quietly(test, 0);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stags[0]));
	bind_state(test, 0, IOMMU_GUEST_STAGE_BYPASS);
	forget_commands(t);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stags[1]));
	/* The guest was given none, but the event is of before */
	event_is_written(t);
	t->cfg.smmuv3.flags = 0;
	bind_quietly(test, 0);
	KUNIT_EXPECT_TRUE(test, event_is_taken(t, SID(0), STALLED_IN));
	read_stall(test, 0);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stags[2]));
	EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG + 2));
}

/* Nobody can answer any more: what waits, and what follows */
static void guest_stall_test_close(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind(test, 0);
	bind_quietly(test, 1);
	stag = stall_and_read(test, 0, HW_STAG);
	stall_and_read(test, 0, HW_STAG + 1);
	stall_and_read(test, 1, HW_STAG + 2);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
	forget_commands(t);
	close_faults(t);
	EXPECT_COMMANDS(test, cmd_abort(SID(0), HW_STAG + 1),
			cmd_abort(SID(1), HW_STAG + 2));
	KUNIT_EXPECT_TRUE(test, stalls(t, 0, HW_STAG + 3));
	EXPECT_COMMANDS(test, cmd_abort(SID(0), HW_STAG + 3));
	KUNIT_EXPECT_EQ(test, num_aborted(t), 3);

	/* Without a bind, too, there is somebody again */
	open_faults(test);
	stag = stall_and_read(test, 0, HW_STAG + 4);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
	EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG + 4));
}

/* Detached without having been unbound: there is no way for an answer */
static void guest_stall_test_detached(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind_quietly(test, 0);
	stag = stall_and_read(test, 0, HW_STAG);
	iommu_guest_faults_detach(t->devices[0].dev);
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, stag));
	EXPECT_COMMANDS(test);
	unbind(test, 0);
	find_command(test, CMDQ_OP_STALL_TERM);
	forget_commands(t);
}

/* Before a device is reset for good: it is bound, and nothing of it waits */
static void guest_stall_test_stopped(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	bind(test, 0);
	bind_quietly(test, 1);
	stag = stall_and_read(test, 0, HW_STAG);
	stall_and_read(test, 0, HW_STAG + 1);
	stall_and_read(test, 1, HW_STAG + 2);
	iommu_guest_faults_stop(t->devices[0].dev);
	EXPECT_COMMANDS(test, cmd_abort(SID(0), HW_STAG),
			cmd_abort(SID(0), HW_STAG + 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(t, 0, stag));
	KUNIT_EXPECT_TRUE(test, stalls(t, 0, HW_STAG));
	EXPECT_COMMANDS(test, cmd_abort(SID(0), HW_STAG));
	expect_no_record(test);
	KUNIT_EXPECT_EQ(test, num_aborted(t), 3);
	KUNIT_EXPECT_FALSE(test, has_s1stalld(t, 0));
}

static void guest_stall_test_force_sync(struct kunit *test)
{
	struct stall_test *t = test->priv;
	u16 stag;

	t->smmu.options |= ARM_SMMU_OPT_CMDQ_FORCE_SYNC;
	bind_quietly(test, 0);
	stag = stall_and_read(test, 0, HW_STAG);
	KUNIT_EXPECT_EQ(test, 0, answer(t, 0, stag));
	EXPECT_COMMANDS(test, cmd_retry(SID(0), HW_STAG),
			cmd_of(CMDQ_OP_CMD_SYNC, 0));
}

/* Several at once: each transaction still has exactly one answer */

#define RACE_STALLS		400

static int answer_all(void *data)
{
	struct stall_test *t = data;
	unsigned int stag = 0;

	while (!kthread_should_stop()) {
		answer(t, 0, stag++);
		cond_resched();
	}
	return 0;
}

static void guest_stall_test_race(struct kunit *test)
{
	struct stall_test *t = test->priv;
	struct task_struct *task;
	unsigned int i, num = 0;

	bind_quietly(test, 0);
	task = kthread_run(answer_all, t, "guest_stall_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < RACE_STALLS; i++) {
		stalls(t, 0, i);
		if (i % 16 == 15)
			arm_smmu_abort_guest_faults(t->devices[0].dev);
		cond_resched();
	}
	kthread_stop(task);
	arm_smmu_abort_guest_faults(t->devices[0].dev);

	while (t->seen != t->prod)
		num += next_command(t).op == CMDQ_OP_RESUME;
	KUNIT_EXPECT_EQ(test, num, RACE_STALLS);
}

static struct kunit_case guest_stall_test_cases[] = {
	KUNIT_CASE(guest_stall_test_given),
	KUNIT_CASE(guest_stall_test_without_reader),
	KUNIT_CASE(guest_stall_test_cannot_stall),
	KUNIT_CASE(guest_stall_test_iopf),
	KUNIT_CASE(guest_stall_test_actions),
	KUNIT_CASE(guest_stall_test_stags),
	KUNIT_CASE(guest_stall_test_twice),
	KUNIT_CASE(guest_stall_test_stale),
	KUNIT_CASE(guest_stall_test_unknown),
	KUNIT_CASE(guest_stall_test_other_device),
	KUNIT_CASE(guest_stall_test_second_stream),
	KUNIT_CASE(guest_stall_test_substream),
	KUNIT_CASE(guest_stall_test_malformed),
	KUNIT_CASE(guest_stall_test_not_the_guests),
	KUNIT_CASE(guest_stall_test_not_given),
	KUNIT_CASE(guest_stall_test_not_stalled),
	KUNIT_CASE(guest_stall_test_too_many),
	KUNIT_CASE(guest_stall_test_too_many_of_all),
	KUNIT_CASE(guest_stall_test_queue_full),
	KUNIT_CASE(guest_stall_test_unbind),
	KUNIT_CASE(guest_stall_test_unbind_streams),
	KUNIT_CASE(guest_stall_test_unbind_unread),
	KUNIT_CASE(guest_stall_test_unbind_without),
	KUNIT_CASE(guest_stall_test_abort),
	KUNIT_CASE(guest_stall_test_rebind),
	KUNIT_CASE(guest_stall_test_close),
	KUNIT_CASE(guest_stall_test_detached),
	KUNIT_CASE(guest_stall_test_stopped),
	KUNIT_CASE(guest_stall_test_force_sync),
	KUNIT_CASE(guest_stall_test_race),
	{},
};

static struct kunit_suite guest_stall_test_suite = {
	.name = "arm-smmu-v3-guest-stall",
	.init = stall_test_init,
	.exit = stall_test_exit,
	.test_cases = guest_stall_test_cases,
};

kunit_test_suite(guest_stall_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for what waits for guests of arm-smmu-v3");
MODULE_LICENSE("GPL");
