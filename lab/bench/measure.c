// SPDX-License-Identifier: GPL-2.0-only
/* Times operations by the clock, and prints a line of JSON for each of them. */
#include <time.h>

#include "measure.h"

#define SAMPLES		65

/* An operation has a name, and took so long each time. */
struct series {
	const char *name;
	u64 samples[SAMPLES];
	unsigned int count;
	char *commands;
};

/* This is what it costs to look at the clock twice. */
static u64 overhead;

static u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 median(struct series *series)
{
	qsort(series->samples, series->count, sizeof(u64), compare);
	return series->samples[series->count / 2];
}

static void add(struct series *series, u64 started)
{
	u64 took = now() - started;

	series->samples[series->count++] = took > overhead ? took - overhead : 0;
}

void measure_overhead(void)
{
	struct series clock = { .name = "clock" };
	unsigned int i;

	for (i = 0; i < SAMPLES; i++)
		add(&clock, now());
	overhead = median(&clock);
}

static void print(struct series *series, struct bench *bench)
{
	u64 mid = median(series);

	printf("{\"operation\": \"%s\", \"%s\": %u, \"count\": %u, \"median\": %llu, \"min\": %llu, \"max\": %llu, \"commands\": \"%s\"}\n",
	       series->name, bench->nr_pasids ? "pasids" : "devices",
	       bench->nr_pasids ?: bench->nr_devices, series->count,
	       (unsigned long long)mid, (unsigned long long)series->samples[0],
	       (unsigned long long)series->samples[series->count - 1],
	       series->commands ?: "");
	fflush(stdout);
}

static void run(struct series *series, operation operation, struct bench *bench)
{
	u64 started = now();

	operation(bench);
	add(series, started);
}

/* Do it once more without a clock, to see what the SMMU is told. */
static void watch(struct series *series, operation operation, struct bench *bench)
{
	oracle_mark();
	operation(bench);
	series->commands = oracle_commands();
}

void measure_cycle(struct bench *bench, const struct step *steps, unsigned int nr_steps)
{
	struct series series[STEPS_MAX] = {};
	unsigned int i, step;

	for (step = 0; step < nr_steps; step++) {
		series[step].name = steps[step].name;
		watch(&series[step], steps[step].operation, bench);
	}
	for (i = 0; i < SAMPLES; i++)
		for (step = 0; step < nr_steps; step++)
			run(&series[step], steps[step].operation, bench);
	for (step = 0; step < nr_steps; step++)
		print(&series[step], bench);
}

void measure(struct bench *bench, const char *name, operation operation)
{
	const struct step step = { name, operation };

	measure_cycle(bench, &step, 1);
}
