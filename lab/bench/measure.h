/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_BENCH_MEASURE_H
#define LAB_BENCH_MEASURE_H

#include "bench.h"

#define STEPS_MAX	4

typedef void (*operation)(struct bench *bench);

/* What is measured, and its name. */
struct step {
	const char *name;
	operation operation;
};

/* Measure what a look at the clock costs. The program does this once, before all else. */
void measure_overhead(void);

/* Measure one step again and again, or several in turn, and print the figures. */
void measure(struct bench *bench, const char *name, operation operation);
void measure_cycle(struct bench *bench, const struct step *steps, unsigned int nr_steps);

#endif /* LAB_BENCH_MEASURE_H */
