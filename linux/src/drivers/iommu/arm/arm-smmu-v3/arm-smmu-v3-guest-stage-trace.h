/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The STEs of devices that are bound to guests
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM arm_smmu_v3

#if !defined(_ARM_SMMU_V3_GUEST_STAGE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ARM_SMMU_V3_GUEST_STAGE_TRACE_H

#include <linux/device.h>
#include <linux/tracepoint.h>

#include "arm-smmu-v3.h"

TRACE_EVENT(arm_smmu_guest_ste,

	TP_PROTO(const struct arm_smmu_master *master,
		 const struct arm_smmu_ste *ste),

	TP_ARGS(master, ste),

	TP_STRUCT__entry(
		__string(device, dev_name(master->dev))
		__string(smmu, dev_name(master->smmu->dev))
		__field(u32, sid)
		__field(u32, num_streams)
		__array(u64, ste, 4)
	),

	TP_fast_assign(
		unsigned int i;

		__assign_str(device);
		__assign_str(smmu);
		__entry->sid = master->streams[0].id;
		__entry->num_streams = master->num_streams;
		for (i = 0; i < ARRAY_SIZE(__entry->ste); i++)
			__entry->ste[i] = le64_to_cpu(ste->data[i]);
	),

	TP_printk("device=%s smmu=%s sid=0x%x streams=%u ste=%016llx %016llx %016llx %016llx",
		  __get_str(device), __get_str(smmu), __entry->sid,
		  __entry->num_streams, __entry->ste[0], __entry->ste[1],
		  __entry->ste[2], __entry->ste[3])
);

#endif /* _ARM_SMMU_V3_GUEST_STAGE_TRACE_H */

/* This part must be outside protection */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../drivers/iommu/arm/arm-smmu-v3
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE arm-smmu-v3-guest-stage-trace
#include <trace/define_trace.h>
