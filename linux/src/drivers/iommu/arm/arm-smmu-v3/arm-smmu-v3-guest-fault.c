// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of devices that are bound to a guest
 *
 * The SMMU of a guest has stage 1 and no stage 2. The guest is told what that
 * SMMU would tell it, in a record that is made here from the record of the real
 * SMMU. If stage 2 failed, the guest's SMMU would have met memory that does not
 * answer.
 *
 *  recorded              CLASS  S2   the guest's          with
 *  --------------------  -----  ---  -------------------  ----------------------
 *  F_STREAM_DISABLED                 F_STREAM_DISABLED
 *  C_BAD_SUBSTREAMID                 C_BAD_SUBSTREAMID    SubstreamID
 *  C_BAD_CD                          C_BAD_CD             SubstreamID
 *  F_TRANSLATION,        IN     0    the same             SubstreamID, PnU, InD,
 *  F_ADDR_SIZE,                                           RnW, CLASS, InputAddr
 *  F_ACCESS,             IN     1    nothing: an abort
 *  F_PERMISSION          CD     any  F_CD_FETCH           SubstreamID, FetchAddr
 *                        TT     any  F_WALK_EABT          as F_TRANSLATION, and
 *                                                         FetchAddr
 *  the same of stage 1, stalled      the same             STAG, and Stall
 *  others, stalled                   nothing: an abort
 *  F_TLB_CONFLICT               0    F_TLB_CONFLICT       SubstreamID, PnU, InD,
 *                                                         RnW, InputAddr
 *  anything else                     nothing: the host's
 *
 * CLASS decides what failed, and S2 does not: stage 1 itself fails for an input
 * address only, and there are SMMUs that leave S2 clear when the fetch of a table
 * failed.
 *
 * All other fields are 0, for these reasons:
 *
 * - A FetchAddr that the SMMU recorded is a physical address. F_CD_FETCH and
 *   F_WALK_EABT, as well as F_STE_FETCH and F_VMS_FETCH, are therefore the
 *   host's. The driver makes the guest's own ones from the IPA that stage 2 did
 *   not translate, which the record has if S2 = 1. The guest takes that IPA for a
 *   physical address.
 * - The IPA comes from a descriptor that the SMMU fetched. A guest that makes the
 *   fetch non-cacheable can have it read stale memory of the host, and would
 *   learn bits [51:12] of that memory from the FetchAddr. So the FetchAddr is 0 if
 *   only CANWBS makes the device coherent, see arm_smmu_guest_stage_coherency().
 * - IPA, TTRnW and Reason mean nothing at stage 1, or are UNKNOWN.
 * - The guest is given another STAG than that of the SMMU, see
 *   arm-smmu-v3-guest-stall.c.
 *
 * F_BAD_ATS_TREQ and F_TRANSL_FORBIDDEN are the host's, because the host switches
 * ATS of the device. They come from a device that breaks the rules or that is
 * late. The address of F_TRANSL_FORBIDDEN is a translated one, and so physical.
 *
 * See IHI 0070, 7.3 Event records.
 */
#include <kunit/visibility.h>
#include <linux/sysfs.h>

#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stall.h"

#define CREATE_TRACE_POINTS
#include "arm-smmu-v3-guest-fault-trace.h"

#define GUEST_EVENT_1_ACCESS	(EVTQ_1_PnU | EVTQ_1_InD | EVTQ_1_RnW)

static u64 arm_smmu_guest_event_0(u8 id, u64 ssid, u32 vsid)
{
	return FIELD_PREP(EVTQ_0_ID, id) | ssid | FIELD_PREP(EVTQ_0_SID, vsid);
}

/* SSV and SubstreamID. The latter is UNKNOWN without SSV. */
static u64 arm_smmu_event_ssid(const u64 *evt)
{
	return evt[0] & EVTQ_0_SSV ? evt[0] & (EVTQ_0_SSV | EVTQ_0_SSID) : 0;
}

/* The IPA of a CD or table that was not fetched. UNKNOWN unless stage 2 failed. */
static u64 arm_smmu_event_fetch_addr(const u64 *evt, bool tell_fetch_addr)
{
	return tell_fetch_addr && (evt[1] & EVTQ_1_S2) ? evt[3] & EVTQ_3_IPA : 0;
}

