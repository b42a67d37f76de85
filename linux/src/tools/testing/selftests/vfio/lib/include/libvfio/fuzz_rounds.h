/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_ROUNDS_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_ROUNDS_H

#include <libvfio/fuzz_guest.h>

/*
 * Run operations in random order: so many rounds of them, if nobody asked for another number.
 * With @memory it also runs those that need a device that does DMA. Returns what is wrong,
 * or NULL.
 */
const char *fuzz_rounds(struct fuzz_guest *f, const char *test, unsigned int rounds,
			bool memory);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_ROUNDS_H */
