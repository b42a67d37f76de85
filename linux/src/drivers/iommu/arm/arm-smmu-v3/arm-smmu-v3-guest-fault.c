// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of the SMMU that are for a guest to know
 *
 * A guest has an SMMU with a stage 1 and nothing else. It is told what that SMMU
 * would tell it, made from what the real one recorded. Where stage 2 failed, an
 * SMMU without one would have met memory that doesn't answer.
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
 *  anything else                     nothing: the host's
 *
 * CLASS tells what failed, not S2: stage 1 itself fails for an input address
 * only. There are SMMUs that leave S2 clear if it was the fetch of a table.
 *
 * All other fields are 0. In particular
 *
 * - a FetchAddr recorded by the SMMU is a physical address: F_CD_FETCH and
 *   F_WALK_EABT, as well as F_STE_FETCH and F_VMS_FETCH, are the host's. The
 *   guest's own are made from the IPA that stage 2 could not translate, if there
 *   is one (S2 = 1), which is what the guest takes for a physical address.
 * - IPA, TTRnW and Reason are of no stage 1, or are UNKNOWN. An STAG is not that
 *   of the SMMU, see arm-smmu-v3-guest-stall.c.
 *
 * F_BAD_ATS_TREQ and F_TRANSL_FORBIDDEN are the host's. ATS of the device itself
 * is the host's to switch, so they come from a device that breaks the rules, or
 * is late; and the address of the latter, a translated one, is physical.
 *
 * See IHI 0070, 7.3 Event records.
 */
#include <kunit/visibility.h>
#include <linux/sysfs.h>

#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stall.h"

#define CREATE_TRACE_POINTS
#include "arm-smmu-v3-guest-fault-trace.h"

static u64 arm_smmu_guest_event_0(u8 id, u64 ssid, u32 vsid)
{
	return FIELD_PREP(EVTQ_0_ID, id) | ssid | FIELD_PREP(EVTQ_0_SID, vsid);
}

/* SSV and SubstreamID, which is UNKNOWN without the former */
static u64 arm_smmu_event_ssid(const u64 *evt)
{
	return evt[0] & EVTQ_0_SSV ? evt[0] & (EVTQ_0_SSV | EVTQ_0_SSID) : 0;
}

/* A bad fetch of a CD or of a table. The IPA is UNKNOWN unless stage 2 failed. */
static u64 arm_smmu_event_fetch_addr(const u64 *evt)
{
	return evt[1] & EVTQ_1_S2 ? evt[3] & EVTQ_3_IPA : 0;
}

static enum arm_smmu_event_owner
arm_smmu_make_guest_fault(u64 guest[4], const u64 *evt, u32 vsid)
{
	u64 ssid = arm_smmu_event_ssid(evt);

	switch (FIELD_GET(EVTQ_1_CLASS, evt[1])) {
	case EVTQ_1_CLASS_CD:
		guest[0] = arm_smmu_guest_event_0(EVT_ID_CD_FETCH, ssid, vsid);
		guest[3] = arm_smmu_event_fetch_addr(evt);
		return ARM_SMMU_EVENT_GUEST;
	case EVTQ_1_CLASS_TT:
		guest[0] = arm_smmu_guest_event_0(EVT_ID_WALK_EABT, ssid, vsid);
		guest[3] = arm_smmu_event_fetch_addr(evt);
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

	guest[1] = evt[1] & (EVTQ_1_PnU | EVTQ_1_InD | EVTQ_1_RnW |
			     EVTQ_1_CLASS);
	guest[2] = evt[2];
	return ARM_SMMU_EVENT_GUEST;
}

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

/* What the guest gets for an event that isn't stalled: see the table above */
VISIBLE_IF_KUNIT
enum arm_smmu_event_owner
arm_smmu_make_guest_event(struct iommu_guest_event_smmuv3 *guest,
			  const u64 *evt, u32 vsid)
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
		/* There is no SSV: there always is a SubstreamID */
		made[0] = arm_smmu_guest_event_0(id, evt[0] & EVTQ_0_SSID,
						 vsid);
		break;
	case EVT_ID_BAD_CD:
		made[0] = arm_smmu_guest_event_0(id, arm_smmu_event_ssid(evt),
						 vsid);
		break;
	default:
		owner = arm_smmu_event_is_fault(evt) ?
				arm_smmu_make_guest_fault(made, evt, vsid) :
				ARM_SMMU_EVENT_HOST;
	}

	for (i = 0; i < ARRAY_SIZE(made); i++)
		guest->event[i] = cpu_to_le64(made[i]);
	return owner;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_make_guest_event);