static enum arm_smmu_event_owner
arm_smmu_make_guest_fault(u64 guest[4], const u64 *evt, u32 vsid,
			  bool tell_fetch_addr)
{
	u64 ssid = arm_smmu_event_ssid(evt);

	switch (FIELD_GET(EVTQ_1_CLASS, evt[1])) {
	case EVTQ_1_CLASS_CD:
		guest[0] = arm_smmu_guest_event_0(EVT_ID_CD_FETCH, ssid, vsid);
		guest[3] = arm_smmu_event_fetch_addr(evt, tell_fetch_addr);
		return ARM_SMMU_EVENT_GUEST;
	case EVTQ_1_CLASS_TT:
		guest[0] = arm_smmu_guest_event_0(EVT_ID_WALK_EABT, ssid, vsid);
		guest[3] = arm_smmu_event_fetch_addr(evt, tell_fetch_addr);
		break;
	case EVTQ_1_CLASS_IN:
		if (evt[1] & EVTQ_1_S2)
			return ARM_SMMU_EVENT_STAGE2;
		guest[0] = arm_smmu_guest_event_0(
			FIELD_GET(EVTQ_0_ID, evt[0]), ssid, vsid);
		break;
	default:
		return ARM_SMMU_EVENT_HOST;
	}

	guest[1] = evt[1] & (GUEST_EVENT_1_ACCESS | EVTQ_1_CLASS);
	guest[2] = evt[2];
	return ARM_SMMU_EVENT_GUEST;
}

/* A conflict of entries of stage 2 is not of the guest's making */
static enum arm_smmu_event_owner
arm_smmu_make_guest_tlb_conflict(u64 guest[4], const u64 *evt, u32 vsid)
{
	if (evt[1] & EVTQ_1_S2)
		return ARM_SMMU_EVENT_HOST;

	guest[0] = arm_smmu_guest_event_0(EVT_ID_TLB_CONFLICT,
					  arm_smmu_event_ssid(evt), vsid);
	guest[1] = evt[1] & GUEST_EVENT_1_ACCESS;
	guest[2] = evt[2];
	return ARM_SMMU_EVENT_GUEST;
}

/* Events that have CLASS, and may be stalled */
static bool arm_smmu_event_is_fault(const u64 *evt)
{
	switch (FIELD_GET(EVTQ_0_ID, evt[0])) {
	case EVT_ID_TRANSLATION_FAULT:
	case EVT_ID_ADDR_SIZE_FAULT:
	case EVT_ID_ACCESS_FAULT:
	case EVT_ID_PERMISSION_FAULT:
		return true;
	default:
		return false;
	}
}

/* Makes the guest's record of an event that is not stalled: see the table above */
VISIBLE_IF_KUNIT
enum arm_smmu_event_owner
arm_smmu_make_guest_event(struct iommu_guest_event_smmuv3 *guest,
			  const u64 *evt, u32 vsid, bool tell_fetch_addr)
{
	enum arm_smmu_event_owner owner = ARM_SMMU_EVENT_GUEST;
	u8 id = FIELD_GET(EVTQ_0_ID, evt[0]);
	u64 made[4] = {};
	unsigned int i;

	switch (id) {
	case EVT_ID_STREAM_DISABLED:
		made[0] = arm_smmu_guest_event_0(id, 0, vsid);
		break;
	case EVT_ID_BAD_SUBSTREAMID:
		/* This event has no SSV. It always has a SubstreamID. */
		made[0] = arm_smmu_guest_event_0(id, evt[0] & EVTQ_0_SSID,
						 vsid);
		break;
	case EVT_ID_BAD_CD:
		made[0] = arm_smmu_guest_event_0(id, arm_smmu_event_ssid(evt),
						 vsid);
		break;
	case EVT_ID_TLB_CONFLICT:
		owner = arm_smmu_make_guest_tlb_conflict(made, evt, vsid);
		break;
	default:
		owner = arm_smmu_event_is_fault(evt) ?
				arm_smmu_make_guest_fault(made, evt, vsid,
							  tell_fetch_addr) :
				ARM_SMMU_EVENT_HOST;
	}

	for (i = 0; i < ARRAY_SIZE(made); i++)
		guest->event[i] = cpu_to_le64(made[i]);
	return owner;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_make_guest_event);

