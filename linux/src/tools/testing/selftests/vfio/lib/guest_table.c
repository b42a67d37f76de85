// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>

#include <libvfio/guest_table.h>
#include <libvfio/smmuv3.h>

#define LEVELS		4
#define BITS_OF_LEVEL	9
#define PAGE_SHIFT	12
#define VA_BITS		(PAGE_SHIFT + LEVELS * BITS_OF_LEVEL)

#define CD_IPS_40_BITS	2
#define MAIR_WRITE_BACK	0xff
#define WRITE_BACK	1
#define INNER_SHAREABLE	3

static u64 alloc_table(struct guest_ram *ram)
{
	return guest_ram_alloc(ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
}

__le64 *guest_table_cd(struct guest_table *table)
{
	return guest_ram_ptr(table->ram, table->cd);
}

static void write_cd(struct guest_table *table)
{
	__le64 *cd = guest_table_cd(table);
	u64 val = CD_0_V | CD_0_AA64 | CD_0_R | CD_0_A | CD_0_ASET | CD_0_EPD1;

	val |= FIELD_PREP(CD_0_T0SZ, 64 - VA_BITS) |
	       FIELD_PREP(CD_0_IR0, WRITE_BACK) |
	       FIELD_PREP(CD_0_OR0, WRITE_BACK) |
	       FIELD_PREP(CD_0_SH0, INNER_SHAREABLE) |
	       FIELD_PREP(CD_0_IPS, CD_IPS_40_BITS) |
	       FIELD_PREP(CD_0_ASID, table->asid);
	cd[1] = __cpu_to_le64(table->ttb & CD_1_TTB0);
	cd[3] = __cpu_to_le64(MAIR_WRITE_BACK);
	cd[0] = __cpu_to_le64(val);
}

void guest_table_init(struct guest_table *table, struct guest_ram *ram,
		      u16 asid)
{
	table->ram = ram;
	table->asid = asid;
	table->ttb = alloc_table(ram);
	table->cd = guest_ram_alloc(ram, CD_SIZE, CD_SIZE);
	write_cd(table);
}

void guest_table_move_cd(struct guest_table *table, u64 cd)
{
	table->cd = cd;
	write_cd(table);
}

static unsigned int index_of(u64 iova, int level)
{
	int shift = PAGE_SHIFT + (LEVELS - 1 - level) * BITS_OF_LEVEL;

	return (iova >> shift) & ((1 << BITS_OF_LEVEL) - 1);
}

static __le64 *next_table(struct guest_table *table, __le64 *entry)
{
	if (!*entry)
		*entry = __cpu_to_le64(alloc_table(table->ram) | PTE_VALID |
				       PTE_TABLE_OR_PAGE);
	return guest_ram_ptr(table->ram, __le64_to_cpu(*entry) & PTE_ADDR);
}

/* The last-level entry. The tables on the way to it are made if missing. */
__le64 *guest_table_entry(struct guest_table *table, u64 iova)
{
	__le64 *entries = guest_ram_ptr(table->ram, table->ttb);
	int level;

	for (level = 0; level < LEVELS - 1; level++)
		entries = next_table(table, &entries[index_of(iova, level)]);
	return &entries[index_of(iova, level)];
}

static u64 attributes(int prot)
{
	u64 val = PTE_VALID | PTE_TABLE_OR_PAGE | PTE_AP_UNPRIVILEGED |
		  PTE_SH_INNER | PTE_AF | PTE_NG;

	return prot & GUEST_WRITE ? val : val | PTE_AP_READ_ONLY;
}

void guest_table_map(struct guest_table *table, u64 iova, u64 ipa, u64 size,
		     int prot)
{
	u64 offset;

	for (offset = 0; offset < size; offset += GUEST_PAGE_SIZE)
		*guest_table_entry(table, iova + offset) =
			__cpu_to_le64((ipa + offset) | attributes(prot));
}

void guest_table_unmap(struct guest_table *table, u64 iova, u64 size)
{
	u64 offset;

	for (offset = 0; offset < size; offset += GUEST_PAGE_SIZE)
		*guest_table_entry(table, iova + offset) = 0;
}