/* Only an input address that stage 1 doesn't translate is a guest's to resume */
static bool arm_smmu_handle_guest_stall(struct arm_smmu_master *master,
					const u64 *evt,
					enum arm_smmu_event_owner owner,
					struct iommu_guest_fault *fault)
{
	if (owner == ARM_SMMU_EVENT_GUEST &&
	    FIELD_GET(EVTQ_1_CLASS, evt[1]) == EVTQ_1_CLASS_IN)
		return arm_smmu_report_guest_stall(master, evt, fault);
	arm_smmu_abort_guest_stall(master, evt);
	return false;
}

/*
 * False if it is none of a guest. A device that can't stall by its guest's
 * configuration is the host's business if it does. What was stalled when that was
 * terminated is nobody's.
 */
static bool arm_smmu_take_guest_event(struct arm_smmu_device *smmu,
				      const u64 *evt, u64 num, bool *log)
{
	struct iommu_guest_fault fault = {
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
	};
	struct arm_smmu_guest_events *events;
	bool stalled = arm_smmu_event_is_fault(evt) && (evt[1] & EVTQ_1_STALL);
	bool reported = false;
	struct arm_smmu_master *master;
	enum arm_smmu_event_owner owner;

	/* Held until the event is reported: unbind waits for that */
	guard(mutex)(&smmu->streams_mutex);
	master = arm_smmu_find_master(smmu, FIELD_GET(EVTQ_0_SID, evt[0]));
	if (!master)
		return false;
	events = &master->guest_events;
	if (stalled && num < master->guest_stalls.first)
		return true;
	if (!events->bound || num < events->first)
		return false;
	if (stalled && !master->guest_stalls.slots)
		return false;

	owner = arm_smmu_make_guest_event(&fault.smmuv3, evt, events->vsid);
	if (owner == ARM_SMMU_EVENT_STAGE2) {
		events->stage2_faults++;
		atomic64_inc(&smmu->guest_stage2_faults);
	}
	trace_arm_smmu_guest_event(master, evt, owner);

	if (stalled)
		reported = arm_smmu_handle_guest_stall(master, evt, owner,
						       &fault);
	else if (owner == ARM_SMMU_EVENT_GUEST)
		reported = iommu_report_guest_fault(master->dev, &fault);
	*log = !reported && __ratelimit(&events->log);
	return true;
}

/**
 * arm_smmu_handle_guest_event() - Handle an event of a device with a guest stage
 * @smmu: the SMMU
 * @evt: the event
 * @num: its number
 *
 * What the guest isn't told of goes to the log, as do the events of other
 * devices. Each device has a limit of its own there: no guest can use up that of
 * another, or the host's. Nobody has to wait for streams_mutex meanwhile: the
 * console may be slow.
 *
 * Return: False if it is none
 */
bool arm_smmu_handle_guest_event(struct arm_smmu_device *smmu, const u64 *evt,
				 u64 num)
{
	bool log = false;

	if (!arm_smmu_take_guest_event(smmu, evt, num, &log))
		return false;
	if (log)
		arm_smmu_dump_event(smmu, evt);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_handle_guest_event);

/* The queue of the SMMU was full: it may have been any guest's event */
void arm_smmu_guest_events_lost(struct arm_smmu_device *smmu)
{
	struct arm_smmu_master *master;
	struct rb_node *node;

	guard(mutex)(&smmu->streams_mutex);
	for (node = rb_first(&smmu->streams); node; node = rb_next(node)) {
		master = rb_entry(node, struct arm_smmu_stream, node)->master;
		if (master->guest_events.bound)
			iommu_report_guest_faults_lost(master->dev);
	}
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_events_lost);

/*
 * A guest stage is going to be installed. Events that are in the queue are of
 * what the device was before, which may have been another guest's: it was
 * detached since, and the CMD_SYNC of that has made them visible (IHI 0070,
 * 4.7.3 CMD_SYNC).
 *
 * -EBUSY if the host resolves the device's faults itself. It can't begin to while
 * the device is bound.
 */
int arm_smmu_guest_events_start(struct arm_smmu_master *master, u32 vsid)
{
	struct arm_smmu_guest_events *events = &master->guest_events;

	guard(mutex)(&master->smmu->streams_mutex);
	if (master->iopf_enabled)
		return -EBUSY;
	if (!events->bound)
		events->first = arm_smmu_evtq_next(master->smmu);
	events->vsid = vsid;
	events->bound = true;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_events_start);

/* A guest stage is gone. No event is being reported on return. */
void arm_smmu_guest_events_stop(struct arm_smmu_master *master)
{
	guard(mutex)(&master->smmu->streams_mutex);
	master->guest_events.bound = false;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_events_stop);

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