/* Returns false if the guest is not told of it */
static bool arm_smmu_report_guest_event(struct arm_smmu_master *master,
					const u64 *evt, bool stalled,
					enum arm_smmu_event_owner owner,
					struct iommu_guest_fault *fault)
{
	/* A guest resumes only what its own tables did not translate */
	bool resumable = owner == ARM_SMMU_EVENT_GUEST &&
			 FIELD_GET(EVTQ_1_CLASS, evt[1]) == EVTQ_1_CLASS_IN;

	if (stalled && resumable)
		return arm_smmu_guest_add_stall(master, evt, fault);
	if (stalled) {
		arm_smmu_guest_abort_event(master, evt);
		return false;
	}
	return owner == ARM_SMMU_EVENT_GUEST &&
	       iommu_report_guest_fault(master->dev, fault);
}

/* The caller holds streams_mutex until the event is reported: unbind waits for it */
static enum arm_smmu_guest_event_result
arm_smmu_take_guest_event(struct arm_smmu_master *master, const u64 *evt,
			  u64 num)
{
	struct iommu_guest_fault fault = {
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
	};
	bool stalled = arm_smmu_event_is_fault(evt) && (evt[1] & EVTQ_1_STALL);
	struct arm_smmu_guest *guest = &master->guest;
	enum arm_smmu_event_owner owner;
	bool told;

	lockdep_assert_held(&master->smmu->streams_mutex);

	/*
	 * CMD_STALL_TERM has ended this transaction. The SMMU may use its STAG
	 * for another one by now, so no CMD_RESUME is sent.
	 */
	if (stalled && num < guest->first_stall_event)
		return ARM_SMMU_GUEST_EVENT_DONE;
	if (!guest->bound || num < guest->first_event)
		return ARM_SMMU_GUEST_EVENT_NONE;
	/* The guest was given no stalls, so the host handles this one */
	if (stalled && !guest->stalls)
		return ARM_SMMU_GUEST_EVENT_NONE;

	owner = arm_smmu_make_guest_event(&fault.smmuv3, evt, guest->vsid,
					  guest->tell_fetch_addr);
	trace_arm_smmu_guest_event(master, evt, owner);
	if (owner == ARM_SMMU_EVENT_STAGE2)
		atomic64_inc(&master->smmu->guest_stage2_faults);
	/* The present reader opened the file after this event */
	if (num < guest->first_told)
		owner = ARM_SMMU_EVENT_HOST;

	told = arm_smmu_report_guest_event(master, evt, stalled, owner, &fault);
	return !told && __ratelimit(&guest->log) ? ARM_SMMU_GUEST_EVENT_LOG :
						   ARM_SMMU_GUEST_EVENT_DONE;
}

/**
 * arm_smmu_handle_guest_event() - Handle an event that guests may have caused
 * @smmu: the SMMU
 * @evt: the event
 * @num: its number, see arm_smmu_evtq_next()
 *
 * The caller writes to the log what the guest is not told of. Each device has a
 * limit of its own there: no guest can use up the limit of another guest or of
 * the host. The log is not written here because streams_mutex is held, and a
 * console may be slow.
 *
 * Return: what the caller does with the event
 */
enum arm_smmu_guest_event_result
arm_smmu_handle_guest_event(struct arm_smmu_device *smmu, const u64 *evt,
			    u64 num)
{
	struct arm_smmu_master *master;

	guard(mutex)(&smmu->streams_mutex);
	master = arm_smmu_find_master(smmu, FIELD_GET(EVTQ_0_SID, evt[0]));
	if (!master)
		return ARM_SMMU_GUEST_EVENT_NONE;
	return arm_smmu_take_guest_event(master, evt, num);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_handle_guest_event);

static bool arm_smmu_report_lost_events_locked(struct arm_smmu_device *smmu)
{
	bool overflow = arm_smmu_evtq_sync_prod(smmu);
	bool aborted = atomic_xchg(&smmu->evtq.abt_err, 0);
	struct arm_smmu_master *master;
	struct rb_node *node;

	lockdep_assert_held(&smmu->streams_mutex);

	if (!overflow && !aborted)
		return false;
	for (node = rb_first(&smmu->streams); node; node = rb_next(node)) {
		master = rb_entry(node, struct arm_smmu_stream, node)->master;
		if (master->guest.bound)
			iommu_report_guest_faults_lost(master->dev);
	}
	return overflow;
}

