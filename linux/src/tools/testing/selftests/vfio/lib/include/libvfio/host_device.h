/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_HOST_DEVICE_H
#define SELFTESTS_VFIO_LIBVFIO_HOST_DEVICE_H

#include <stdbool.h>

/*
 * A device as the host's administrator sees it, in sysfs. What takes a device away
 * waits until whoever has it open has closed it.
 */

/* Give it to vfio-pci, unless that has it. */
void host_device_take(const char *bdf);

/* Whether vfio-pci has it, and whether it is there at all. */
bool host_device_is_taken(const char *bdf);
bool host_device_is_present(const char *bdf);

/* Wait for a while until it is, or isn't. Whether that came. */
bool host_device_wait(const char *bdf, bool present);

/* Take it from vfio-pci, or out of the bus. Return whether the kernel did it. */
bool host_device_release(const char *bdf);
bool host_device_remove(const char *bdf);

/* Look for all that isn't known, and so find what was removed. */
void host_devices_rescan(void);

/* Wait for a while until the kernel asks for a device on its eventfd. */
bool host_device_is_asked_for(int fd);

#endif /* SELFTESTS_VFIO_LIBVFIO_HOST_DEVICE_H */
