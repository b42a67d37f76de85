// SPDX-License-Identifier: GPL-2.0-only
/*
 * An SMMU in memory, with devices that can be bound to a guest, for KUnit tests
 *
 * The registers for PROD and CONS of the command queue are the same word, so the
 * SMMU consumes each command at once. The devices are PCI devices that have nothing
 * but an ATS capability. Everything else is real, from the operations of the domain,
 * with its page table, to the queue.
 *
 * The fixture puts the commands into a trace, with what else happens among them. It
 * looks at the queue and at the STEs each time that the driver asks for the queue of
 * a command, as it does for an SMMU that has several queues.
 */
#include <kunit/device.h>
#include <kunit/static_stub.h>

#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stage.h"
#include "arm-smmu-v3-guest-stall.h"
#include "arm-smmu-v3-guest-test.h"

#define EVTQ_SHIFT	7
#define ATS_CAP		0x100

/* The trace */

static void add_to_trace(struct guest_test *t, u64 what, u64 arg)
{
	if (t->num_traced < GUEST_TEST_MAX_TRACED)
		t->trace[t->num_traced] = entry(what, arg);
	t->num_traced++;
}

static void trace_command(struct guest_test *t, const __le64 *cmd)
{
	u64 cmd0 = le64_to_cpu(cmd[0]);

	/* How the SMMU signals that a CMD_SYNC is complete doesn't matter here */
	if (FIELD_GET(CMDQ_0_OP, cmd0) == CMDQ_OP_CMD_SYNC)
		add_to_trace(t, CMDQ_OP_CMD_SYNC, 0);
	else
		add_to_trace(t, cmd0, le64_to_cpu(cmd[1]));
}

/* Trace what was written to the queue since the last call */
void guest_test_trace_queue(struct guest_test *t)
{
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;
	u32 prod = readl_relaxed(q->prod_reg);

	while (t->seen != prod) {
		trace_command(t, Q_ENT(q, t->seen));
		t->seen = (t->seen + 1) % (2 * GUEST_TEST_QUEUE_ENTRIES);
	}
}

void guest_test_trace(struct guest_test *t, u64 what, u64 arg)
{
	guest_test_trace_queue(t);
	add_to_trace(t, what, arg);
}

void guest_test_forget(struct guest_test *t)
{
	guest_test_trace_queue(t);
	t->num_traced = 0;
}

void guest_test_expect_trace(struct kunit *test,
			     const struct guest_trace_entry *expected,
			     unsigned int num)
{
	struct guest_test *t = test->priv;
	unsigned int i;

	guest_test_trace_queue(t);
	for (i = 0; i < t->num_traced && i < GUEST_TEST_MAX_TRACED; i++) {
		const struct guest_trace_entry *found = &t->trace[i];

		if (i >= num)
			KUNIT_FAIL(test, "entry %u, %#llx %#llx, is one too many",
				   i, found->what, found->arg);
		else
			KUNIT_EXPECT_TRUE_MSG(test,
					      found->what == expected[i].what &&
					      found->arg == expected[i].arg,
					      "entry %u is %#llx %#llx, not %#llx %#llx",
					      i, found->what, found->arg,
					      expected[i].what, expected[i].arg);
	}
	KUNIT_EXPECT_EQ(test, t->num_traced, num);
	t->num_traced = 0;
}

/* How many entries the domain's list of devices has for device 0 */
static void count_listed(struct guest_test *t)
{
	struct arm_smmu_master_domain *master_domain;
	unsigned int num = 0;

	list_for_each_entry(master_domain, &to_smmu_domain(t->domain)->devices,
			    devices_elm)
		num += master_domain->master == &t->devices[0].master;
	t->min_listed = min(t->min_listed, num);
	t->max_listed = max(t->max_listed, num);
}

static void trace_invalid_stes(struct guest_test *t)
{
	unsigned int i;

	for (i = 0; i < GUEST_TEST_STES; i++)
		if (!(le64_to_cpu(t->strtab[i].data[0]) & STRTAB_STE_0_V))
			guest_test_trace(t, ste_invalid(i).what, 0);
}

