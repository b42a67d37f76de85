// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what a guest stage costs, with 1, 4 and 16 devices in a container or with
 * many PASIDs in its table, and prints a line of JSON for each operation. The lab runs it
 * with QEMU's -icount, where a nanosecond of CLOCK_MONOTONIC is an instruction.
 *
 * usage: bench -- BDF... (edus, bound to vfio-pci)
 *        bench --pasids -- BDF... (two of them pasid-dma)
 */
#include <libvfio.h>

#include "devices.h"
#include "measure.h"
#include "pasids.h"

static bool wants_pasids(int argc, char *argv[])
{
	return argc > 1 && !strcmp(argv[1], "--pasids");
}

int main(int argc, char *argv[])
{
	vfio_selftests_init(&argc, argv);
	VFIO_ASSERT(oracle_present(), "no oracle: run this in the lab");
	measure_overhead();
	if (wants_pasids(argc, argv))
		bench_pasids();
	else
		bench_all_devices();
	printf("{\"done\": true}\n");
	return 0;
}
