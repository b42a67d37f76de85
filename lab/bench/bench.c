// SPDX-License-Identifier: GPL-2.0-only
/* What is common to all that is measured: the VMM with its guest, and two of its calls. */
#include <sys/ioctl.h>

#include "bench.h"

void bench_open(struct bench *bench, const char *(*bdf)(unsigned int i), u64 ram_size)
{
	unsigned int i;

	vfio_container_open(&bench->container, VFIO_TYPE1_NESTING_IOMMU);
	for (i = 0; i < bench->nr_devices; i++) {
		vfio_pci_device_open(&bench->devices[i], bdf(i), &bench->container);
		bench->devices[i].vsid = bench->devices[i].sid;
	}
	guest_ram_init(&bench->ram, &bench->container, GUEST_RAM_IPA, ram_size);
}

void bench_close(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->nr_devices; i++)
		vfio_pci_device_close(&bench->devices[i]);
	vfio_container_close(&bench->container);
	guest_ram_cleanup(&bench->ram);
}

void unbind(struct bench *bench)
{
	guest_stage_unbind(&bench->devices[0]);
}

void invalidate(struct bench *bench)
{
	struct vfio_iommu_type1_invalidate_guest_stage arg = {
		.argsz = sizeof(arg),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.count = bench->nr_commands,
		.commands = (uintptr_t)bench->commands,
	};
	int ret = ioctl(bench->container.fd, VFIO_IOMMU_INVALIDATE_GUEST_STAGE,
			&arg);

	VFIO_ASSERT(!ret && arg.done == bench->nr_commands, "%u commands done",
		    arg.done);
}
