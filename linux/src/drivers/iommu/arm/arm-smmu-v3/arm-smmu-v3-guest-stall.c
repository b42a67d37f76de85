// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stalled transactions of devices that are bound to a guest
 *
 * A guest sets CD.S = 1 to have the SMMU stall each transaction whose address
 * its tables do not translate. The SMMU then records an event with an STAG,
 * which is the name of the transaction, and the transaction waits for a
 * CMD_RESUME with that STAG. The driver sends one CMD_RESUME for each event. The
 * CMD_RESUME carries the guest's answer. The driver aborts the transaction instead
 * if nobody reads the guest's faults, if too many transactions wait already, or if
 * the device is taken from the guest.
 *
 * The guest does not know the STAG of the SMMU. The driver makes another one for
 * the guest, and finds the transaction by it when the guest answers. A device
 * gets the same STAG again after at least a thousand others, so an answer that
 * comes twice or too late finds no transaction.
 *
 * All of this happens with streams_mutex held. A CMD_RESUME can therefore not
 * be sent after a command that lets the SMMU give the STAG to another
 * transaction.
 *
 * See IHI 0070, 3.12.2 Stall model and 4.7 Fault response and synchronization
 * commands.
 */
#include <kunit/visibility.h>
#include <linux/slab.h>

#include "arm-smmu-v3-guest-stall.h"

/**
 * struct arm_smmu_guest_stall - A place for a stalled transaction
 * @waits: A transaction waits here for its CMD_RESUME
 * @stag: The guest's STAG. Its remainder modulo IOMMU_GUEST_STALLS_MAX is the
 *	  index of this place.
 * @hw_stag: The SMMU's STAG
 * @sid: The StreamID of the transaction
 */
struct arm_smmu_guest_stall {
	bool	waits;
	u16	stag;
	u16	hw_stag;
	u32	sid;
};

/**
 * arm_smmu_guest_can_stall() - Whether transactions of a device may stall
 * @master: the device
 *
 * The firmware tells for which devices a stalled transaction does not stop
 * others. An SMMU that can only stall has no nesting domains.
 *
 * Return: True if a guest may be given stalls for @master
 */
bool arm_smmu_guest_can_stall(const struct arm_smmu_master *master)
{
	return master->stall_enabled &&
	       (master->smmu->features & ARM_SMMU_FEAT_STALLS) &&
	       !(master->smmu->features & ARM_SMMU_FEAT_STALL_FORCE);
}

/**
 * arm_smmu_guest_max_stalls() - How many transactions of all guests may wait
 * @smmu: the SMMU, which has room for evtq.max_stalls stalled transactions
 *
 * Guests get half of the places, so that guests that never answer leave the other
 * half to the host.
 *
 * Return: The number of transactions
 */
unsigned int arm_smmu_guest_max_stalls(const struct arm_smmu_device *smmu)
{
	return max(smmu->evtq.max_stalls / 2, 1U);
}

/* A CMD_SYNC does not wait for the effect of a CMD_RESUME (IHI 0070, 4.7.3) */
static void arm_smmu_cmd_resume(struct arm_smmu_device *smmu, u32 sid, u16 stag,
				u64 resp)
{
	u64 cmd[CMDQ_ENT_DWORDS] = {
		FIELD_PREP(CMDQ_0_OP, CMDQ_OP_RESUME) |
			FIELD_PREP(CMDQ_RESUME_0_RESP, resp) |
			FIELD_PREP(CMDQ_RESUME_0_SID, sid),
		FIELD_PREP(CMDQ_RESUME_1_STAG, stag),
	};

	arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq, cmd, 1, false);
}

static void arm_smmu_cmd_stall_term(struct arm_smmu_device *smmu, u32 sid,
				    bool sync)
{
	u64 cmd[CMDQ_ENT_DWORDS] = {
		FIELD_PREP(CMDQ_0_OP, CMDQ_OP_STALL_TERM) |
			FIELD_PREP(CMDQ_RESUME_0_SID, sid),
	};

	arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq, cmd, 1, sync);
}

/**
 * arm_smmu_guest_abort_event() - Abort the transaction of an event
 * @master: the device that the event is of
 * @evt: an event with EVTQ_1_STALL, which the guest is not told of
 */
void arm_smmu_guest_abort_event(struct arm_smmu_master *master, const u64 *evt)
{
	lockdep_assert_held(&master->smmu->streams_mutex);

	arm_smmu_cmd_resume(master->smmu, FIELD_GET(EVTQ_0_SID, evt[0]),
			    FIELD_GET(EVTQ_1_STAG, evt[1]),
			    CMDQ_RESUME_0_RESP_ABORT);
	atomic64_inc(&master->smmu->guest_stalls_aborted);
}

