// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stalled transactions of devices that were given to guests
 *
 * A guest whose CD has S = 1 gets an event for each access that its tables don't
 * translate, and the transaction waits until it says CMD_RESUME. Each has one
 * answer: from the guest, or from the host if nobody reads the guest's events,
 * if there is no room for one more, or if the guest loses the device.
 *
 * The guest knows a transaction by an STAG that is made here. That of the SMMU is
 * never believed when it comes back, and an answer that comes twice, or too late,
 * finds nothing: the same STAG is given to the same device again only after a
 * thousand others or more. What a guest confuses is in any case its own.
 *
 * All of it happens with streams_mutex held, so that a CMD_RESUME never comes after
 * what has freed its STAG for other transactions.
 *
 * See IHI 0070, 3.12.2 Stall model and 4.7 Fault response and synchronization
 * commands.
 */
#include <kunit/visibility.h>
#include <linux/slab.h>

#include "arm-smmu-v3-guest-stall.h"

/* A slot, free or not, for those of the guest's STAGs that have this remainder */
struct arm_smmu_guest_stall {
	bool	waits;
	u16	stag;
	u16	hw_stag;
	u32	sid;
};

/*
 * Firmware says of which devices a transaction may wait without bringing others
 * to a halt. An SMMU that can't but stall has no nesting domains.
 */
bool arm_smmu_guest_can_stall(const struct arm_smmu_master *master)
{
	return master->stall_enabled &&
	       (master->smmu->features & ARM_SMMU_FEAT_STALLS) &&
	       !(master->smmu->features & ARM_SMMU_FEAT_STALL_FORCE);
}

/*
 * How many transactions of all guests may wait at a time. The SMMU has room for
 * max_stalls: guests that never answer leave the other half to the host.
 */
unsigned int arm_smmu_guest_stalls_max(const struct arm_smmu_device *smmu)
{
	return max(smmu->evtq.max_stalls / 2, 1U);
}

static void arm_smmu_stall_cmd(struct arm_smmu_device *smmu, u64 cmd0, u64 cmd1,
			       bool sync)
{
	u64 cmd[CMDQ_ENT_DWORDS] = { cmd0, cmd1 };

	/* It isn't of a batch that would have its CMD_SYNC in time */
	if (smmu->options & ARM_SMMU_OPT_CMDQ_FORCE_SYNC)
		sync = true;
	arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq, cmd, 1, sync);
}

/* A CMD_SYNC behind it would do nothing for it (IHI 0070, 4.7.3 CMD_SYNC) */
static void arm_smmu_cmd_resume(struct arm_smmu_device *smmu, u32 sid, u16 stag,
				u64 resp)
{
	arm_smmu_stall_cmd(smmu,
			   FIELD_PREP(CMDQ_0_OP, CMDQ_OP_RESUME) |
			   FIELD_PREP(CMDQ_RESUME_0_RESP, resp) |
			   FIELD_PREP(CMDQ_RESUME_0_SID, sid),
			   FIELD_PREP(CMDQ_RESUME_1_STAG, stag), false);
}

/* It doesn't wait any more */
static void arm_smmu_guest_stall_put(struct arm_smmu_master *master,
				     struct arm_smmu_guest_stall *stall)
{
	lockdep_assert_held(&master->smmu->streams_mutex);

	stall->waits = false;
	master->smmu->guest_stalls_waiting--;
}

static void arm_smmu_guest_stall_abort(struct arm_smmu_master *master,
				       struct arm_smmu_guest_stall *stall)
{
	arm_smmu_cmd_resume(master->smmu, stall->sid, stall->hw_stag,
			    CMDQ_RESUME_0_RESP_ABORT);
	arm_smmu_guest_stall_put(master, stall);
	atomic64_inc(&master->smmu->guest_stalls_aborted);
}

