// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/host_device.h>

#define PCI		"/sys/bus/pci/"
#define VFIO_PCI	PCI "drivers/vfio-pci/"
#define WAIT_US		50000
#define WAITS_MAX	600

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

static bool write_attribute(const char *bdf, const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI "devices/%s/%s", bdf, name);
	return write_file(path, text);
}

static bool has_entry(const char *directory, const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", directory, bdf);
	return !access(path, F_OK);
}

bool host_device_is_taken(const char *bdf)
{
	return has_entry(VFIO_PCI, bdf);
}

bool host_device_is_present(const char *bdf)
{
	return has_entry(PCI "devices/", bdf);
}

void host_device_take(const char *bdf)
{
	if (host_device_is_taken(bdf))
		return;
	VFIO_ASSERT(write_attribute(bdf, "driver_override", "vfio-pci") &&
		    write_file(PCI "drivers_probe", bdf) &&
		    host_device_is_taken(bdf), "vfio-pci doesn't take %s", bdf);
}

bool host_device_wait(const char *bdf, bool present)
{
	int waits;

	for (waits = 0; waits < WAITS_MAX; waits++) {
		if (host_device_is_present(bdf) == present)
			return true;
		usleep(WAIT_US);
	}
	return false;
}

bool host_device_release(const char *bdf)
{
	return write_file(VFIO_PCI "unbind", bdf);
}

bool host_device_remove(const char *bdf)
{
	return write_attribute(bdf, "remove", "1");
}

void host_devices_rescan(void)
{
	VFIO_ASSERT(write_file(PCI "rescan", "1"), "rescan");
}

bool host_device_is_asked_for(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int waits;

	for (waits = 0; waits < WAITS_MAX; waits++) {
		if (poll(&pollfd, 1, 0) == 1)
			return true;
		usleep(WAIT_US);
	}
	return false;
}
