/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_GUEST_CDS_H
#define SELFTESTS_VFIO_LIBVFIO_GUEST_CDS_H

#include <linux/iommu.h>
#include <linux/types.h>

#include <libvfio/guest_commands.h>
#include <libvfio/guest_table.h>
#include <libvfio/vfio_pci_device.h>

/* Of STE.S1Fmt, section 5.2 of the specification, IHI 0070. */
enum s1fmt {
	S1FMT_LINEAR,
	S1FMT_4K_L2,
	S1FMT_64K_L2,
};

/* Of STE.S1DSS: what becomes of transactions without a PASID. */
enum s1dss {
	S1DSS_TERMINATE,
	S1DSS_BYPASS,
	S1DSS_SSID0,
};

/**
 * struct guest_cds - A guest's table of context descriptors, one for each PASID
 * @ram: Where it is
 * @fmt: Its format
 * @bits: log2 of how many PASIDs it has room for, STE.S1CDMax
 * @base: The IPA of the table, of its first level if it has two
 *
 * A PASID's descriptor is invalid until a &struct guest_table is moved there.
 */
struct guest_cds {
	struct guest_ram *ram;
	enum s1fmt fmt;
	unsigned int bits;
	u64 base;
};

/* Guarantees: all is invalid, and @base is aligned as the format wants it. */
void guest_cds_init(struct guest_cds *cds, struct guest_ram *ram, enum s1fmt fmt,
		    unsigned int bits);

/* The size of the table, of its first level if it has two, in bytes. */
u64 guest_cds_size(enum s1fmt fmt, unsigned int bits);

/* The first-level descriptor of @pasid, in a table of two levels. */
__le64 *guest_cds_l1(struct guest_cds *cds, u32 pasid);

/* The IPA of the descriptor of @pasid. The table on the way to it is made if missing. */
u64 guest_cds_address(struct guest_cds *cds, u32 pasid);

/* Have @pasid translated by @table. Nobody here invalidates. */
void guest_cds_set(struct guest_cds *cds, u32 pasid, struct guest_table *table);

/* A valid configuration of @device with this table. */
struct iommu_guest_stage_config
guest_cds_config(struct guest_cds *cds, struct vfio_pci_device *device, enum s1dss dss);
void guest_cds_bind(struct guest_cds *cds, struct vfio_pci_device *device,
		    enum s1dss dss);

/* What a guest can have of PASIDs: device, SMMU and kernel have a say. */
#define SKIP_WITHOUT_PASIDS(statement, device, bits) do {			\
	struct vfio_pci_device *__device = (device);				\
	struct iommu_guest_stage_info __info;					\
	unsigned int __bits = (bits);						\
										\
	guest_stage_info(__device, &__info);					\
	if (__info.pasid_bits < __bits)						\
		SKIP(statement, "needs PASIDs of %u bits, %s has %u", __bits,	\
		     __device->bdf, __info.pasid_bits);				\
} while (0)

#endif /* SELFTESTS_VFIO_LIBVFIO_GUEST_CDS_H */