/**
 * arm_smmu_report_lost_events() - Tell guests that the SMMU has lost events
 * @smmu: the SMMU
 *
 * Looks whether the event queue has overflown, or a write to it has failed, since
 * the last call. The lost event may have been that of any guest, so all of them
 * are told.
 *
 * Return: True if the queue has overflown
 */
bool arm_smmu_report_lost_events(struct arm_smmu_device *smmu)
{
	guard(mutex)(&smmu->streams_mutex);
	return arm_smmu_report_lost_events_locked(smmu);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_report_lost_events);

/**
 * arm_smmu_discard_guest_faults() - Report no fault that happened before
 * @dev: a device whose faults are about to go to another reader
 *
 * Events that happened before the call, and losses of events, are not reported
 * after the call. A CMD_SYNC makes those events visible that the SMMU has not
 * written yet (IHI 0070, 4.7.3 CMD_SYNC). Transactions that stalled before the
 * call are aborted when the event thread reads their events.
 */
void arm_smmu_discard_guest_faults(struct device *dev)
{
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	struct arm_smmu_device *smmu = master->smmu;
	bool overflow;

	arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq, NULL, 0, true);
	scoped_guard(mutex, &smmu->streams_mutex) {
		overflow = arm_smmu_report_lost_events_locked(smmu);
		master->guest.first_told = arm_smmu_evtq_next(smmu);
	}
	if (overflow)
		arm_smmu_log_overflow(smmu);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_discard_guest_faults);

/**
 * arm_smmu_guest_start_events() - Events of a device are the guest's from now on
 * @master: the device, before an STE of the guest is installed
 * @vsid: the guest's name for the device
 * @tell_fetch_addr: the guest may learn the IPA of a descriptor that was not fetched
 *
 * Events that are in the queue at the first call were caused before the device was
 * bound, perhaps by another guest. Each later change of the device's STE ended with
 * a CMD_SYNC, which made those events visible (IHI 0070, 4.7.3 CMD_SYNC).
 *
 * Return: 0, or -EBUSY if the host resolves the device's faults itself. The host
 * does not begin with that while the device is bound.
 */
int arm_smmu_guest_start_events(struct arm_smmu_master *master, u32 vsid,
				bool tell_fetch_addr)
{
	struct arm_smmu_guest *guest = &master->guest;

	guard(mutex)(&master->smmu->streams_mutex);
	if (master->iopf_enabled)
		return -EBUSY;
	if (!guest->bound)
		guest->first_event = arm_smmu_evtq_next(master->smmu);
	guest->vsid = vsid;
	guest->tell_fetch_addr = tell_fetch_addr;
	guest->bound = true;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_start_events);

/**
 * arm_smmu_guest_stop_events() - Events of a device are not the guest's any more
 * @master: the device, which has no STE of the guest any more
 *
 * No event is being reported when this returns.
 */
void arm_smmu_guest_stop_events(struct arm_smmu_master *master)
{
	guard(mutex)(&master->smmu->streams_mutex);
	master->guest.bound = false;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_stop_events);

static struct arm_smmu_device *arm_smmu_of_sysfs(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct arm_smmu_device,
			    iommu);
}

static ssize_t guest_stage2_faults_show(struct device *dev,
					struct device_attribute *attr,
					char *buf)
{
	struct arm_smmu_device *smmu = arm_smmu_of_sysfs(dev);

	return sysfs_emit(buf, "%lld\n",
			  atomic64_read(&smmu->guest_stage2_faults));
}
static DEVICE_ATTR_RO(guest_stage2_faults);

static ssize_t guest_stalls_aborted_show(struct device *dev,
					 struct device_attribute *attr,
					 char *buf)
{
	struct arm_smmu_device *smmu = arm_smmu_of_sysfs(dev);

	return sysfs_emit(buf, "%lld\n",
			  atomic64_read(&smmu->guest_stalls_aborted));
}
static DEVICE_ATTR_RO(guest_stalls_aborted);

static struct attribute *arm_smmu_guest_fault_attrs[] = {
	&dev_attr_guest_stage2_faults.attr,
	&dev_attr_guest_stalls_aborted.attr,
	NULL
};

static const struct attribute_group arm_smmu_guest_fault_group = {
	.attrs = arm_smmu_guest_fault_attrs,
};

const struct attribute_group *arm_smmu_guest_fault_groups[] = {
	&arm_smmu_guest_fault_group,
	NULL
};
