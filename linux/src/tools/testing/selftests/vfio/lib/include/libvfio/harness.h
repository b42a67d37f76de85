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
	struct vfio_pci_device *__device = (device);				\
										\
	if (!__device->driver || !__device->driver->stream_size)		\
		SKIP(statement, "no driver here has %s do transfers at once",	\
		     __device->bdf);						\
} while (0)

#define SKIP_WITHOUT_IRQS(statement, device) do {				\
	struct vfio_pci_device *__device = (device);				\
										\
	if (!__device->driver || !__device->driver->nr_irqs)			\
		SKIP(statement, "no driver here has %s send interrupts",	\
		     __device->bdf);						\
} while (0)

#define SKIP_WITHOUT_ORACLE(statement) do {					\
	if (!oracle_present())							\
		SKIP(statement, "no oracle: only an emulator can tell");	\
} while (0)

static inline int vfio_selftests_run(int argc, char *argv[])
{
	vfio_selftests_init(&argc, argv);
	return test_harness_run(argc, argv);
}

#endif /* SELFTESTS_VFIO_LIBVFIO_HARNESS_H */
