/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_GUEST_TABLE_H
#define SELFTESTS_VFIO_LIBVFIO_GUEST_TABLE_H

#include <linux/bits.h>
#include <linux/types.h>

#include <libvfio/guest_ram.h>

#define GUEST_READ		BIT(0)
#define GUEST_WRITE		BIT(1)

/**
 * struct guest_table - A guest's first stage of translation, in guest memory
 * @ram: Where the descriptor and the tables are
 * @asid: What the SMMU's TLB knows them by
 * @cd: The IPA of the context descriptor
 * @ttb: The IPA of the top-level table
 *
 * 48 bits of address, 4KB granule, every entry non-global.
 */
struct guest_table {
	struct guest_ram *ram;
	u16 asid;
	u64 cd;
	u64 ttb;
};

void guest_table_init(struct guest_table *table, struct guest_ram *ram,
		      u16 asid);

/* The same tables behind another descriptor, at @cd. */
void guest_table_move_cd(struct guest_table *table, u64 cd);

/*
 * Both take effect for what the SMMU hasn't cached: nobody here invalidates.
 * Addresses and sizes are multiples of GUEST_PAGE_SIZE.
 */
void guest_table_map(struct guest_table *table, u64 iova, u64 ipa, u64 size,
		     int prot);
void guest_table_unmap(struct guest_table *table, u64 iova, u64 size);

/* The descriptor's quad-words, and the entry of a page, to break them. */
__le64 *guest_table_cd(struct guest_table *table);
__le64 *guest_table_entry(struct guest_table *table, u64 iova);

#endif /* SELFTESTS_VFIO_LIBVFIO_GUEST_TABLE_H */
