// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guest stages make the driver write to the command queue, and when
 *
 * The SMMU is a queue in memory. The registers for PROD and CONS are the same
 * word, so whatever is written to it is consumed at once. The devices are PCI
 * devices of which there is nothing but an ATS capability. Everything else is
 * real, from the operations of the domain, with its page table, to the queue.
 */
#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/io-pgtable.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "arm-smmu-v3-guest-invalidate.h"
#include "arm-smmu-v3-guest-stage.h"

#define QUEUE_ENTRIES		256
#define NUM_STES		16
#define MAX_STREAMS		3
#define MAX_COMMANDS		256
#define MAX_TRACED		512

#define ATS_CAP			0x100
#define TG_4K			1

#define GUEST_TABLE_A		0x0000000123456000ULL
#define GUEST_TABLE_B		0x0000000fcba98000ULL
#define GUEST_VSID(i)		(0x40 + (i))
#define UNKNOWN_VSID		0x77
#define IPA			0x40000000UL

/* The StreamIDs of the devices. The second one's have a duplicate. */
#define SID			3
#define SID_A			5
#define SID_B			9

/* What is traced besides commands, which have their opcode */
enum {
	TRACE_ATS_ON = 0x100,
	TRACE_ATS_OFF,
	TRACE_HOLD,
	TRACE_RELEASE,
};

/*
 * @id is the command's VMID or StreamID, @arg its second half. For ATS that is
 * switched @arg is 1 if all STEs of the device are valid and have EATS on.
 */
struct trace_entry {
	u32 what;
	u32 id;
	u64 arg;
};

struct guest_queue_device {
	struct guest_queue_test *t;
	struct pci_dev pdev;
	struct pci_bus bus;
	struct dev_iommu iommu;
	struct arm_smmu_master master;
	struct arm_smmu_stream streams[MAX_STREAMS];
	u16 ats_ctrl;
};

struct guest_queue_test {
	struct arm_smmu_device smmu;
	struct arm_smmu_ste strtab[NUM_STES];
	struct guest_queue_device devices[2];
	struct iommu_group *group;
	struct iommu_domain *domain;
	struct iommu_guest_stage_config cfg;
	u16 vmid;

	/* The register for PROD and CONS, and one for a CONS that stands still */
	u32 prod;
	u32 stuck;
	/* Of the event queue, which stays empty */
	u32 evtq_prod;

	struct iommu_guest_commands commands;
	struct iommu_guest_command_smmuv3 cmds[MAX_COMMANDS];
	/* In which call of the callback device() CONS starts to stand still */
	unsigned int stick_at;
	unsigned int looked_up;
	bool busy;

	/* The next entry of the queue that is not in the trace yet */
	u32 seen;
	unsigned int num_traced;
	struct trace_entry trace[MAX_TRACED];
};

/* The trace */

static void trace(struct guest_queue_test *t, u32 what, u32 id, u64 arg)
{
	if (t->num_traced < MAX_TRACED)
		t->trace[t->num_traced] = (struct trace_entry){ what, id, arg };
	t->num_traced++;
}

static void trace_command(struct guest_queue_test *t, const __le64 *cmd)
{
	u64 cmd0 = le64_to_cpu(cmd[0]);
	u32 opcode = FIELD_GET(CMDQ_0_OP, cmd0);
	u32 id;

	switch (opcode) {
	case CMDQ_OP_CMD_SYNC:
		id = 0;
		break;
	case CMDQ_OP_CFGI_STE:
	case CMDQ_OP_CFGI_CD:
	case CMDQ_OP_ATC_INV:
		id = FIELD_GET(CMDQ_CFGI_0_SID, cmd0);
		break;
	default:
		id = FIELD_GET(CMDQ_TLBI_0_VMID, cmd0);
	}
	trace(t, opcode, id, le64_to_cpu(cmd[1]));
}

/* Trace what has been written to the queue since the last time */
static void trace_queue(struct guest_queue_test *t)
{
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;
	u32 prod = readl_relaxed(q->prod_reg);

	while (t->seen != prod) {
		trace_command(t, Q_ENT(q, t->seen));
		t->seen = (t->seen + 1) % (2 * QUEUE_ENTRIES);
	}
}

static void trace_event(struct guest_queue_test *t, u32 what, u32 id, u64 arg)
{
	trace_queue(t);
	trace(t, what, id, arg);
}

static void forget_trace(struct guest_queue_test *t)
{
	trace_queue(t);
	t->num_traced = 0;
}

static struct trace_entry entry(u32 what, u32 id, u64 arg)
{
	return (struct trace_entry){ what, id, arg };
}

static struct trace_entry cmd_sync(void)
{
	return entry(CMDQ_OP_CMD_SYNC, 0, 0);
}

static struct trace_entry cfgi_ste(u32 sid)
{
	return entry(CMDQ_OP_CFGI_STE, sid, CMDQ_CFGI_1_LEAF);
}

static struct trace_entry cfgi_cd(u32 sid)
{
	return entry(CMDQ_OP_CFGI_CD, sid, CMDQ_CFGI_1_LEAF);
}

