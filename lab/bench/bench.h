/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_BENCH_BENCH_H
#define LAB_BENCH_BENCH_H

#include <libvfio.h>

#define DEVICES_MAX	16
#define SAMPLES		65
#define COMMANDS_MAX	256
#define STEPS_MAX	4

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

typedef void (*operation)(struct bench *bench);

/* What is measured, and its name. */
struct step {
	const char *name;
	operation operation;
};

/* Once, before all that measure. */
void measure_overhead(void);

/* Measure one step again and again, or several in turn, and print the figures. */
void measure(struct bench *bench, const char *name, operation operation);
void measure_cycle(struct bench *bench, const struct step *steps, unsigned int nr_steps);

/* What they have in common. */
void unbind(struct bench *bench);
void invalidate(struct bench *bench);

/* With a table of one PASID, of 1,000, and of all that there are with 16 bits. */
void bench_pasids(void);

#endif /* LAB_BENCH_BENCH_H */