/* Takes a free place and a new STAG. NULL if there is none, or too many wait. */
static struct arm_smmu_guest_stall *
arm_smmu_guest_get_stall(struct arm_smmu_master *master)
{
	struct arm_smmu_guest *guest = &master->guest;
	struct arm_smmu_device *smmu = master->smmu;
	struct arm_smmu_guest_stall *stall;
	u16 stag = guest->next_stag;
	unsigned int i;

	/* Their number divides 2^16, so places follow each other when an STAG wraps */
	BUILD_BUG_ON(!is_power_of_2(IOMMU_GUEST_STALLS_MAX));

	if (smmu->guest_stalls_waiting >= arm_smmu_guest_max_stalls(smmu))
		return NULL;

	for (i = 0; i < IOMMU_GUEST_STALLS_MAX; i++, stag++) {
		stall = &guest->stalls[stag % IOMMU_GUEST_STALLS_MAX];
		if (!stall->waits) {
			stall->waits = true;
			stall->stag = stag;
			guest->next_stag = stag + 1;
			smmu->guest_stalls_waiting++;
			return stall;
		}
	}
	return NULL;
}

static void arm_smmu_guest_put_stall(struct arm_smmu_master *master,
				     struct arm_smmu_guest_stall *stall)
{
	lockdep_assert_held(&master->smmu->streams_mutex);

	stall->waits = false;
	master->smmu->guest_stalls_waiting--;
}

/* Sends the one CMD_RESUME of a transaction that waits */
static void arm_smmu_guest_resume_stall(struct arm_smmu_master *master,
					struct arm_smmu_guest_stall *stall,
					u64 resp)
{
	arm_smmu_cmd_resume(master->smmu, stall->sid, stall->hw_stag, resp);
	arm_smmu_guest_put_stall(master, stall);
}

static void arm_smmu_guest_abort_stall(struct arm_smmu_master *master,
				       struct arm_smmu_guest_stall *stall)
{
	arm_smmu_guest_resume_stall(master, stall, CMDQ_RESUME_0_RESP_ABORT);
	atomic64_inc(&master->smmu->guest_stalls_aborted);
}

/**
 * arm_smmu_guest_add_stall() - Report a stalled transaction to the guest
 * @master: the device, for which arm_smmu_guest_alloc_stalls() was called
 * @evt: the event with EVTQ_1_STALL, for an address that stage 1 does not
 *	 translate
 * @fault: what the guest would be told if the transaction had not stalled
 *
 * If too many transactions wait already, this one is aborted, and @fault is
 * reported as it is. An SMMU may do the same with any transaction (IHI 0070,
 * 3.12 Fault models, recording and reporting).
 *
 * Return: False if nobody is going to read @fault. The transaction is then
 * aborted.
 */
bool arm_smmu_guest_add_stall(struct arm_smmu_master *master, const u64 *evt,
			      struct iommu_guest_fault *fault)
{
	struct arm_smmu_guest_stall *stall;

	lockdep_assert_held(&master->smmu->streams_mutex);

	stall = arm_smmu_guest_get_stall(master);
	if (!stall) {
		arm_smmu_guest_abort_event(master, evt);
		return iommu_report_guest_fault(master->dev, fault);
	}

