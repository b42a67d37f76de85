// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what a guest stage costs, with 1, 4 and 16 devices in a container or with
 * many PASIDs in its table, and prints a line of JSON for each operation. The lab runs it
 * with QEMU's -icount, where a nanosecond of CLOCK_MONOTONIC is an instruction.
 *
 * usage: bench -- BDF... (edus, bound to vfio-pci)
 *        bench --pasids -- BDF... (two of them pasid-dma)
 */
#include <linux/kernel.h>
#include <sys/ioctl.h>

#include "bench.h"

#define MAP_IOVA	0x70000000ULL

/* CMD_TLBI_NH_VA of the last level. See section 4.4.2 of IHI 0070. */
#define TLBI_NH_VA	0x12ULL
#define TLBI_ASID	GENMASK_ULL(63, 48)
#define TLBI_LEAF	1ULL

static void bind_table(struct bench *bench)
{
	guest_stage_translate(&bench->devices[0], &bench->table);
}

static void bind_other_table(struct bench *bench)
{
	guest_stage_translate(&bench->devices[0], &bench->other_table);
}

void unbind(struct bench *bench)
{
	guest_stage_unbind(&bench->devices[0]);
}

static void map_and_unmap(struct bench *bench)
{
	vfio_dma_map(&bench->container, bench->ram.vaddr, MAP_IOVA,
		     GUEST_PAGE_SIZE);
	vfio_dma_unmap(&bench->container, MAP_IOVA, GUEST_PAGE_SIZE);
}

/* What a guest does that unmaps so many pages, in the middle of others. */
static void fill_commands(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < COMMANDS_MAX; i++) {
		bench->commands[i].cmd[0] =
			TLBI_NH_VA | FIELD_PREP(TLBI_ASID, bench->table.asid);
		bench->commands[i].cmd[1] =
			(MAP_IOVA + 2 * i * GUEST_PAGE_SIZE) | TLBI_LEAF;
	}
}

void invalidate(struct bench *bench)
{
	struct vfio_iommu_type1_invalidate_guest_stage arg = {
		.argsz = sizeof(arg),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.count = bench->nr_commands,
		.commands = (uintptr_t)bench->commands,
	};
	int ret = ioctl(bench->container.fd, VFIO_IOMMU_INVALIDATE_GUEST_STAGE,
			&arg);

	VFIO_ASSERT(!ret && arg.done == bench->nr_commands, "%u commands done",
		    arg.done);
}

/*
 * A rebind that fails at one check after the other: how far it got tells what it
 * costs to get there.
 */

/* The least that a call can cost: the container answers. */
static void stop_at_container(struct bench *bench)
{
	ioctl(bench->container.fd, VFIO_GET_API_VERSION);
}

static void stop_at_argsz(struct bench *bench)
{
	struct vfio_iommu_type1_bind_guest_stage bind = { .argsz = 0 };

	ioctl(bench->container.fd, VFIO_IOMMU_BIND_GUEST_STAGE, &bind);
}

static void fail(struct bench *bench, struct iommu_guest_stage_config *config,
		 int device_fd, int error)
{
	struct vfio_iommu_type1_bind_guest_stage bind = {
		.argsz = sizeof(bind),
		.device_fd = device_fd,
		.config = *config,
	};
	int ret = ioctl(bench->container.fd, VFIO_IOMMU_BIND_GUEST_STAGE, &bind);

	VFIO_ASSERT(ret && errno == error, "expected error %d", error);
}

static struct iommu_guest_stage_config config_of(struct bench *bench)
{
	return guest_stage_config(&bench->devices[0], IOMMU_GUEST_STAGE_TRANSLATE,
				  bench->other_table.cd);
}

static void stop_at_fd(struct bench *bench)
{
	struct iommu_guest_stage_config config = config_of(bench);

	fail(bench, &config, -1, EBADF);
}

static void stop_at_core(struct bench *bench)
{
	struct iommu_guest_stage_config config = config_of(bench);

	config.state = 0;
	fail(bench, &config, bench->devices[0].fd, EINVAL);
}

