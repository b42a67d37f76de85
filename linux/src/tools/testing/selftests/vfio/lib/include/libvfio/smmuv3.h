/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_SMMUV3_H
#define SELFTESTS_VFIO_LIBVFIO_SMMUV3_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/types.h>

/* The layouts of sections 5.2, 5.4 and 7.3 of the specification, IHI 0070. */

/* A Stream Table Entry. */
struct ste {
	u64 data[8];
};

#define STE_0_V			BIT_ULL(0)
#define STE_0_CONFIG		GENMASK_ULL(3, 1)
#define STE_CONFIG_ABORT	0
#define STE_CONFIG_BYPASS	4
#define STE_CONFIG_S1_TRANS	5
#define STE_CONFIG_S2_TRANS	6
#define STE_CONFIG_NESTED	7
#define STE_0_S1FMT		GENMASK_ULL(5, 4)
#define STE_0_S1CONTEXTPTR	GENMASK_ULL(51, 6)
#define STE_0_S1CDMAX		GENMASK_ULL(63, 59)

#define STE_1_S1DSS		GENMASK_ULL(1, 0)
#define STE_1_S1CIR		GENMASK_ULL(3, 2)
#define STE_1_S1COR		GENMASK_ULL(5, 4)
#define STE_1_S1CSH		GENMASK_ULL(7, 6)
#define STE_1_MEV		BIT_ULL(19)
#define STE_1_EATS		GENMASK_ULL(29, 28)
#define STE_1_STRW		GENMASK_ULL(31, 30)

/* What of this quad-word may be the guest's. */
#define STE_1_GUEST		(STE_1_S1CIR | STE_1_S1COR | STE_1_S1CSH)

#define STE_2_S2VMID		GENMASK_ULL(15, 0)
#define STE_3_S2TTB		GENMASK_ULL(51, 4)

#define STE_FIELD(ste, i, name) \
	((u64)FIELD_GET(STE_##i##_##name, (ste)->data[i]))

static inline u64 ste_config(const struct ste *ste)
{
	return STE_FIELD(ste, 0, CONFIG);
}

static inline u16 ste_vmid(const struct ste *ste)
{
	return STE_FIELD(ste, 2, S2VMID);
}

/* The table's address, as the STE has it: bits [51:6] in place. */
static inline u64 ste_s1contextptr(const struct ste *ste)
{
	return ste->data[0] & STE_0_S1CONTEXTPTR;
}

/* An event. */
#define EVT_0_ID		GENMASK_ULL(7, 0)
#define EVT_0_SSV		BIT_ULL(11)
#define EVT_0_SSID		GENMASK_ULL(31, 12)
#define EVT_0_SID		GENMASK_ULL(63, 32)
#define EVT_1_PNU		BIT_ULL(33)
#define EVT_1_IND		BIT_ULL(34)
#define EVT_1_RNW		BIT_ULL(35)
#define EVT_1_S2		BIT_ULL(39)
#define EVT_1_CLASS		GENMASK_ULL(41, 40)
#define EVT_3_IPA		GENMASK_ULL(51, 12)

#define EVT_ID_F_STREAM_DISABLED	0x06
#define EVT_ID_C_BAD_SUBSTREAMID	0x08
#define EVT_ID_C_BAD_CD		0x0a
#define EVT_ID_F_CD_FETCH	0x09
#define EVT_ID_F_WALK_EABT	0x0b
#define EVT_ID_F_TRANSLATION	0x10
#define EVT_ID_F_ADDR_SIZE	0x11
#define EVT_ID_F_ACCESS		0x12
#define EVT_ID_F_PERMISSION	0x13

#define EVT_CLASS_CD		0
#define EVT_CLASS_TT		1
#define EVT_CLASS_IN		2

/* Registers of section 6.3. The second is in page 1. */
#define SMMU_EVENTQ_BASE	0xa0
#define EVENTQ_BASE_LOG2SIZE	GENMASK_ULL(4, 0)
#define EVENTQ_BASE_ADDR	GENMASK_ULL(51, 5)
#define SMMU_EVENTQ_PROD	0x100a8

/* A first-level descriptor of a table of Context Descriptors. */
#define L1CD_V			BIT_ULL(0)
#define L1CD_L2PTR		GENMASK_ULL(51, 12)

/* A Context Descriptor. */
#define CD_DWORDS		8
#define CD_SIZE			(CD_DWORDS * sizeof(u64))

#define CD_0_T0SZ		GENMASK_ULL(5, 0)
#define CD_0_TG0		GENMASK_ULL(7, 6)
#define CD_0_IR0		GENMASK_ULL(9, 8)
#define CD_0_OR0		GENMASK_ULL(11, 10)
#define CD_0_SH0		GENMASK_ULL(13, 12)
#define CD_0_EPD0		BIT_ULL(14)
#define CD_0_EPD1		BIT_ULL(30)
#define CD_0_V			BIT_ULL(31)
#define CD_0_IPS		GENMASK_ULL(34, 32)
#define CD_0_AA64		BIT_ULL(41)
#define CD_0_R			BIT_ULL(45)
#define CD_0_A			BIT_ULL(46)
#define CD_0_ASET		BIT_ULL(47)
#define CD_0_ASID		GENMASK_ULL(63, 48)
#define CD_1_TTB0		GENMASK_ULL(51, 4)

/* An event, of section 7.3. */
#define EVENT_0_TYPE		GENMASK_ULL(7, 0)
#define EVENT_F_TRANSLATION	0x10
#define EVENT_F_PERMISSION	0x13
#define EVENT_0_SID		GENMASK_ULL(63, 32)

/* A descriptor of a translation table, 4KB granule. */
#define PTE_VALID		BIT_ULL(0)
#define PTE_TABLE_OR_PAGE	BIT_ULL(1)
#define PTE_AP_UNPRIVILEGED	BIT_ULL(6)
#define PTE_AP_READ_ONLY	BIT_ULL(7)
#define PTE_SH_INNER		(3ULL << 8)
#define PTE_AF			BIT_ULL(10)
#define PTE_NG			BIT_ULL(11)
#define PTE_ADDR		GENMASK_ULL(47, 12)

#endif /* SELFTESTS_VFIO_LIBVFIO_SMMUV3_H */