static struct trace_entry s2_ipa(u16 vmid, u64 ipa, u32 ttl)
{
	return entry(CMDQ_OP_TLBI_S2_IPA, vmid,
		     ipa | FIELD_PREP(CMDQ_TLBI_1_TG, TG_4K) |
		     FIELD_PREP(CMDQ_TLBI_1_TTL, ttl) |
		     (ttl ? CMDQ_TLBI_1_LEAF : 0));
}

static struct trace_entry nh_all(u16 vmid)
{
	return entry(CMDQ_OP_TLBI_NH_ALL, vmid, 0);
}

static struct trace_entry nh_va(u16 vmid, u64 va)
{
	return entry(CMDQ_OP_TLBI_NH_VA, vmid, va);
}

static struct trace_entry atc_inv_all(u32 sid)
{
	return entry(CMDQ_OP_ATC_INV, sid, ATC_INV_SIZE_ALL);
}

static struct trace_entry ats_on(u32 sid)
{
	return entry(TRACE_ATS_ON, sid, 1);
}

static struct trace_entry ats_off(u32 sid)
{
	return entry(TRACE_ATS_OFF, sid, 1);
}

static struct trace_entry hold(u32 vsid)
{
	return entry(TRACE_HOLD, vsid, 0);
}

static struct trace_entry release(void)
{
	return entry(TRACE_RELEASE, 0, 0);
}

static bool is_entry(const struct trace_entry *found,
		     const struct trace_entry *expected)
{
	return found->what == expected->what && found->id == expected->id &&
	       found->arg == expected->arg;
}

static void expect_trace(struct kunit *test, const struct trace_entry *expected,
			 unsigned int num)
{
	struct guest_queue_test *t = test->priv;
	unsigned int i;

	trace_queue(t);
	for (i = 0; i < num && i < t->num_traced; i++) {
		const struct trace_entry *found = &t->trace[i];

		KUNIT_EXPECT_TRUE_MSG(test, is_entry(found, &expected[i]),
				      "entry %u is %#x %#x %#llx, not %#x %#x %#llx",
				      i, found->what, found->id, found->arg,
				      expected[i].what, expected[i].id,
				      expected[i].arg);
	}
	KUNIT_EXPECT_EQ(test, t->num_traced, num);
	t->num_traced = 0;
}

#define EXPECT_TRACE(test, ...)						\
do {									\
	const struct trace_entry __expected[] = { __VA_ARGS__ };	\
									\
	expect_trace(test, __expected, ARRAY_SIZE(__expected));		\
} while (0)

/* The devices */

static bool stes_have_ats(struct guest_queue_device *device)
{
	struct arm_smmu_master *master = &device->master;
	unsigned int i;

	for (i = 0; i < master->num_streams; i++) {
		const __le64 *ste = device->t->strtab[master->streams[i].id].data;

		if (!(le64_to_cpu(ste[0]) & STRTAB_STE_0_V) ||
		    FIELD_GET(STRTAB_STE_1_EATS, le64_to_cpu(ste[1])) !=
			    STRTAB_STE_1_EATS_TRANS)
			return false;
	}
	return true;
}

static int guest_queue_config_read(struct pci_bus *bus, unsigned int devfn,
				   int where, int size, u32 *val)
{
	struct guest_queue_device *device = bus->sysdata;

	if (where != ATS_CAP + PCI_ATS_CTRL || size != sizeof(device->ats_ctrl))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	*val = device->ats_ctrl;
	return 0;
}

static int guest_queue_config_write(struct pci_bus *bus, unsigned int devfn,
				    int where, int size, u32 val)
{
	struct guest_queue_device *device = bus->sysdata;

	if (where != ATS_CAP + PCI_ATS_CTRL || size != sizeof(device->ats_ctrl))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	device->ats_ctrl = val;
	trace_event(device->t,
		    val & PCI_ATS_CTRL_ENABLE ? TRACE_ATS_ON : TRACE_ATS_OFF,
		    device->streams[0].id, stes_have_ats(device));
	return 0;
}

static struct pci_ops guest_queue_pci_ops = {
	.read	= guest_queue_config_read,
	.write	= guest_queue_config_write,
};

static void init_device(struct kunit *test, struct guest_queue_device *device,
			const char *name, const u32 *sids, unsigned int num)
{
	struct guest_queue_test *t = test->priv;
	struct device *dev = &device->pdev.dev;

	device->t = t;
	device->bus.ops = &guest_queue_pci_ops;
	device->bus.sysdata = device;
	device->pdev.bus = &device->bus;
	device->pdev.ats_cap = ATS_CAP;
	device->pdev.current_state = PCI_D0;
	device->pdev.error_state = pci_channel_io_normal;

	dev->bus = &pci_bus_type;
	dev->init_name = name;
	dev->iommu_group = t->group;
	dev->iommu = &device->iommu;
	device->iommu.priv = &device->master;
	spin_lock_init(&device->iommu.guest_faults_lock);
	device->iommu.fwspec = kunit_kzalloc(test, sizeof(struct iommu_fwspec),
					     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, device->iommu.fwspec);
	device->iommu.fwspec->flags = IOMMU_FWSPEC_PCI_RC_ATS;

	device->master.smmu = &t->smmu;
	device->master.dev = dev;
	device->master.streams = device->streams;
	for (; device->master.num_streams < num; device->master.num_streams++)
		device->streams[device->master.num_streams].id = *sids++;
}

