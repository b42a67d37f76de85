// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what a guest's table costs, with different numbers of PASIDs in it. Each of the
 * PASIDs has a descriptor, and the device shows for each that it works.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/sizes.h>

#include <libvfio/guest_cds.h>
#include <libvfio/guest_commands.h>
#include <libvfio/pasid_dma.h>

#include "measure.h"
#include "pasids.h"

#define IOVA		0x7000000000ULL
/* The descriptors of 2^16 PASIDs take 4 MiB. */
#define RAM_SIZE	SZ_8M

#define PASID_DEVICES	2

static const struct size {
	unsigned int nr_pasids;
	unsigned int bits;
} sizes[] = {
	{ 1, 1 },
	{ 1000, 10 },
	{ 1 << 16, 16 },
};

/* This is the table that is measured. */
static struct guest_cds cds;

static void bind_cds(struct bench *bench)
{
	guest_cds_bind(&cds, &bench->devices[0], S1DSS_TERMINATE);
}

/* Each command names another device than the command before it did. */
static void invalidate_in_turn(struct bench *bench)
{
	struct iommu_guest_command_smmuv3 command = bench->commands[0];

	bench->commands[0] = bench->commands[1];
	bench->commands[1] = command;
	invalidate(bench);
}

/* All PASIDs share one table. The SMMU tells them apart by their ASIDs. */
static u64 *fill_cds(struct bench *bench, const struct size *size)
{
	struct guest_ram *ram = &bench->ram;
	u64 page;
	u32 pasid;

	guest_cds_init(&cds, ram, S1FMT_4K_L2, size->bits);
	guest_table_init(&bench->table, ram, 0);
	page = guest_ram_alloc(ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	guest_table_map(&bench->table, IOVA, page, GUEST_PAGE_SIZE, GUEST_WRITE);
	for (pasid = 0; pasid < size->nr_pasids; pasid++) {
		bench->table.asid = pasid;
		guest_cds_set(&cds, pasid, &bench->table);
	}
	return guest_ram_ptr(ram, page);
}

static void write_as(struct vfio_pci_device *device, u32 pasid, u64 *page)
{
	u64 *buffer = pasid_dma_buffer(device);

	WRITE_ONCE(*buffer, ~(u64)pasid);
	VFIO_ASSERT(pasid_dma_write(device, pasid, IOVA, sizeof(u64)) == PASID_DMA_OK &&
		    READ_ONCE(*page) == ~(u64)pasid, "PASID %u", pasid);
}

static void try_all(struct bench *bench, u64 *page)
{
	struct vfio_pci_device *device = &bench->devices[0];
	u32 pasid;

	for (pasid = 0; pasid < bench->nr_pasids; pasid++)
		write_as(device, pasid, page);
	VFIO_ASSERT(pasid_dma_write(device, PASID_DMA_NO_PASID, IOVA, sizeof(u64)) ==
		    PASID_DMA_ABORT, "DMA without a PASID");
}

static void measure_command(struct bench *bench, const char *name,
			    struct iommu_guest_command_smmuv3 command)
{
	bench->commands[0] = command;
	bench->nr_commands = 1;
	measure(bench, name, invalidate);
}

static void measure_in_turn(struct bench *bench, const char *name, u32 pasid)
{
	unsigned int i;

	guest_cds_bind(&cds, &bench->devices[1], S1DSS_TERMINATE);
	for (i = 0; i < bench->nr_devices; i++)
		bench->commands[i] = guest_cmd_cfgi_cd_pasid(bench->devices[i].vsid, pasid);
	bench->nr_commands = 1;
	measure(bench, name, invalidate_in_turn);
	guest_stage_unbind(&bench->devices[1]);
}

static void bench_table(struct bench *bench)
{
	static const struct step steps[] = {
		{ "bind_pasids", bind_cds },
		{ "unbind_pasids", unbind },
	};
	u32 pasid = bench->nr_pasids - 1;

	measure_cycle(bench, steps, ARRAY_SIZE(steps));
	bind_cds(bench);
	measure_command(bench, "tlbi", guest_cmd_tlbi_va(pasid, IOVA));
	measure_command(bench, "cfgi_cd",
			guest_cmd_cfgi_cd_pasid(bench->devices[0].vsid, pasid));
	measure_in_turn(bench, "cfgi_cd_in_turn", pasid);
	unbind(bench);
}

static void bench_size(const struct size *size)
{
	struct bench bench = { .nr_devices = PASID_DEVICES, .nr_pasids = size->nr_pasids };
	u64 *page;

	bench_open(&bench, pasid_dma_bdf, RAM_SIZE);
	page = fill_cds(&bench, size);

	bind_cds(&bench);
	try_all(&bench, page);
	unbind(&bench);
	bench_table(&bench);

	bench_close(&bench);
}

void bench_pasids(void)
{
	unsigned int i;

	VFIO_ASSERT(pasid_dma_bdf(PASID_DEVICES - 1), "%u devices with PASIDs are needed",
		    PASID_DEVICES);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		bench_size(&sizes[i]);
}