/* The guest loses it, or there is nobody who would tell it */
void arm_smmu_abort_guest_stall(struct arm_smmu_master *master, const u64 *evt)
{
	lockdep_assert_held(&master->smmu->streams_mutex);

	arm_smmu_cmd_resume(master->smmu, FIELD_GET(EVTQ_0_SID, evt[0]),
			    FIELD_GET(EVTQ_1_STAG, evt[1]),
			    CMDQ_RESUME_0_RESP_ABORT);
	atomic64_inc(&master->smmu->guest_stalls_aborted);
}

/* A free slot, with a new STAG. NULL if there is none, or too many wait. */
static struct arm_smmu_guest_stall *
arm_smmu_guest_stall_get(struct arm_smmu_master *master)
{
	struct arm_smmu_guest_stalls *stalls = &master->guest_stalls;
	struct arm_smmu_device *smmu = master->smmu;
	struct arm_smmu_guest_stall *stall;
	u16 stag = stalls->next_stag;
	unsigned int i;

	/* So that each has a slot of its own where the numbers wrap, too */
	BUILD_BUG_ON(!is_power_of_2(IOMMU_GUEST_STALLS_MAX));

	if (smmu->guest_stalls_waiting >= arm_smmu_guest_stalls_max(smmu))
		return NULL;

	for (i = 0; i < IOMMU_GUEST_STALLS_MAX; i++, stag++) {
		stall = &stalls->slots[stag % IOMMU_GUEST_STALLS_MAX];
		if (!stall->waits) {
			stall->waits = true;
			smmu->guest_stalls_waiting++;
			stall->stag = stag;
			stalls->next_stag = stag + 1;
			return stall;
		}
	}
	return NULL;
}

/**
 * arm_smmu_report_guest_stall() - Tell a guest of a transaction that waits for it
 * @master: its device, for which stalls have been started
 * @evt: the event, stalled, and one that is the guest's
 * @fault: what the guest is told of it, as if it weren't stalled
 *
 * With as many waiting as may, this one is terminated, and @fault is reported as of a
 * transaction that was. An SMMU may do that with any (IHI 0070, 3.12 Fault models,
 * recording and reporting).
 *
 * Return: False if nobody is going to read @fault. It is terminated then.
 */
bool arm_smmu_report_guest_stall(struct arm_smmu_master *master, const u64 *evt,
				 struct iommu_guest_fault *fault)
{
	struct arm_smmu_guest_stall *stall;

	lockdep_assert_held(&master->smmu->streams_mutex);

	stall = arm_smmu_guest_stall_get(master);
	if (!stall) {
		arm_smmu_abort_guest_stall(master, evt);
		return iommu_report_guest_fault(master->dev, fault);
	}

	stall->sid = FIELD_GET(EVTQ_0_SID, evt[0]);
	stall->hw_stag = FIELD_GET(EVTQ_1_STAG, evt[1]);
	fault->flags = IOMMU_GUEST_FAULT_STALLED;
	fault->smmuv3.event[1] |=
		cpu_to_le64(EVTQ_1_STALL | FIELD_PREP(EVTQ_1_STAG, stall->stag));
	if (iommu_report_guest_fault(master->dev, fault))
		return true;
	arm_smmu_guest_stall_abort(master, stall);
	return false;
}

static u64 arm_smmu_resume_resp(u32 action)
{
	switch (action) {
	case IOMMU_GUEST_FAULT_RETRY:
		return CMDQ_RESUME_0_RESP_RETRY;
	case IOMMU_GUEST_FAULT_IGNORE:
		return CMDQ_RESUME_0_RESP_TERM;
	default:
		return CMDQ_RESUME_0_RESP_ABORT;
	}
}

/* -ENODEV if @dev isn't the guest's @resp->vsid, -ENOENT if nothing waits for it */
int arm_smmu_respond_guest_fault(struct device *dev,
				 const struct iommu_guest_fault_response *resp)
{
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	struct arm_smmu_guest_stalls *stalls = &master->guest_stalls;
	u16 stag = resp->smmuv3.stag;
	struct arm_smmu_guest_stall *stall;

	guard(mutex)(&master->smmu->streams_mutex);
	if (!stalls->slots || stalls->vsid != resp->vsid)
		return -ENODEV;

	stall = &stalls->slots[stag % IOMMU_GUEST_STALLS_MAX];
	if (!stall->waits || stall->stag != stag)
		return -ENOENT;
	arm_smmu_guest_stall_put(master, stall);
	arm_smmu_cmd_resume(master->smmu, stall->sid, stall->hw_stag,
			    arm_smmu_resume_resp(resp->action));
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_respond_guest_fault);