/* The SMMU */

KUNIT_DEFINE_ACTION_WRAPPER(destroy_ida, ida_destroy, struct ida *);

static void init_queue(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;

	q->llq.max_n_shift = ilog2(QUEUE_ENTRIES);
	q->ent_dwords = CMDQ_ENT_DWORDS;
	q->base = kunit_kcalloc(test, QUEUE_ENTRIES * CMDQ_ENT_DWORDS,
				sizeof(*q->base), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q->base);
	q->prod_reg = (u32 __iomem __force *)&t->prod;
	q->cons_reg = q->prod_reg;
	KUNIT_ASSERT_EQ(test, 0, arm_smmu_cmdq_init(&t->smmu, &t->smmu.cmdq));
}

static void init_smmu(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct arm_smmu_device *smmu = &t->smmu;
	unsigned int i;

	smmu->dev = kunit_device_register(test, "guest-queue-smmu");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, smmu->dev);

	smmu->features = ARM_SMMU_FEAT_TRANS_S2 | ARM_SMMU_FEAT_NESTING |
			 ARM_SMMU_FEAT_COHERENCY | ARM_SMMU_FEAT_RANGE_INV |
			 ARM_SMMU_FEAT_ATS;
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
	spin_lock_init(&smmu->evtq.lock);
	smmu->evtq.q.prod_reg = (u32 __iomem __force *)&t->evtq_prod;
	init_queue(test);
}

/* From now on the SMMU consumes no command any more */
static void stick(struct guest_queue_test *t)
{
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;

	t->stuck = t->prod;
	q->cons_reg = (u32 __iomem __force *)&t->stuck;
}

/* The domain */

/* The devices just go, and an SMMU that was stuck catches up */
static void free_domain(void *data)
{
	struct iommu_domain *domain = data;
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_queue *q = &smmu_domain->smmu->cmdq.q;
	struct arm_smmu_master_domain *master_domain, *next;

	list_for_each_entry_safe(master_domain, next, &smmu_domain->devices,
				 devices_elm) {
		list_del(&master_domain->devices_elm);
		kfree(master_domain);
	}
	q->cons_reg = q->prod_reg;
	iommu_domain_free(domain);
}

static struct iommu_domain *alloc_domain(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct iommu_domain *domain;

	domain = arm_smmu_domain_alloc_nesting(&t->devices[0].pdev.dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_domain, domain));
	return domain;
}

static void attach(struct kunit *test, struct guest_queue_device *device)
{
	struct guest_queue_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			t->domain->ops->attach_dev(t->domain,
						   &device->pdev.dev));
}

/* A device that has been attached long ago */
static void attach_before(struct kunit *test, struct guest_queue_device *device)
{
	attach(test, device);
	forget_trace(test->priv);
}

static void map(struct kunit *test, struct iommu_domain *domain,
		unsigned int num)
{
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(test, 0,
			domain->ops->map_pages(domain, IPA, SZ_1G, SZ_4K, num,
					       IOMMU_READ | IOMMU_WRITE,
					       GFP_KERNEL, &mapped));
	KUNIT_ASSERT_EQ(test, mapped, num * SZ_4K);
}

static void map_and_unmap(struct kunit *test, struct iommu_domain *domain,
			  unsigned int num)
{
	struct iommu_iotlb_gather gather;

	map(test, domain, num);
	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, num * SZ_4K,
			domain->ops->unmap_pages(domain, IPA, SZ_4K, num,
						 &gather));
	domain->ops->iotlb_sync(domain, &gather);
}

/* A guest stage is bound with the mutex of the group held */

struct guest_queue_call {
	struct guest_queue_test *t;
	struct device *dev;
};

static int bind_locked(struct device *unused, void *data)
{
	struct guest_queue_call *call = data;
	struct iommu_domain *domain = call->t->domain;

	return domain->ops->bind_guest_stage(domain, call->dev, &call->t->cfg);
}

static int unbind_locked(struct device *unused, void *data)
{
	struct guest_queue_call *call = data;
	struct iommu_domain *domain = call->t->domain;

	domain->ops->unbind_guest_stage(domain, call->dev);
	return 0;
}

static void bind(struct kunit *test, struct guest_queue_device *device)
{
	struct guest_queue_call call = { test->priv, &device->pdev.dev };

	KUNIT_ASSERT_EQ(test, 0, iommu_group_for_each_dev(call.t->group, &call,
							  bind_locked));
}

static void bind_eats(struct kunit *test, struct guest_queue_device *device,
		      bool eats)
{
	struct guest_queue_test *t = test->priv;

	t->cfg.smmuv3.flags = eats ? IOMMU_GUEST_STAGE_SMMUV3_EATS : 0;
	bind(test, device);
}

