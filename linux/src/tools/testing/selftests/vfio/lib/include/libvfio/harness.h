/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_HARNESS_H
#define SELFTESTS_VFIO_LIBVFIO_HARNESS_H

#include <libvfio.h>

#include "kselftest_harness.h"

/* An emulated machine whose kernel checks itself is slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

/* What a test needs and a machine may not have. @statement leaves the test. */
#define SKIP_WITHOUT_DEVICES(statement, n) do {					\
	unsigned int __n = (n);							\
										\
	if (!vfio_selftests_bdf(__n - 1))					\
		SKIP(statement, "needs %u devices, named after '--' or in VFIO_SELFTESTS_BDF", \
		     __n);							\
} while (0)

#define SKIP_WITHOUT_KIND(statement, kind) do {					\
	const char *__kind = (kind);						\
										\
	if (!vfio_selftests_device(__kind))					\
		SKIP(statement, "needs a device, of kind: %s", __kind ?: "any");	\
} while (0)

#define SKIP_WITHOUT_DMA(statement, device) do {				\
	if (!(device)->driver)							\
		SKIP(statement, "no driver here makes %s do DMA",		\
		     vfio_selftests_bdf(0));					\
} while (0)

#define SKIP_WITHOUT_STREAM(statement, device) do {				\
	SKIP_WITHOUT_DMA(statement, device);					\
	if (!(device)->driver->stream_size)					\
		SKIP(statement, "%s has one transfer at a time", (device)->bdf);	\
} while (0)

#define SKIP_WITHOUT_IRQS(statement, device) do {				\
	SKIP_WITHOUT_DMA(statement, device);					\
	if (!(device)->driver->nr_irqs)						\
		SKIP(statement, "the driver of %s has no interrupts",		\
		     (device)->bdf);						\
} while (0)

#define SKIP_WITHOUT_ORACLE(statement) do {					\
	if (!oracle_present())							\
		SKIP(statement, "no oracle: only an emulator can tell");	\
} while (0)

/*
 * Each variant twice: for the first device, and for an NVMe controller. Which it is
 * the fixture's variants have in ->kind; the rest are members of both.
 */
#define FIXTURE_VARIANT_ADD_KINDS(fixture, variant, ...)			\
	FIXTURE_VARIANT_ADD(fixture, variant) {					\
		__VA_ARGS__							\
	};									\
	FIXTURE_VARIANT_ADD(fixture, variant##_nvme) {				\
		.kind = "nvme", __VA_ARGS__					\
	}

/* The same where that is all the difference. */
#define FIXTURE_VARIANTS_OF_KINDS(fixture)					\
	FIXTURE_VARIANT(fixture) { const char *kind; };				\
	FIXTURE_VARIANT_ADD(fixture, first) {};					\
	FIXTURE_VARIANT_ADD(fixture, nvme) { .kind = "nvme" }

static inline int vfio_selftests_run(int argc, char *argv[])
{
	vfio_selftests_init(&argc, argv);
	return test_harness_run(argc, argv);
}

#endif /* SELFTESTS_VFIO_LIBVFIO_HARNESS_H */
