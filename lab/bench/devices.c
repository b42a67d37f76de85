// SPDX-License-Identifier: GPL-2.0-only
/* Measures what a guest stage costs, with different numbers of devices in the container. */
#include <linux/kernel.h>
#include <sys/ioctl.h>

#include <libvfio/guest_commands.h>

#include "devices.h"
#include "measure.h"

#define MAP_IOVA	0x70000000ULL

/* CMD_TLBI_NH_VA has this bit to mean entries of the last level only: IHI 0070, 4.4.2. */
#define TLBI_LEAF	1ULL

static void bind_table(struct bench *bench)
{
	guest_stage_translate(&bench->devices[0], &bench->table);
}

static void bind_other_table(struct bench *bench)
{
	guest_stage_translate(&bench->devices[0], &bench->other_table);
}

static void map_and_unmap(struct bench *bench)
{
	vfio_dma_map(&bench->container, bench->ram.vaddr, MAP_IOVA,
		     GUEST_PAGE_SIZE);
	vfio_dma_unmap(&bench->container, MAP_IOVA, GUEST_PAGE_SIZE);
}

/* A guest that unmaps pages in the middle of others sends such a command for each page. */
static void fill_commands(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < COMMANDS_MAX; i++) {
		bench->commands[i] = guest_cmd_tlbi_va(bench->table.asid,
						       MAP_IOVA + 2 * i * GUEST_PAGE_SIZE);
		bench->commands[i].cmd[1] |= TLBI_LEAF;
	}
}

/*
 * Each of the functions from here on is a rebind that fails at a later check than the one
 * before it does. The difference tells what it costs to get from one check to the next.
 */

/* This is the least that a call can cost: the container answers it. */
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

/* The first device goes from state 2 to state 2, while the other devices are bound. */
static const struct step cycle[] = {
	{ "bind", bind_table },
	{ "rebind", bind_other_table },
	{ "rebind_same", bind_other_table },
	{ "unbind", unbind },
};

/* This shows where the instructions of a rebind go. */
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

static void bind_all_but_the_first(struct bench *bench)
{
	unsigned int i;

	for (i = 1; i < bench->nr_devices; i++)
		guest_stage_translate(&bench->devices[i], &bench->table);
}

static void bench_devices(unsigned int nr_devices)
{
	struct bench bench = { .nr_devices = nr_devices };

	bench_open(&bench, vfio_selftests_bdf, GUEST_RAM_SIZE);
	guest_table_init(&bench.table, &bench.ram, 1);
	guest_table_init(&bench.other_table, &bench.ram, 2);
	bind_all_but_the_first(&bench);

	measure_cycle(&bench, cycle, ARRAY_SIZE(cycle));
	bench_steps(&bench);
	bench_invalidate(&bench);
	measure(&bench, "map_unmap", map_and_unmap);

	bench_close(&bench);
}

void bench_all_devices(void)
{
	static const unsigned int counts[] = { 1, 4, DEVICES_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		VFIO_ASSERT(vfio_selftests_bdf(counts[i] - 1),
			    "%u devices are needed", counts[i]);
		bench_devices(counts[i]);
	}
}