static void unbind(struct kunit *test, struct guest_queue_device *device)
{
	struct guest_queue_call call = { test->priv, &device->pdev.dev };

	iommu_group_for_each_dev(call.t->group, &call, unbind_locked);
}

static enum iommu_guest_stage_coherency
vouch(const struct arm_smmu_master *master)
{
	return IOMMU_GUEST_STAGE_COHERENCY_VOUCHED;
}

/* The guest's commands */

static struct guest_queue_test *
commands_to_test(struct iommu_guest_commands *commands)
{
	return container_of(commands, struct guest_queue_test, commands);
}

static struct device *guest_queue_find(struct iommu_guest_commands *commands,
				       u32 vsid)
{
	struct guest_queue_test *t = commands_to_test(commands);
	unsigned int i = vsid - GUEST_VSID(0);

	if (++t->looked_up == t->stick_at)
		stick(t);
	if (i >= ARRAY_SIZE(t->devices))
		return ERR_PTR(-ENOENT);
	return &t->devices[i].pdev.dev;
}

static int guest_queue_hold(struct iommu_guest_commands *commands, u32 vsid)
{
	struct guest_queue_test *t = commands_to_test(commands);

	if (t->busy)
		return -EBUSY;
	trace_event(t, TRACE_HOLD, vsid, 0);
	return 0;
}

static void guest_queue_release(struct iommu_guest_commands *commands)
{
	trace_event(commands_to_test(commands), TRACE_RELEASE, 0, 0);
}

static void add_command(struct kunit *test, u64 cmd0, u64 cmd1)
{
	struct guest_queue_test *t = test->priv;

	KUNIT_ASSERT_LT(test, t->commands.num, MAX_COMMANDS);
	t->cmds[t->commands.num].cmd[0] = cpu_to_le64(cmd0);
	t->cmds[t->commands.num].cmd[1] = cpu_to_le64(cmd1);
	t->commands.num++;
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

static void add_atc_inv(struct kunit *test, u32 vsid)
{
	add_command(test, CMDQ_OP_ATC_INV | FIELD_PREP(CMDQ_ATC_0_SID, vsid),
		    ATC_INV_SIZE_ALL);
}

static void invalidate(struct kunit *test, int ret, unsigned int done,
		       enum iommu_guest_command_error error)
{
	struct guest_queue_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, ret,
			iommu_invalidate_guest_stage(t->domain, &t->commands));
	KUNIT_EXPECT_EQ(test, t->commands.done, done);
	KUNIT_EXPECT_EQ(test, t->commands.error, error);
	t->commands.num = 0;
}

static void invalidate_all(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	invalidate(test, 0, t->commands.num, IOMMU_GUEST_COMMAND_OK);
}

/* Set-up */

KUNIT_DEFINE_ACTION_WRAPPER(put_group, iommu_group_put, struct iommu_group *);
KUNIT_DEFINE_ACTION_WRAPPER(leave_group, iommu_group_remove_device,
			    struct device *);

/* Of a device that is not looked at: nothing else holds the group's mutex */
static void init_group(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	t->group = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->group));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, put_group, t->group));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_group_add_device(t->group, t->smmu.dev));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, leave_group,
							   t->smmu.dev));
}

static void init_guest(struct guest_queue_test *t)
{
	t->cfg.argsz = sizeof(t->cfg);
	t->cfg.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	t->cfg.state = IOMMU_GUEST_STAGE_TRANSLATE;
	t->cfg.base_ptr = GUEST_TABLE_A;
	t->cfg.smmuv3.s1cir = 1;
	t->cfg.smmuv3.s1cor = 1;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_ISH;

	t->commands.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	t->commands.commands = t->cmds;
	t->commands.device = guest_queue_find;
	t->commands.hold = guest_queue_hold;
	t->commands.release = guest_queue_release;
}

static int guest_queue_test_init(struct kunit *test)
{
	static const u32 one_sid[] = { SID };
	static const u32 sids[] = { SID_A, SID_B, SID_A };
	struct guest_queue_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;

	init_smmu(test);
	init_group(test);
	init_device(test, &t->devices[0], "guest-queue-0", one_sid,
		    ARRAY_SIZE(one_sid));
	init_device(test, &t->devices[1], "guest-queue-1", sids,
		    ARRAY_SIZE(sids));
	t->domain = alloc_domain(test);
	t->vmid = to_smmu_domain(t->domain)->s2_cfg.vmid;
	init_guest(t);
	kunit_activate_static_stub(test, arm_smmu_guest_stage_coherency, vouch);
	return 0;
}

/* What keeps a guest from making DMA incoherent */

static void guest_queue_test_coherency(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct arm_smmu_master *master = &t->devices[0].master;

	kunit_deactivate_static_stub(test, arm_smmu_guest_stage_coherency);
	/* Which of the two is up to the kernel's command line */
	if (arm_smmu_guest_stage_coherency(master) !=
	    IOMMU_GUEST_STAGE_COHERENCY_NONE)
		KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(master),
				IOMMU_GUEST_STAGE_COHERENCY_VOUCHED);
	t->smmu.features |= ARM_SMMU_FEAT_S2FWB;
	KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(master),
			IOMMU_GUEST_STAGE_COHERENCY_STAGE2);
	t->devices[0].iommu.fwspec->flags |= IOMMU_FWSPEC_PCI_RC_CANWBS;
	KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(master),
			IOMMU_GUEST_STAGE_COHERENCY_DEVICE);
}

