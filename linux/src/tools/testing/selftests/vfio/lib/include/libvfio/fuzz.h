/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/**
 * struct fuzz_options - What is tried, from arguments like "seed=7 rounds=1000"
 * @seed: All that is random follows from it. Without the argument a new one.
 * @round: The first round. Rounds don't depend on those before.
 * @rounds: How many. 0 if nobody said it.
 * @verbose: Say what is done before it is done, for what leaves no time to tell
 */
struct fuzz_options {
	u64 seed;
	unsigned int round;
	unsigned int rounds;
	bool verbose;
};

extern struct fuzz_options fuzz_options;

/* Read the arguments before "--", and leave those that it doesn't know alone. */
void fuzz_options_init(int argc, char *argv[]);

/* Start @round: what is random follows from its number and from the seed alone. */
void fuzz_round(unsigned int round);

/* Tell what @round of @test is going to do next, in case that it fails. */
void fuzz_operation(const char *test, unsigned int round, const char *operation);

/*
 * The line that repeats the last operation, or all if nothing was done yet. It is
 * also printed if the test's process ends with a failure of the library.
 */
void fuzz_print_replay(const char *test, const char *why);

/* No operation is going on any more. */
void fuzz_done(void);

u64 fuzz_random(void);
u32 fuzz_below(u32 n);
bool fuzz_one_in(u32 n);

/* Often a small number, or a large one: that is where the limits are. */
u8 fuzz_byte(void);

/* Often a single bit, few bits, or all. */
u64 fuzz_word(void);

/* Change up to @max bits or bytes. */
void fuzz_mutate(void *buf, size_t size, unsigned int max);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_H */
