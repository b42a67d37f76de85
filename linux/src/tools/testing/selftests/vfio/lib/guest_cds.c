// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/sizes.h>

#include <libvfio/guest_cds.h>
#include <libvfio/guest_stage.h>
#include <libvfio/smmuv3.h>

/* How many bits of a PASID the second level resolves. */
static unsigned int l2_bits(enum s1fmt fmt)
{
	return fmt == S1FMT_4K_L2 ? 6 : 10;
}

u64 guest_cds_size(enum s1fmt fmt, unsigned int bits)
{
	if (fmt == S1FMT_LINEAR)
		return (u64)CD_SIZE << bits;
	if (bits <= l2_bits(fmt))
		return sizeof(u64);
	return sizeof(u64) << (bits - l2_bits(fmt));
}

void guest_cds_init(struct guest_cds *cds, struct guest_ram *ram, enum s1fmt fmt,
		    unsigned int bits)
{
	u64 size = guest_cds_size(fmt, bits);

	cds->ram = ram;
	cds->fmt = fmt;
	cds->bits = bits;
	cds->base = guest_ram_alloc(ram, size, size > CD_SIZE ? size : CD_SIZE);
}

__le64 *guest_cds_l1(struct guest_cds *cds, u32 pasid)
{
	__le64 *l1 = guest_ram_ptr(cds->ram, cds->base);

	return &l1[pasid >> l2_bits(cds->fmt)];
}

u64 guest_cds_address(struct guest_cds *cds, u32 pasid)
{
	unsigned int bits;
	__le64 *l1;
	u64 size;

	if (cds->fmt == S1FMT_LINEAR)
		return cds->base + pasid * CD_SIZE;
	bits = l2_bits(cds->fmt);
	size = CD_SIZE << bits;
	l1 = guest_cds_l1(cds, pasid);
	if (!*l1)
		*l1 = __cpu_to_le64(guest_ram_alloc(cds->ram, size, size) | L1CD_V);
	return (__le64_to_cpu(*l1) & L1CD_L2PTR) + (pasid % (1U << bits)) * CD_SIZE;
}

void guest_cds_set(struct guest_cds *cds, u32 pasid, struct guest_table *table)
{
	guest_table_move_cd(table, guest_cds_address(cds, pasid));
}

struct iommu_guest_stage_config
guest_cds_config(struct guest_cds *cds, struct vfio_pci_device *device, enum s1dss dss)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(device, IOMMU_GUEST_STAGE_TRANSLATE, cds->base);

	config.pasid_bits = cds->bits;
	config.smmuv3.s1fmt = cds->fmt;
	config.smmuv3.s1dss = dss;
	return config;
}

void guest_cds_bind(struct guest_cds *cds, struct vfio_pci_device *device,
		    enum s1dss dss)
{
	struct iommu_guest_stage_config config = guest_cds_config(cds, device, dss);

	guest_stage_bind(device, &config);
}