/* The attributes of the only page that is mapped, PTE[5:2] */
static u64 only_memattr(struct iommu_domain *domain)
{
	const struct io_pgtable_cfg *cfg =
		&io_pgtable_ops_to_pgtable(to_smmu_domain(domain)->pgtbl_ops)->cfg;
	const u64 *pte = phys_to_virt(cfg->arm_lpae_s2_cfg.vttbr);
	unsigned int level = 2 - cfg->arm_lpae_s2_cfg.vtcr.sl;

	for (;; level++) {
		while (!*pte)
			pte++;
		if (level == 3 || !(*pte & BIT(1)))
			return FIELD_GET(GENMASK(5, 2), *pte);
		pte = phys_to_virt(*pte & GENMASK_ULL(47, 12));
	}
}

static void expect_memattr(struct kunit *test, struct iommu_domain *domain,
			   int prot, u64 expected)
{
	KUNIT_ASSERT_EQ(test, iommu_map(domain, 0, 0, PAGE_SIZE, prot,
					GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, only_memattr(domain), expected);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, PAGE_SIZE), PAGE_SIZE);
}

static void guest_queue_test_alloc_s2fwb(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct iommu_domain *domain;
	struct arm_smmu_ste ste;

	expect_memattr(test, t->domain, IOMMU_READ | IOMMU_CACHE, 0xf);

	t->smmu.features |= ARM_SMMU_FEAT_S2FWB;
	domain = alloc_domain(test);
	arm_smmu_make_s2_domain_ste(&ste, &t->devices[0].master,
				    to_smmu_domain(domain), false);
	KUNIT_EXPECT_TRUE(test, le64_to_cpu(ste.data[1]) & STRTAB_STE_1_S2FWB);
	expect_memattr(test, domain, IOMMU_READ | IOMMU_CACHE, 0x6);
	expect_memattr(test, domain, IOMMU_WRITE | IOMMU_MMIO, 0x1);
	expect_memattr(test, domain, IOMMU_READ, 0x5);
}

/* Which SMMUs nest */

static void guest_queue_test_alloc(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	KUNIT_EXPECT_TRUE(test, t->domain->nesting);
	KUNIT_EXPECT_EQ(test, to_smmu_domain(t->domain)->stage,
			ARM_SMMU_DOMAIN_S2);
	KUNIT_EXPECT_NE(test, t->vmid, 0);
}

/* Errata and SMMUs that can only stall leave stage 2 alone to be used */
static void expect_alone(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct iommu_domain *domain = alloc_domain(test);

	KUNIT_EXPECT_FALSE(test, domain->nesting);
	KUNIT_EXPECT_EQ(test, to_smmu_domain(domain)->stage,
			ARM_SMMU_DOMAIN_S2);
	map_and_unmap(test, domain, 1);
	forget_trace(t);

	t->domain = domain;
	add_tlbi(test, 0);
	invalidate(test, -EOPNOTSUPP, 0, IOMMU_GUEST_COMMAND_OK);
	EXPECT_TRACE(test);
}

static void guest_queue_test_alloc_erratum(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	t->smmu.features &= ~ARM_SMMU_FEAT_NESTING;
	expect_alone(test);
}

static void guest_queue_test_alloc_stall_force(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	t->smmu.features |= ARM_SMMU_FEAT_STALLS | ARM_SMMU_FEAT_STALL_FORCE;
	expect_alone(test);
}

static void guest_queue_test_alloc_without_s2(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	t->smmu.features &= ~ARM_SMMU_FEAT_TRANS_S2;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR_OR_ZERO(arm_smmu_domain_alloc_nesting(&t->devices[0].pdev.dev)));
}

/* Stage 2 shrinks: stage 2, then the product of both, then the ATC */

static void guest_queue_test_unmap(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(t->vmid, IPA, 3), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
}

/* All of the ATC, in all streams of all devices of the domain */
static void guest_queue_test_unmap_all_streams(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	attach_before(test, &t->devices[1]);
	bind_eats(test, &t->devices[1], true);
	forget_trace(t);

	map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(t->vmid, IPA, 3), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     atc_inv_all(SID), cmd_sync());
}

