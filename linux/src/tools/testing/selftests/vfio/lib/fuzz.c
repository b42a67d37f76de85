// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <libvfio/assert.h>
#include <libvfio/fuzz.h>

struct fuzz_options fuzz_options;

static u64 state;

/* What is going on, for the end of a process that has no time to say it. */
static struct {
	const char *test;
	unsigned int round;
	const char *operation;
} last;

static bool take_number(const char *arg, const char *name, u64 *val)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len) || arg[len] != '=')
		return false;
	*val = strtoull(arg + len + 1, NULL, 0);
	return true;
}

static void print_replay_at_exit(void)
{
	if (last.operation)
		fuzz_print_replay(last.test, "the test's process ended");
}

void fuzz_options_init(int argc, char *argv[])
{
	u32 seed;
	u64 val;
	int i;

	VFIO_ASSERT(getrandom(&seed, sizeof(seed), 0) == sizeof(seed), "getrandom");
	fuzz_options.seed = seed;
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (take_number(argv[i], "seed", &val))
			fuzz_options.seed = val;
		else if (take_number(argv[i], "round", &val))
			fuzz_options.round = val;
		else if (take_number(argv[i], "rounds", &val))
			fuzz_options.rounds = val;
		else if (take_number(argv[i], "verbose", &val))
			fuzz_options.verbose = val;
	}
	atexit(print_replay_at_exit);
}

void fuzz_round(unsigned int round)
{
	state = fuzz_options.seed * 0x100000001b3ULL + round;
}

void fuzz_operation(const char *test, unsigned int round, const char *operation)
{
	last.test = test;
	last.round = round;
	last.operation = operation;
	if (fuzz_options.verbose)
		fprintf(stderr, "# round %u: %s\n", round, operation);
}

void fuzz_print_replay(const char *test, const char *why)
{
	fprintf(stderr, "# %s", why);
	if (last.operation)
		fprintf(stderr, ", round %u, at '%s'", last.round, last.operation);
	fprintf(stderr, ". Again: ARGS='-t %s seed=%llu", test,
		(unsigned long long)fuzz_options.seed);
	if (last.operation)
		fprintf(stderr, " round=%u rounds=1", last.round);
	fprintf(stderr, "' make test T=%s DEBUG=1\n", program_invocation_short_name);
	fflush(stderr);
}

void fuzz_done(void)
{
	last.operation = NULL;
}

/* splitmix64, so that a seed means the same with every C library. */
u64 fuzz_random(void)
{
	u64 val = state += 0x9e3779b97f4a7c15ULL;

	val = (val ^ val >> 30) * 0xbf58476d1ce4e5b9ULL;
	val = (val ^ val >> 27) * 0x94d049bb133111ebULL;
	return val ^ val >> 31;
}

u32 fuzz_below(u32 n)
{
	return fuzz_random() % n;
}

bool fuzz_one_in(u32 n)
{
	return !fuzz_below(n);
}

u8 fuzz_byte(void)
{
	switch (fuzz_below(4)) {
	case 0:
		return fuzz_below(8);
	case 1:
		return 0xff;
	case 2:
		return BIT(fuzz_below(8));
	default:
		return fuzz_random();
	}
}

u64 fuzz_word(void)
{
	switch (fuzz_below(5)) {
	case 0:
		return fuzz_below(16);
	case 1:
		return BIT_ULL(fuzz_below(64));
	case 2:
		return ~0ULL >> fuzz_below(64);
	case 3:
		return fuzz_random() & fuzz_random() & fuzz_random();
	default:
		return fuzz_random();
	}
}

void fuzz_mutate(void *buf, size_t size, unsigned int max)
{
	unsigned int n = 1 + fuzz_below(max);
	u8 *bytes = buf;

	while (n--) {
		if (fuzz_one_in(2))
			bytes[fuzz_below(size)] ^= BIT(fuzz_below(8));
		else
			bytes[fuzz_below(size)] = fuzz_byte();
	}
}
