/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Binding of devices to guests' own stages of translation
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommu_guest_stage

#if !defined(_TRACE_IOMMU_GUEST_STAGE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IOMMU_GUEST_STAGE_H

#include <linux/device.h>
#include <linux/tracepoint.h>
#include <uapi/linux/iommu.h>

TRACE_DEFINE_ENUM(IOMMU_GUEST_STAGE_TRANSLATE);
TRACE_DEFINE_ENUM(IOMMU_GUEST_STAGE_BYPASS);
TRACE_DEFINE_ENUM(IOMMU_GUEST_STAGE_ABORT);

#define show_guest_stage_state(state)				\
	__print_symbolic(state,					\
		{ IOMMU_GUEST_STAGE_TRANSLATE,	"translate" },	\
		{ IOMMU_GUEST_STAGE_BYPASS,	"bypass" },	\
		{ IOMMU_GUEST_STAGE_ABORT,	"abort" })

TRACE_EVENT(iommu_bind_guest_stage,

	TP_PROTO(struct device *dev, const struct iommu_guest_stage_config *cfg,
		 int ret),

	TP_ARGS(dev, cfg, ret),

	TP_STRUCT__entry(
		__string(device, dev_name(dev))
		__field(u32, vsid)
		__field(u32, format)
		__field(u32, state)
		__field(u32, pasid_bits)
		__field(u64, base_ptr)
		__field(int, ret)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->vsid = cfg->vsid;
		__entry->format = cfg->format;
		__entry->state = cfg->state;
		__entry->pasid_bits = cfg->pasid_bits;
		__entry->base_ptr = cfg->base_ptr;
		__entry->ret = ret;
	),

	TP_printk("device=%s vsid=0x%x format=%u state=%s pasid_bits=%u base_ptr=0x%llx ret=%d",
		  __get_str(device), __entry->vsid, __entry->format,
		  show_guest_stage_state(__entry->state), __entry->pasid_bits,
		  __entry->base_ptr, __entry->ret)
);

TRACE_EVENT(iommu_unbind_guest_stage,

	TP_PROTO(struct device *dev),

	TP_ARGS(dev),

	TP_STRUCT__entry(
		__string(device, dev_name(dev))
	),

	TP_fast_assign(
		__assign_str(device);
	),

	TP_printk("device=%s", __get_str(device))
);

#endif /* _TRACE_IOMMU_GUEST_STAGE_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