/* A table goes, along with what it maps: tlb_flush_walk() */
static void guest_queue_test_unmap_table(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	map(test, t->domain, SZ_2M / SZ_4K);
	KUNIT_EXPECT_EQ(test, SZ_2M,
			t->domain->ops->unmap_pages(t->domain, IPA, SZ_2M, 1,
						    NULL));
	EXPECT_TRACE(test, s2_ipa(t->vmid, IPA, 0), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
}

static void guest_queue_test_flush_all(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	t->domain->ops->flush_iotlb_all(t->domain);
	EXPECT_TRACE(test, entry(CMDQ_OP_TLBI_S12_VMALL, t->vmid, 0), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
}

/* Without nesting the device's addresses are those of stage 2 */
static void guest_queue_test_unmap_plain(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	u16 vmid;

	t->smmu.features &= ~ARM_SMMU_FEAT_NESTING;
	t->domain = alloc_domain(test);
	vmid = to_smmu_domain(t->domain)->s2_cfg.vmid;
	attach_before(test, &t->devices[0]);

	map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(vmid, IPA, 3), cmd_sync(),
		     entry(CMDQ_OP_ATC_INV, SID, IPA), cmd_sync());
}

/* ATS at the device, in the STE, and for those who unmap */

static void expect_ats(struct kunit *test, bool on)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[0];

	KUNIT_EXPECT_EQ(test, on, (bool)device->pdev.ats_enabled);
	KUNIT_EXPECT_EQ(test, on, (bool)device->master.ats_enabled);
	KUNIT_EXPECT_EQ(test, on, atomic_read(&to_smmu_domain(t->domain)->nr_ats_masters));

	map_and_unmap(test, t->domain, 1);
	if (on)
		EXPECT_TRACE(test, s2_ipa(t->vmid, IPA, 3), cmd_sync(),
			     nh_all(t->vmid), cmd_sync(),
			     atc_inv_all(SID), cmd_sync());
	else
		EXPECT_TRACE(test, s2_ipa(t->vmid, IPA, 3), cmd_sync(),
			     nh_all(t->vmid), cmd_sync());
}

static void guest_queue_test_attach(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach(test, &t->devices[0]);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

static void guest_queue_test_ats_switched(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[0];

	attach_before(test, device);

	bind_eats(test, device, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);

	bind_eats(test, device, false);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);

	bind_eats(test, device, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);

	unbind(test, device);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);
}

/* The host's own STE has EATS on, whatever the guest's last one had */
static void guest_queue_test_unbind_without_ats(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[0];

	attach_before(test, device);
	bind_eats(test, device, false);
	forget_trace(t);

	unbind(test, device);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

static void guest_queue_test_abort(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[0];

	attach_before(test, device);
	bind_eats(test, device, true);
	forget_trace(t);

	t->cfg.state = IOMMU_GUEST_STAGE_ABORT;
	bind(test, device);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

/* What the former table left in the ATC is for the guest to invalidate */
static void guest_queue_test_rebind_table(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[0];

	attach_before(test, device);
	bind_eats(test, device, true);
	forget_trace(t);

	t->cfg.base_ptr = GUEST_TABLE_B;
	bind(test, device);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync());
	expect_ats(test, true);
}

/* Two quad-words go through V = 0, which PCI ATS must not see */
static void guest_queue_test_rebind_breaks(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[0];

	attach_before(test, device);
	bind_eats(test, device, true);
	forget_trace(t);

	t->cfg.base_ptr = GUEST_TABLE_B;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	bind(test, device);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

/* A virtual function, whose physical one has ATS with pages of another size */
static void guest_queue_test_ats_refused(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[0];

	device->pdev.is_virtfn = 1;
	device->pdev.physfn = &t->devices[1].pdev;
	attach(test, device);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());

	bind_eats(test, device, false);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

/* ATS of one device is not that of the others */
static void guest_queue_test_ats_of_one(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	attach_before(test, &t->devices[1]);
	bind_eats(test, &t->devices[0], false);
	forget_trace(t);

	map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(t->vmid, IPA, 3), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync());
}

/* A device with several streams, two of them the same */

static void guest_queue_test_streams_bind(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct guest_queue_device *device = &t->devices[1];

	attach_before(test, device);
	bind_eats(test, device, false);
	EXPECT_TRACE(test, ats_off(SID_A),
		     cfgi_ste(SID_A), cmd_sync(), cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_B), cmd_sync(), cfgi_ste(SID_B), cmd_sync(),
		     cfgi_ste(SID_B), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync());

	bind_eats(test, device, true);
	EXPECT_TRACE(test, cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_B), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync(), ats_on(SID_A));
	KUNIT_EXPECT_MEMEQ(test, &t->strtab[SID_A], &t->strtab[SID_B],
			   sizeof(t->strtab[0]));
}

static void guest_queue_test_streams_cfgi(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[1]);
	add_cfgi(test, GUEST_VSID(1));
	invalidate_all(test);
	EXPECT_TRACE(test, cfgi_cd(SID_A), cfgi_cd(SID_B), cfgi_cd(SID_A),
		     cmd_sync());
}

static void guest_queue_test_streams_atc_inv(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[1]);
	add_atc_inv(test, GUEST_VSID(1));
	invalidate_all(test);
	EXPECT_TRACE(test, hold(GUEST_VSID(1)),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync(), release());
}

/* The CMD_SYNC of a full batch comes among the streams of one command */
static void add_streams_of_two_batches(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 30; i++)
		add_cfgi(test, GUEST_VSID(1));
}