/* Called by the driver before it queues a command. Returns NULL: the usual queue. */
static struct arm_smmu_cmdq *command_follows(struct arm_smmu_device *smmu,
					     struct arm_smmu_cmdq_ent *ent)
{
	struct guest_test *t = container_of(smmu, struct guest_test, smmu);

	guest_test_trace_queue(t);
	trace_invalid_stes(t);
	count_listed(t);
	return NULL;
}

static const struct arm_smmu_impl_ops guest_test_impl_ops = {
	.get_secondary_cmdq = command_follows,
};

/* The devices */

static bool stes_have_ats(struct guest_test_device *device)
{
	struct arm_smmu_master *master = &device->master;
	unsigned int i;

	for (i = 0; i < master->num_streams; i++) {
		const struct arm_smmu_ste *ste =
			&device->t->strtab[master->streams[i].id];

		if (!(le64_to_cpu(ste->data[0]) & STRTAB_STE_0_V) ||
		    !arm_smmu_ste_has_ats(ste))
			return false;
	}
	return true;
}

/* What arm_smmu_atc_inv_domain() looks at */
static bool ats_is_counted(struct guest_test_device *device)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(device->t->domain);

	return device->master.ats_enabled &&
	       atomic_read(&smmu_domain->nr_ats_masters);
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 *val)
{
	struct guest_test_device *device = bus->sysdata;

	if (where != ATS_CAP + PCI_ATS_CTRL || size != sizeof(device->ats_ctrl))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	*val = device->ats_ctrl;
	return 0;
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 val)
{
	struct guest_test_device *device = bus->sysdata;
	struct guest_trace_entry found;

	if (where != ATS_CAP + PCI_ATS_CTRL || size != sizeof(device->ats_ctrl))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	device->ats_ctrl = val;
	found = entry_of(val & PCI_ATS_CTRL_ENABLE ? TRACE_ATS_ON : TRACE_ATS_OFF,
			 device->streams[0].id,
			 (stes_have_ats(device) ? STES_HAVE_ATS : 0) |
			 (ats_is_counted(device) ? ATS_IS_COUNTED : 0));
	guest_test_trace(device->t, found.what, found.arg);
	return 0;
}

static struct pci_ops guest_test_pci_ops = {
	.read	= config_read,
	.write	= config_write,
};

static int cmp_stream(struct rb_node *node, const struct rb_node *parent)
{
	return (int)rb_entry(node, struct arm_smmu_stream, node)->id -
	       (int)rb_entry(parent, struct arm_smmu_stream, node)->id;
}

/* The SMMU finds a duplicate by the first of the two, as in the driver */
static void add_stream(struct guest_test_device *device, u32 sid)
{
	struct arm_smmu_master *master = &device->master;
	struct arm_smmu_stream *stream = &device->streams[master->num_streams++];

	stream->id = sid;
	stream->master = master;
	rb_find_add(&stream->node, &device->t->smmu.streams, cmp_stream);
}

static void init_pci(struct guest_test_device *device, const char *name)
{
	struct pci_dev *pdev = &device->pdev;

	device->bus.ops = &guest_test_pci_ops;
	device->bus.sysdata = device;
	pdev->bus = &device->bus;
	pdev->ats_cap = ATS_CAP;
	pdev->current_state = PCI_D0;
	pdev->error_state = pci_channel_io_normal;
	pdev->dev.bus = &pci_bus_type;
	pdev->dev.init_name = name;
}

static void init_device(struct kunit *test, unsigned int i, const char *name)
{
	struct guest_test *t = test->priv;
	struct guest_test_device *device = &t->devices[i];
	struct device *dev = &device->pdev.dev;

	device->t = t;
	init_pci(device, name);
	dev->iommu_group = t->group;
	dev->iommu = &device->iommu;
	device->iommu.priv = &device->master;
	device->iommu.iommu_dev = &t->smmu.iommu;
	spin_lock_init(&device->iommu.guest_faults_lock);
	device->iommu.fwspec = kunit_kzalloc(test, sizeof(struct iommu_fwspec),
					     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, device->iommu.fwspec);
	device->iommu.fwspec->flags = IOMMU_FWSPEC_PCI_RC_ATS;

	device->master.smmu = &t->smmu;
	device->master.dev = dev;
	device->master.stall_enabled = true;
	device->master.streams = device->streams;
	ratelimit_default_init(&device->master.guest.log);
}