	stall->sid = FIELD_GET(EVTQ_0_SID, evt[0]);
	stall->hw_stag = FIELD_GET(EVTQ_1_STAG, evt[1]);
	fault->flags = IOMMU_GUEST_FAULT_STALLED;
	fault->smmuv3.event[1] |=
		cpu_to_le64(EVTQ_1_STALL | FIELD_PREP(EVTQ_1_STAG, stall->stag));
	if (iommu_report_guest_fault(master->dev, fault))
		return true;
	arm_smmu_guest_abort_stall(master, stall);
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

/**
 * arm_smmu_respond_guest_fault() - Send the guest's answer to the SMMU
 * @dev: a device whose faults go to the queue that the answer was written to
 * @resp: the answer
 *
 * Return:
 * * %0 - The CMD_RESUME is in the command queue
 * * %-ENODEV - @dev is not the device that the guest calls @resp->vsid
 * * %-ENOENT - No transaction of @dev waits for this answer
 */
int arm_smmu_respond_guest_fault(struct device *dev,
				 const struct iommu_guest_fault_response *resp)
{
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	struct arm_smmu_guest *guest = &master->guest;
	u16 stag = resp->smmuv3.stag;
	struct arm_smmu_guest_stall *stall;

	guard(mutex)(&master->smmu->streams_mutex);
	if (!guest->stalls || guest->vsid != resp->vsid)
		return -ENODEV;

	stall = &guest->stalls[stag % IOMMU_GUEST_STALLS_MAX];
	if (!stall->waits || stall->stag != stag)
		return -ENOENT;
	arm_smmu_guest_resume_stall(master, stall,
				    arm_smmu_resume_resp(resp->action));
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_respond_guest_fault);

static void arm_smmu_guest_abort_stalls(struct arm_smmu_master *master)
{
	struct arm_smmu_guest *guest = &master->guest;
	unsigned int i;

	lockdep_assert_held(&master->smmu->streams_mutex);

	for (i = 0; guest->stalls && i < IOMMU_GUEST_STALLS_MAX; i++) {
		if (guest->stalls[i].waits)
			arm_smmu_guest_abort_stall(master, &guest->stalls[i]);
	}
}

/**
 * arm_smmu_abort_guest_faults() - Abort all transactions that wait for the guest
 * @dev: a device that nobody will answer for any more
 */
void arm_smmu_abort_guest_faults(struct device *dev)
{
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);

	guard(mutex)(&master->smmu->streams_mutex);
	arm_smmu_guest_abort_stalls(master);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_abort_guest_faults);

/**
 * arm_smmu_guest_alloc_stalls() - Prepare for stalled transactions of a guest
 * @master: the device, with the mutex of its group held
 *
 * Called before the first STE that lets the guest's transactions stall. A
 * device that has memory for its stalls keeps it.
 *
 * Return: 0, or -ENOMEM. The memory is accounted to the caller.
 */
int arm_smmu_guest_alloc_stalls(struct arm_smmu_master *master)
{
	struct arm_smmu_guest_stall *stalls;

	iommu_group_mutex_assert(master->dev);

	if (master->guest.stalls)
		return 0;
	stalls = kcalloc(IOMMU_GUEST_STALLS_MAX, sizeof(*stalls),
			 GFP_KERNEL_ACCOUNT);
	if (!stalls)
		return -ENOMEM;

	guard(mutex)(&master->smmu->streams_mutex);
	master->guest.stalls = stalls;
	return 0;
}

/**
 * arm_smmu_guest_term_stalls() - Terminate all stalled transactions of a device
 * @master: the device. The change of its STEs to abort is complete, so no
 *	    transaction stalls any more, and the events of all that have stalled
 *	    are in the queue.
 * @next_event: number of the next event that the SMMU writes, or a later number
 *
 * This sends one CMD_STALL_TERM for each stream. It also ends transactions whose
 * events the event thread has not read yet. The SMMU may then use their STAGs for
 * other transactions, so the event thread discards those events instead of
 * answering them. See IHI 0070, 4.7.2.1 Notes and usage, of CMD_STALL_TERM.
 */
void arm_smmu_guest_term_stalls(struct arm_smmu_master *master, u64 next_event)
{
	struct arm_smmu_guest *guest = &master->guest;
	unsigned int i;

	guard(mutex)(&master->smmu->streams_mutex);
	if (!guest->stalls)
		return;

	/* The CMD_SYNC behind the last one tells that the SMMU has consumed all */
	for (i = 0; i < master->num_streams; i++)
		arm_smmu_cmd_stall_term(master->smmu, master->streams[i].id,
					i == master->num_streams - 1);
	for (i = 0; i < IOMMU_GUEST_STALLS_MAX; i++) {
		if (!guest->stalls[i].waits)
			continue;
		arm_smmu_guest_put_stall(master, &guest->stalls[i]);
		atomic64_inc(&master->smmu->guest_stalls_aborted);
	}
	guest->first_stall_event = next_event;
}

/**
 * arm_smmu_guest_free_stalls() - No transaction of a guest stalls any more
 * @master: the device, whose STE has not let transactions stall since the last
 *	    arm_smmu_guest_term_stalls()
 *
 * A transaction that waits nevertheless is aborted.
 */
void arm_smmu_guest_free_stalls(struct arm_smmu_master *master)
{
	guard(mutex)(&master->smmu->streams_mutex);
	arm_smmu_guest_abort_stalls(master);
	kfree(master->guest.stalls);
	master->guest.stalls = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_free_stalls);