static void guest_queue_test_streams_of_two_batches(struct kunit *test)
{
	static const u32 sids[] = { SID_A, SID_B, SID_A };
	struct guest_queue_test *t = test->priv;
	struct trace_entry expected[92];
	unsigned int i, num = 0;

	for (i = 0; i < 90; i++) {
		if (i == CMDQ_BATCH_ENTRIES)
			expected[num++] = cmd_sync();
		expected[num++] = cfgi_cd(sids[i % ARRAY_SIZE(sids)]);
	}
	expected[num++] = cmd_sync();

	attach_before(test, &t->devices[1]);
	add_streams_of_two_batches(test);
	invalidate_all(test);
	expect_trace(test, expected, num);
}

/* The command that is in both batches is not done with the first */
static void guest_queue_test_streams_done(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[1]);
	add_streams_of_two_batches(test);
	t->stick_at = 30;
	invalidate(test, -ETIMEDOUT, CMDQ_BATCH_ENTRIES / 3,
		   IOMMU_GUEST_COMMAND_TIMEOUT);
}

/* What relies on a command before it finds that one complete */

static void guest_queue_test_order(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_4K);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate_all(test);
	EXPECT_TRACE(test, cfgi_cd(SID), cmd_sync(),
		     nh_va(t->vmid, SZ_4K), cmd_sync(),
		     hold(GUEST_VSID(0)), atc_inv_all(SID), cmd_sync(),
		     release());
}

static void guest_queue_test_order_alternates(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	add_tlbi(test, SZ_4K);
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_8K);
	invalidate_all(test);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cfgi_cd(SID), cmd_sync(),
		     nh_va(t->vmid, SZ_8K), cmd_sync());
}

/* Only what a CMD_SYNC that completed has covered is done */

static void guest_queue_test_timeout(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	stick(t);
	add_tlbi(test, SZ_4K);
	add_tlbi(test, SZ_8K);
	invalidate(test, -ETIMEDOUT, 0, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), nh_va(t->vmid, SZ_8K),
		     cmd_sync());
}

/* And nothing is started any more */
static void guest_queue_test_timeout_of_second(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	t->stick_at = 2;
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_4K);
	add_cfgi(test, GUEST_VSID(0));
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, -ETIMEDOUT, 1, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, cfgi_cd(SID), cmd_sync(),
		     nh_va(t->vmid, SZ_4K), cfgi_cd(SID), cmd_sync());
}

/* What was illegal is not known before those in front of it are complete */
static void guest_queue_test_timeout_before_illegal(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	stick(t);
	add_tlbi(test, SZ_4K);
	add_cfgi(test, UNKNOWN_VSID);
	invalidate(test, -ETIMEDOUT, 0, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync());
}

static void guest_queue_test_complete_before_illegal(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	add_tlbi(test, SZ_4K);
	add_cfgi(test, UNKNOWN_VSID);
	add_tlbi(test, SZ_8K);
	invalidate(test, -ENOENT, 1, IOMMU_GUEST_COMMAND_NO_DEVICE);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync());
}

/* A device is held while ATC_INVs for it are not complete */

static void guest_queue_test_hold_two_devices(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	attach_before(test, &t->devices[1]);
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

static void guest_queue_test_hold_ends_with_batch(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	add_atc_inv(test, GUEST_VSID(0));
	add_cfgi(test, GUEST_VSID(0));
	add_tlbi(test, SZ_4K);
	invalidate_all(test);
	EXPECT_TRACE(test, hold(GUEST_VSID(0)), atc_inv_all(SID), cfgi_cd(SID),
		     cmd_sync(), release(), nh_va(t->vmid, SZ_4K), cmd_sync());
}

static void guest_queue_test_hold_busy(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	t->busy = true;
	add_tlbi(test, SZ_4K);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, -EBUSY, 1, IOMMU_GUEST_COMMAND_BUSY);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync());
}

static void guest_queue_test_hold_asleep(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	t->devices[0].pdev.current_state = PCI_D3hot;
	add_tlbi(test, SZ_4K);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, -EBUSY, 1, IOMMU_GUEST_COMMAND_BUSY);
	EXPECT_TRACE(test, nh_va(t->vmid, SZ_4K), cmd_sync(),
		     hold(GUEST_VSID(0)), release());
}

static void guest_queue_test_hold_timeout(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	stick(t);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate(test, -ETIMEDOUT, 0, IOMMU_GUEST_COMMAND_TIMEOUT);
	EXPECT_TRACE(test, hold(GUEST_VSID(0)), atc_inv_all(SID), cmd_sync(),
		     release());
}

/* Without ATS at the device there is no ATC that could be asked */
static void guest_queue_test_hold_without_ats(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	attach_before(test, &t->devices[0]);
	bind_eats(test, &t->devices[0], false);
	forget_trace(t);
	add_atc_inv(test, GUEST_VSID(0));
	invalidate_all(test);
	EXPECT_TRACE(test);
}

/* The queue itself */

