/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_ASSERT_H
#define SELFTESTS_VFIO_LIBVFIO_ASSERT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * For the library, which has no test's metadata at hand: end the test's process,
 * and so the test, with a failure. Nothing needs cleaning up, the kernel does.
 */
#define VFIO_FAIL(fmt, ...) do {						\
	fprintf(stderr, "# %s:%d: " fmt " (%s)\n", __FILE__, __LINE__,		\
		##__VA_ARGS__, strerror(errno));				\
	exit(1);								\
} while (0)

#define VFIO_ASSERT(condition, fmt, ...) do {					\
	if (!(condition))							\
		VFIO_FAIL("%s: " fmt, #condition, ##__VA_ARGS__);		\
} while (0)

#endif /* SELFTESTS_VFIO_LIBVFIO_ASSERT_H */