/* The SMMU */

KUNIT_DEFINE_ACTION_WRAPPER(destroy_ida, ida_destroy, struct ida *);
KUNIT_DEFINE_ACTION_WRAPPER(put_group, iommu_group_put, struct iommu_group *);
KUNIT_DEFINE_ACTION_WRAPPER(leave_group, iommu_group_remove_device,
			    struct device *);

static void init_queues(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;

	q->llq.max_n_shift = ilog2(GUEST_TEST_QUEUE_ENTRIES);
	q->ent_dwords = CMDQ_ENT_DWORDS;
	q->base = kunit_kcalloc(test, GUEST_TEST_QUEUE_ENTRIES * CMDQ_ENT_DWORDS,
				sizeof(*q->base), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q->base);
	q->prod_reg = (u32 __iomem __force *)&t->prod;
	q->cons_reg = q->prod_reg;
	KUNIT_ASSERT_EQ(test, 0, arm_smmu_cmdq_init(&t->smmu, &t->smmu.cmdq));

	spin_lock_init(&t->smmu.evtq.lock);
	t->smmu.evtq.q.prod_reg = (u32 __iomem __force *)&t->evtq_prod;
	t->smmu.evtq.q.llq.max_n_shift = EVTQ_SHIFT;
	t->smmu.evtq.max_stalls = 4 * IOMMU_GUEST_STALLS_MAX;
}

static void init_smmu(struct kunit *test, u32 features)
{
	struct guest_test *t = test->priv;
	struct arm_smmu_device *smmu = &t->smmu;
	unsigned int i;

	smmu->dev = kunit_device_register(test, "guest-test-smmu");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, smmu->dev);

	smmu->features = ARM_SMMU_FEAT_TRANS_S2 | ARM_SMMU_FEAT_NESTING |
			 ARM_SMMU_FEAT_COHERENCY | ARM_SMMU_FEAT_RANGE_INV |
			 features;
	smmu->options = ARM_SMMU_OPT_SKIP_PREFETCH;
	smmu->impl_ops = &guest_test_impl_ops;
	smmu->iommu.ops = &t->ops;
	smmu->ias = 44;
	smmu->oas = 44;
	smmu->pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;
	smmu->asid_bits = 16;
	smmu->vmid_bits = 16;
	ida_init(&smmu->vmid_map);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_ida,
							   &smmu->vmid_map));

	for (i = 0; i < GUEST_TEST_STES; i++)
		arm_smmu_make_abort_ste(&t->strtab[i]);
	smmu->strtab_cfg.linear.table = t->strtab;
	smmu->strtab_cfg.linear.num_ents = GUEST_TEST_STES;
	mutex_init(&smmu->streams_mutex);
	init_queues(test);
}

/* From now on the SMMU consumes no command any more */
void guest_test_stick(struct guest_test *t)
{
	struct arm_smmu_queue *q = &t->smmu.cmdq.q;

	t->stuck = t->prod;
	q->cons_reg = (u32 __iomem __force *)&t->stuck;
}

/* The group has a device that nobody looks at. It is there for the group's mutex. */
static void init_group(struct kunit *test)
{
	struct guest_test *t = test->priv;

	t->group = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->group));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, put_group, t->group));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_group_add_device(t->group, t->smmu.dev));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, leave_group,
							   t->smmu.dev));
}

/* The domain */

/* Takes the devices off the list. An SMMU that was stuck catches up. */
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
	/* Nobody looks at the commands of this, and the domain goes */
	smmu_domain->smmu->impl_ops = NULL;
	iommu_domain_free(domain);
}

struct iommu_domain *guest_test_alloc_domain(struct kunit *test)
{
	struct iommu_domain *domain;

	domain = arm_smmu_domain_alloc_nesting(guest_test_dev(test->priv, 0));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_domain, domain));
	return domain;
}

void guest_test_attach(struct kunit *test, unsigned int i)
{
	struct guest_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			t->domain->ops->attach_dev(t->domain,
						   guest_test_dev(t, i)));
}

/* Attaches a device without a trace of that */
void guest_test_attach_before(struct kunit *test, unsigned int i)
{
	guest_test_attach(test, i);
	guest_test_forget(test->priv);
}