/* The largest number of commands in a row without a CMD_SYNC */
static unsigned int longest_run(struct guest_queue_test *t)
{
	unsigned int i, run = 0, longest = 0;

	trace_queue(t);
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

static void guest_queue_test_force_sync(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	t->smmu.options |= ARM_SMMU_OPT_CMDQ_FORCE_SYNC;
	add_tlbis(test, 200);
	invalidate_all(test);
	KUNIT_EXPECT_EQ(test, longest_run(t), CMDQ_BATCH_ENTRIES - 1);
}

static void guest_queue_test_force_sync_streams(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	t->smmu.options |= ARM_SMMU_OPT_CMDQ_FORCE_SYNC;
	attach_before(test, &t->devices[1]);
	add_streams_of_two_batches(test);
	invalidate_all(test);
	KUNIT_EXPECT_EQ(test, longest_run(t), CMDQ_BATCH_ENTRIES - 1);
}

static void guest_queue_test_force_sync_unmap(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	t->smmu.options |= ARM_SMMU_OPT_CMDQ_FORCE_SYNC;
	t->smmu.features &= ~ARM_SMMU_FEAT_RANGE_INV;
	map_and_unmap(test, t->domain, 150);
	KUNIT_EXPECT_EQ(test, longest_run(t), CMDQ_BATCH_ENTRIES - 1);
}

/* Without the erratum a guest's batch is as long as the host's */
static void guest_queue_test_batch(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;

	add_tlbis(test, 200);
	invalidate_all(test);
	KUNIT_EXPECT_EQ(test, longest_run(t), CMDQ_BATCH_ENTRIES);
}

/* At every place of the queue: some wrap in the middle, some before the CMD_SYNC */
static void guest_queue_test_wrap(struct kunit *test)
{
	struct guest_queue_test *t = test->priv;
	struct trace_entry expected[9];
	unsigned int i, batch;

	for (batch = 0; batch < 2 * QUEUE_ENTRIES; batch++) {
		for (i = 0; i < 8; i++) {
			add_tlbi(test, (batch + i) * SZ_4K);
			expected[i] = nh_va(t->vmid, (batch + i) * SZ_4K);
		}
		expected[i] = cmd_sync();
		invalidate_all(test);
		expect_trace(test, expected, ARRAY_SIZE(expected));
	}
}

static struct kunit_case guest_queue_test_cases[] = {
	KUNIT_CASE(guest_queue_test_coherency),
	KUNIT_CASE(guest_queue_test_alloc_s2fwb),
	KUNIT_CASE(guest_queue_test_alloc),
	KUNIT_CASE(guest_queue_test_alloc_erratum),
	KUNIT_CASE(guest_queue_test_alloc_stall_force),
	KUNIT_CASE(guest_queue_test_alloc_without_s2),
	KUNIT_CASE(guest_queue_test_unmap),
	KUNIT_CASE(guest_queue_test_unmap_all_streams),
	KUNIT_CASE(guest_queue_test_unmap_table),
	KUNIT_CASE(guest_queue_test_flush_all),
	KUNIT_CASE(guest_queue_test_unmap_plain),
	KUNIT_CASE(guest_queue_test_attach),
	KUNIT_CASE(guest_queue_test_ats_switched),
	KUNIT_CASE(guest_queue_test_unbind_without_ats),
	KUNIT_CASE(guest_queue_test_abort),
	KUNIT_CASE(guest_queue_test_rebind_table),
	KUNIT_CASE(guest_queue_test_rebind_breaks),
	KUNIT_CASE(guest_queue_test_ats_refused),
	KUNIT_CASE(guest_queue_test_ats_of_one),
	KUNIT_CASE(guest_queue_test_streams_bind),
	KUNIT_CASE(guest_queue_test_streams_cfgi),
	KUNIT_CASE(guest_queue_test_streams_atc_inv),
	KUNIT_CASE(guest_queue_test_streams_of_two_batches),
	KUNIT_CASE(guest_queue_test_streams_done),
	KUNIT_CASE(guest_queue_test_order),
	KUNIT_CASE(guest_queue_test_order_alternates),
	KUNIT_CASE(guest_queue_test_timeout),
	KUNIT_CASE(guest_queue_test_timeout_of_second),
	KUNIT_CASE(guest_queue_test_timeout_before_illegal),
	KUNIT_CASE(guest_queue_test_complete_before_illegal),
	KUNIT_CASE(guest_queue_test_hold_two_devices),
	KUNIT_CASE(guest_queue_test_hold_ends_with_batch),
	KUNIT_CASE(guest_queue_test_hold_busy),
	KUNIT_CASE(guest_queue_test_hold_asleep),
	KUNIT_CASE(guest_queue_test_hold_timeout),
	KUNIT_CASE(guest_queue_test_hold_without_ats),
	KUNIT_CASE(guest_queue_test_force_sync),
	KUNIT_CASE(guest_queue_test_force_sync_streams),
	KUNIT_CASE(guest_queue_test_force_sync_unmap),
	KUNIT_CASE(guest_queue_test_batch),
	KUNIT_CASE(guest_queue_test_wrap),
	{},
};

static struct kunit_suite guest_queue_test_suite = {
	.name = "arm-smmu-v3-guest-queue",
	.init = guest_queue_test_init,
	.test_cases = guest_queue_test_cases,
};

kunit_test_suite(guest_queue_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for what guest stages write to the queue of arm-smmu-v3");
MODULE_LICENSE("GPL");
