/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_BENCH_BENCH_H
#define LAB_BENCH_BENCH_H

#include <libvfio.h>

#define DEVICES_MAX	16
#define COMMANDS_MAX	256

/* A VMM whose calls are measured. The first device is the one that they are about. */
struct bench {
	struct vfio_container container;
	struct vfio_pci_device devices[DEVICES_MAX];
	unsigned int nr_devices;
	/* In the table that is measured, or 0 if that is one for no PASID. */
	unsigned int nr_pasids;
	struct guest_ram ram;
	struct guest_table table;
	struct guest_table other_table;
	struct iommu_guest_command_smmuv3 commands[COMMANDS_MAX];
	unsigned int nr_commands;
};

/*
 * Open as many devices as @bench says, and give the guest memory. @bdf tells the address of
 * the i-th device. The guest calls each device what the host calls it.
 */
void bench_open(struct bench *bench, const char *(*bdf)(unsigned int i), u64 ram_size);
void bench_close(struct bench *bench);

/* Take the guest's stage from the first device. */
void unbind(struct bench *bench);

/* Execute the first @nr_commands commands, in one call. */
void invalidate(struct bench *bench);

#endif /* LAB_BENCH_BENCH_H */