/* Maps @num pages of 4 KB at @IPA */
void guest_test_map(struct kunit *test, struct iommu_domain *domain,
		    unsigned int num)
{
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(test, 0,
			domain->ops->map_pages(domain, IPA, SZ_1G, SZ_4K, num,
					       IOMMU_READ | IOMMU_WRITE,
					       GFP_KERNEL, &mapped));
	KUNIT_ASSERT_EQ(test, mapped, num * SZ_4K);
}

void guest_test_map_and_unmap(struct kunit *test, struct iommu_domain *domain,
			      unsigned int num)
{
	struct iommu_iotlb_gather gather;

	guest_test_map(test, domain, num);
	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, num * SZ_4K,
			domain->ops->unmap_pages(domain, IPA, SZ_4K, num,
						 &gather));
	domain->ops->iotlb_sync(domain, &gather);
}

/* A guest stage is bound and unbound with the mutex of the group held */

struct guest_test_call {
	struct guest_test *t;
	struct device *dev;
};

static int bind_locked(struct device *unused, void *data)
{
	struct guest_test_call *call = data;
	struct iommu_domain *domain = call->t->domain;

	return domain->ops->bind_guest_stage(domain, call->dev, &call->t->cfg);
}

static int unbind_locked(struct device *unused, void *data)
{
	struct guest_test_call *call = data;
	struct iommu_domain *domain = call->t->domain;

	domain->ops->unbind_guest_stage(domain, call->dev);
	return 0;
}

/* Binds a device as &guest_test.cfg says */
int guest_test_try_bind(struct guest_test *t, unsigned int i)
{
	struct guest_test_call call = { t, guest_test_dev(t, i) };

	t->cfg.vsid = GUEST_VSID(i);
	return iommu_group_for_each_dev(t->group, &call, bind_locked);
}

void guest_test_bind(struct kunit *test, unsigned int i)
{
	KUNIT_ASSERT_EQ(test, 0, guest_test_try_bind(test->priv, i));
}

/* Binds a device without a trace of that */
void guest_test_bind_before(struct kunit *test, unsigned int i)
{
	guest_test_bind(test, i);
	guest_test_forget(test->priv);
}

void guest_test_unbind(struct kunit *test, unsigned int i)
{
	struct guest_test *t = test->priv;
	struct guest_test_call call = { t, guest_test_dev(t, i) };

	iommu_group_for_each_dev(t->group, &call, unbind_locked);
}

/* Set-up */

static enum iommu_guest_stage_coherency
vouch(const struct arm_smmu_master *master)
{
	return IOMMU_GUEST_STAGE_COHERENCY_VOUCHED;
}

static void init_guest(struct guest_test *t)
{
	t->cfg.argsz = sizeof(t->cfg);
	t->cfg.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3;
	t->cfg.state = IOMMU_GUEST_STAGE_TRANSLATE;
	t->cfg.base_ptr = GUEST_TABLE_A;
	t->cfg.smmuv3.s1cir = 1;
	t->cfg.smmuv3.s1cor = 1;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_ISH;
}

/*
 * Fills @t in. The SMMU has @features, which are of ATS and stalls, besides what
 * all tests need. The devices aren't attached yet.
 */
void guest_test_init(struct kunit *test, struct guest_test *t, u32 features)
{
	test->priv = t;
	t->ops.respond_guest_fault = arm_smmu_respond_guest_fault;
	t->ops.abort_guest_faults = arm_smmu_abort_guest_faults;
	t->ops.discard_guest_faults = arm_smmu_discard_guest_faults;

	init_smmu(test, features);
	init_group(test);
	init_device(test, 0, "guest-test-0");
	add_stream(&t->devices[0], SID);
	init_device(test, 1, "guest-test-1");
	add_stream(&t->devices[1], SID_A);
	add_stream(&t->devices[1], SID_B);
	add_stream(&t->devices[1], SID_A);

	t->domain = guest_test_alloc_domain(test);
	t->vmid = to_smmu_domain(t->domain)->s2_cfg.vmid;
	init_guest(t);
	kunit_activate_static_stub(test, arm_smmu_guest_stage_coherency, vouch);
}

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests for guest stages of arm-smmu-v3");
MODULE_LICENSE("GPL");