static void arm_smmu_guest_stalls_abort(struct arm_smmu_master *master)
{
	struct arm_smmu_guest_stalls *stalls = &master->guest_stalls;
	unsigned int i;

	lockdep_assert_held(&master->smmu->streams_mutex);

	for (i = 0; stalls->slots && i < IOMMU_GUEST_STALLS_MAX; i++) {
		if (stalls->slots[i].waits)
			arm_smmu_guest_stall_abort(master, &stalls->slots[i]);
	}
}

/* Whoever could have answered is gone */
void arm_smmu_abort_guest_faults(struct device *dev)
{
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);

	guard(mutex)(&master->smmu->streams_mutex);
	arm_smmu_guest_stalls_abort(master);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_abort_guest_faults);

/* The guest's transactions may stall from now on. Repeated at a rebind. */
int arm_smmu_guest_stalls_start(struct arm_smmu_master *master, u32 vsid)
{
	struct arm_smmu_guest_stalls *stalls = &master->guest_stalls;
	struct arm_smmu_guest_stall *slots;

	iommu_group_mutex_assert(master->dev);

	if (stalls->slots)
		return 0;
	slots = kcalloc(IOMMU_GUEST_STALLS_MAX, sizeof(*slots),
			GFP_KERNEL_ACCOUNT);
	if (!slots)
		return -ENOMEM;

	guard(mutex)(&master->smmu->streams_mutex);
	stalls->slots = slots;
	stalls->vsid = vsid;
	return 0;
}

/**
 * arm_smmu_guest_stalls_terminate() - Terminate what waits for the guest
 * @master: the device. Its STEs abort, and that is complete: all events of
 *	    transactions that have stalled are in the queue, and none follows.
 * @next: number of the next event that the SMMU writes, or of a later one
 *
 * Also those that the guest doesn't know of yet. The SMMU may use their STAGs again
 * now, so those of their events that are in the queue must not be answered: they
 * are discarded. See IHI 0070, 4.7.2.1 Notes and usage, of CMD_STALL_TERM.
 */
void arm_smmu_guest_stalls_terminate(struct arm_smmu_master *master, u64 next)
{
	struct arm_smmu_guest_stalls *stalls = &master->guest_stalls;
	unsigned int i;

	guard(mutex)(&master->smmu->streams_mutex);
	if (!stalls->slots)
		return;

	for (i = 0; i < master->num_streams; i++)
		arm_smmu_stall_cmd(master->smmu,
				   FIELD_PREP(CMDQ_0_OP, CMDQ_OP_STALL_TERM) |
				   FIELD_PREP(CMDQ_RESUME_0_SID,
					      master->streams[i].id), 0,
				   /* Consumed before an STE translates again */
				   i == master->num_streams - 1);
	for (i = 0; i < IOMMU_GUEST_STALLS_MAX; i++) {
		if (!stalls->slots[i].waits)
			continue;
		arm_smmu_guest_stall_put(master, &stalls->slots[i]);
		atomic64_inc(&master->smmu->guest_stalls_aborted);
	}
	stalls->first = next;
}

/* The guest's transactions don't stall any more */
void arm_smmu_guest_stalls_stop(struct arm_smmu_master *master)
{
	struct arm_smmu_guest_stalls *stalls = &master->guest_stalls;

	guard(mutex)(&master->smmu->streams_mutex);
	/* None, if the SMMU keeps to what it promised */
	arm_smmu_guest_stalls_abort(master);
	kfree(stalls->slots);
	stalls->slots = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_stalls_stop);
