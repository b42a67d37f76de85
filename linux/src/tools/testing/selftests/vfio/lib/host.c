// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <linux/bits.h>
#include <linux/pci_regs.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/host.h>

#define BDFS_MAX		16
#define PAGEMAP_PFN		GENMASK_ULL(54, 0)

static const char *bdfs[BDFS_MAX + 1];

static void take_arguments(int *argc, char *argv[])
{
	unsigned int n = 0;
	int i, end = *argc;

	for (i = 1; i < *argc; i++) {
		if (end < *argc && n < BDFS_MAX)
			bdfs[n++] = argv[i];
		else if (!strcmp(argv[i], "--"))
			end = i;
	}
	*argc = end;
}

static void take_environment(void)
{
	const char *value = getenv("VFIO_SELFTESTS_BDF");
	char *word, *words = strdup(value ?: "");
	unsigned int n = 0;

	for (word = strtok(words, " "); word; word = strtok(NULL, " "))
		if (n < BDFS_MAX)
			bdfs[n++] = word;
}

void vfio_selftests_init(int *argc, char *argv[])
{
	take_arguments(argc, argv);
	argv[*argc] = NULL;
	if (!bdfs[0])
		take_environment();
}

const char *vfio_selftests_bdf(unsigned int i)
{
	return i < BDFS_MAX ? bdfs[i] : NULL;
}

static int open_sysfs(const char *bdf, const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	VFIO_ASSERT(fd >= 0, "%s", path);
	return fd;
}

static u16 read_config(int fd, u16 offset)
{
	u16 val;

	VFIO_ASSERT(pread(fd, &val, sizeof(val), offset) == sizeof(val),
		    "configuration space");
	return val;
}

static const struct vfio_pci_driver_ops *find_driver(int fd)
{
	return vfio_pci_driver_find(read_config(fd, PCI_VENDOR_ID),
				    read_config(fd, PCI_DEVICE_ID));
}

bool vfio_selftests_is(const char *bdf, const char *kind)
{
	int fd = open_sysfs(bdf, "config");
	const struct vfio_pci_driver_ops *driver = find_driver(fd);

	close(fd);
	return driver && !strcmp(driver->name, kind);
}

const char *vfio_selftests_device(const char *kind)
{
	unsigned int i;

	if (!kind)
		return bdfs[0];
	for (i = 0; bdfs[i]; i++)
		if (vfio_selftests_is(bdfs[i], kind))
			return bdfs[i];
	return NULL;
}

static void enable_device(int fd)
{
	u16 command = read_config(fd, PCI_COMMAND) | PCI_COMMAND_MEMORY |
		      PCI_COMMAND_MASTER;

	VFIO_ASSERT(pwrite(fd, &command, sizeof(command), PCI_COMMAND) ==
		    sizeof(command), "configuration space");
}

static void *map_resource(struct vfio_pci_device *device, unsigned int bar,
			  size_t *size)
{
	char name[sizeof("resource0")];
	struct stat st;
	void *resource;
	int fd;

	snprintf(name, sizeof(name), "resource%u", bar);
	fd = open_sysfs(device->bdf, name);
	VFIO_ASSERT(!fstat(fd, &st), "%s of %s", name, device->bdf);
	*size = st.st_size;
	resource = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	VFIO_ASSERT(resource != MAP_FAILED, "%s of %s", name, device->bdf);
	close(fd);
	return resource;
}

static void map_resources(struct vfio_pci_device *device)
{
	device->bar0 = map_resource(device, 0, &device->bar0_size);
	if (device->driver->memory_bar)
		device->memory = map_resource(device, device->driver->memory_bar,
					      &device->memory_size);
}

void host_device_open(struct vfio_pci_device *device, const char *bdf)
{
	int fd = open_sysfs(bdf, "config");

	memset(device, 0, sizeof(*device));
	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	device->sid = pci_requester_id(bdf);
	device->fd = -1;
	device->group_fd = -1;
	device->driver = find_driver(fd);
	if (device->driver) {
		enable_device(fd);
		map_resources(device);
	}
	close(fd);
}

void host_device_close(struct vfio_pci_device *device)
{
	vfio_pci_device_unmap_bar0(device);
}

static void iommu_of(const char *bdf, char target[PATH_MAX])
{
	char path[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu", bdf);
	len = readlink(path, target, PATH_MAX - 1);
	VFIO_ASSERT(len > 0, "%s is not behind an IOMMU", bdf);
	target[len] = '\0';
}

bool host_same_iommu(const char *bdf, const char *other_bdf)
{
	char one[PATH_MAX], other[PATH_MAX];

	iommu_of(bdf, one);
	iommu_of(other_bdf, other);
	return !strcmp(strrchr(one, '/'), strrchr(other, '/'));
}

u64 host_physical_address(void *vaddr)
{
	off_t entry = (uintptr_t)vaddr / getpagesize() * sizeof(u64);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	u64 val = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &val, sizeof(val), entry) != sizeof(val))
		val = 0;
	close(fd);
	return (val & PAGEMAP_PFN) * getpagesize();
}

/* The number after @field in a file of lines "field number". */
static s64 number_in(const char *path, const char *field)
{
	FILE *file = fopen(path, "r");
	char line[256];
	s64 val = -1;

	VFIO_ASSERT(file, "%s", path);
	while (val < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, field, strlen(field)))
			val = strtoll(line + strlen(field), NULL, 10);
	fclose(file);
	VFIO_ASSERT(val >= 0, "no %s in %s", field, path);
	return val;
}

u64 host_status_kb(const char *field)
{
	char name[32];

	snprintf(name, sizeof(name), "%s:", field);
	return number_in("/proc/self/status", name);
}

u64 host_available_kb(void)
{
	return number_in("/proc/meminfo", "MemAvailable:");
}

/* Each CPU counts for itself for a while. */
static void refresh_vmstat(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	VFIO_ASSERT(write(fd, "1", 1) == 1, "stat_refresh");
	close(fd);
}

s64 host_iommu_counter(const char *bdf, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu/%s", bdf,
		 name);
	return number_in(path, "");
}

s64 host_pinned_pages(void)
{
	refresh_vmstat();
	return number_in("/proc/vmstat", "nr_foll_pin_acquired ") -
	       number_in("/proc/vmstat", "nr_foll_pin_released ");
}

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define KMEMLEAK_AGE 6

static bool kmemleak_command(const char *command)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	VFIO_ASSERT(write(fd, command, strlen(command)) > 0, KMEMLEAK);
	close(fd);
	return true;
}

bool host_leaks_clear(void)
{
	return kmemleak_command("clear");
}

/* The first scan only takes note of what an object has in it. */
bool host_has_leaks(void)
{
	char line[128];
	ssize_t len;
	int fd;

	sleep(KMEMLEAK_AGE);
	if (!kmemleak_command("scan") || !kmemleak_command("scan"))
		return false;
	fd = open(KMEMLEAK, O_RDONLY | O_CLOEXEC);
	VFIO_ASSERT(fd >= 0, KMEMLEAK);
	len = read(fd, line, sizeof(line));
	close(fd);
	return len > 0;
}

void host_compact_memory(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	VFIO_ASSERT(write(fd, "1", 1) == 1, "compact_memory");
	close(fd);
}

int host_get_parameter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char val = 'N';

	if (fd < 0)
		return -errno;
	if (read(fd, &val, 1) != 1)
		val = 'N';
	close(fd);
	return val == 'Y' || val == '1';
}

int host_set_parameter(const char *path, bool on)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, on ? "Y" : "N", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}
