/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of devices that are bound to guests
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM arm_smmu_v3

#if !defined(_ARM_SMMU_V3_GUEST_FAULT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ARM_SMMU_V3_GUEST_FAULT_TRACE_H

#include <linux/device.h>
#include <linux/tracepoint.h>

#include "arm-smmu-v3.h"
#include "arm-smmu-v3-guest-fault.h"

TRACE_DEFINE_ENUM(ARM_SMMU_EVENT_HOST);
TRACE_DEFINE_ENUM(ARM_SMMU_EVENT_GUEST);
TRACE_DEFINE_ENUM(ARM_SMMU_EVENT_STAGE2);

#define show_arm_smmu_event_owner(owner)			\
	__print_symbolic(owner,					\
		{ ARM_SMMU_EVENT_HOST,		"host" },	\
		{ ARM_SMMU_EVENT_GUEST,		"guest" },	\
		{ ARM_SMMU_EVENT_STAGE2,	"stage2" })

TRACE_EVENT(arm_smmu_guest_event,

	TP_PROTO(const struct arm_smmu_master *master, const u64 *evt,
		 enum arm_smmu_event_owner owner),

	TP_ARGS(master, evt, owner),

	TP_STRUCT__entry(
		__string(device, dev_name(master->dev))
		__string(smmu, dev_name(master->smmu->dev))
		__field(u32, vsid)
		__field(u32, owner)
		__array(u64, evt, 4)
	),

	TP_fast_assign(
		__assign_str(device);
		__assign_str(smmu);
		__entry->vsid = master->guest.vsid;
		__entry->owner = owner;
		memcpy(__entry->evt, evt, sizeof(__entry->evt));
	),

	TP_printk("device=%s smmu=%s vsid=0x%x owner=%s event=%016llx %016llx %016llx %016llx",
		  __get_str(device), __get_str(smmu), __entry->vsid,
		  show_arm_smmu_event_owner(__entry->owner), __entry->evt[0],
		  __entry->evt[1], __entry->evt[2], __entry->evt[3])
);

#endif /* _ARM_SMMU_V3_GUEST_FAULT_TRACE_H */

/* This part must be outside protection */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../drivers/iommu/arm/arm-smmu-v3
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE arm-smmu-v3-guest-fault-trace
#include <trace/define_trace.h>
