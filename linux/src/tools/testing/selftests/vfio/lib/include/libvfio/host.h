/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_HOST_H
#define SELFTESTS_VFIO_LIBVFIO_HOST_H

#include <linux/types.h>

#include <libvfio/vfio_pci_device.h>

/*
 * Take the devices that the test may use from the arguments after "--", or else
 * from VFIO_SELFTESTS_BDF. Their order is the order they are named in.
 */
void vfio_selftests_init(int *argc, char *argv[]);

/* The @i-th of them, or NULL. All are bound to vfio-pci. */
const char *vfio_selftests_bdf(unsigned int i);

/* Whether the driver of that name is for the device. */
bool vfio_selftests_is(const char *bdf, const char *kind);

/* The first of them that the driver of that name is for, or just the first if it is NULL. */
const char *vfio_selftests_device(const char *kind);

/*
 * Drive a device past VFIO, by its files in sysfs: its DMA goes through the
 * default domain. Nobody has to have it open, and nobody may.
 */
void host_device_open(struct vfio_pci_device *device, const char *bdf);
void host_device_close(struct vfio_pci_device *device);

/* Whether the two devices are behind the same IOMMU. */
bool host_same_iommu(const char *bdf, const char *other_bdf);

/* A counter that the IOMMU of the device has in sysfs. */
s64 host_iommu_counter(const char *bdf, const char *name);

/* The physical address of a page of this process, 0 if it isn't told. */
u64 host_physical_address(void *vaddr);

/* A number of kB of /proc/self/status, of VmLck for example. */
u64 host_status_kb(const char *field);

/* How much memory there is that programs can have, in kB. */
u64 host_available_kb(void);

/* Have the kernel move pages, where it can. */
void host_compact_memory(void);

/* How many pages are pinned for the long term, in the whole machine. */
s64 host_pinned_pages(void);

/*
 * Forget what the kernel has leaked so far. False if kmemleak isn't there. Then,
 * whether it has leaked something since; takes six seconds, as kmemleak doesn't
 * look at what is younger.
 */
bool host_leaks_clear(void);
bool host_has_leaks(void);

/* A module parameter that is a bool: -errno, 0 or 1. */
int host_get_parameter(const char *path);
int host_set_parameter(const char *path, bool on);

#endif /* SELFTESTS_VFIO_LIBVFIO_HOST_H */