static void stop_at_vsid(struct bench *bench)
{
	struct iommu_guest_stage_config config = config_of(bench);

	config.vsid += 0x1000;
	fail(bench, &config, bench->devices[0].fd, EINVAL);
}

static void stop_at_driver(struct bench *bench)
{
	struct iommu_guest_stage_config config = config_of(bench);

	config.base_ptr++;
	fail(bench, &config, bench->devices[0].fd, EINVAL);
}

static void bench_invalidate(struct bench *bench)
{
	static const struct {
		const char *name;
		unsigned int nr_commands;
	} batches[] = {
		{ "invalidate_1", 1 },
		{ "invalidate_4", 4 },
		{ "invalidate_16", 16 },
		{ "invalidate_64", 64 },
		{ "invalidate_256", COMMANDS_MAX },
	};
	unsigned int i;

	fill_commands(bench);
	bind_table(bench);
	for (i = 0; i < ARRAY_SIZE(batches); i++) {
		bench->nr_commands = batches[i].nr_commands;
		measure(bench, batches[i].name, invalidate);
	}
	unbind(bench);
}

/* From state 2 to state 2, with the other devices of the container bound. */
static const struct step cycle[] = {
	{ "bind", bind_table },
	{ "rebind", bind_other_table },
	{ "rebind_same", bind_other_table },
	{ "unbind", unbind },
};

/* Where the instructions of a rebind go. */
static void bench_steps(struct bench *bench)
{
	bind_other_table(bench);
	measure(bench, "container", stop_at_container);
	measure(bench, "argsz", stop_at_argsz);
	measure(bench, "fd", stop_at_fd);
	measure(bench, "core", stop_at_core);
	measure(bench, "vsid", stop_at_vsid);
	measure(bench, "driver", stop_at_driver);
	unbind(bench);
}

static void open_devices(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->nr_devices; i++)
		vfio_pci_device_open(&bench->devices[i], vfio_selftests_bdf(i),
				     &bench->container);
	/* As in a guest that has them at the same addresses. */
	for (i = 0; i < bench->nr_devices; i++)
		bench->devices[i].vsid = bench->devices[i].sid;
}

static void close_devices(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->nr_devices; i++)
		vfio_pci_device_close(&bench->devices[i]);
}

static void bind_all_but_the_first(struct bench *bench)
{
	unsigned int i;

	for (i = 1; i < bench->nr_devices; i++)
		guest_stage_translate(&bench->devices[i], &bench->table);
}

static void bench_devices(unsigned int nr_devices)
{
	struct bench bench = { .nr_devices = nr_devices };

	vfio_container_open(&bench.container, VFIO_TYPE1_NESTING_IOMMU);
	open_devices(&bench);
	guest_ram_init(&bench.ram, &bench.container, GUEST_RAM_IPA, GUEST_RAM_SIZE);
	guest_table_init(&bench.table, &bench.ram, 1);
	guest_table_init(&bench.other_table, &bench.ram, 2);
	bind_all_but_the_first(&bench);

	measure_cycle(&bench, cycle, ARRAY_SIZE(cycle));
	bench_steps(&bench);
	bench_invalidate(&bench);
	measure(&bench, "map_unmap", map_and_unmap);

	close_devices(&bench);
	vfio_container_close(&bench.container);
	guest_ram_cleanup(&bench.ram);
}

static void bench_all_devices(void)
{
	static const unsigned int counts[] = { 1, 4, DEVICES_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		VFIO_ASSERT(vfio_selftests_bdf(counts[i] - 1),
			    "%u devices are needed", counts[i]);
		bench_devices(counts[i]);
	}
}

static bool wants_pasids(int argc, char *argv[])
{
	return argc > 1 && !strcmp(argv[1], "--pasids");
}

int main(int argc, char *argv[])
{
	vfio_selftests_init(&argc, argv);
	VFIO_ASSERT(oracle_present(), "no oracle: run this in the lab");
	measure_overhead();
	if (wants_pasids(argc, argv))
		bench_pasids();
	else
		bench_all_devices();
	printf("{\"done\": true}\n");
	return 0;
}
