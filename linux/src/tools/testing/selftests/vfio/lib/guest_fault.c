// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/guest_fault.h>

#define LONG_MS		20000
#define QUIET_MS	200
#define DRAIN_RECORDS	64

struct vfio_iommu_type1_guest_fault_fd guest_fault_fd_arg(u32 flags)
{
	return (struct vfio_iommu_type1_guest_fault_fd) {
		.argsz = sizeof(struct vfio_iommu_type1_guest_fault_fd),
		.flags = flags,
	};
}

int __guest_fault_fd_ioctl(struct vfio_container *container, void *arg)
{
	int fd = ioctl(container->fd, VFIO_IOMMU_GET_GUEST_FAULT_FD, arg);

	return fd < 0 ? -errno : fd;
}

int __guest_fault_fd(struct vfio_container *container, u32 flags)
{
	struct vfio_iommu_type1_guest_fault_fd get = guest_fault_fd_arg(flags);

	return __guest_fault_fd_ioctl(container, &get);
}

int guest_fault_fd(struct vfio_container *container, u32 flags)
{
	int fd = __guest_fault_fd(container, flags);

	VFIO_ASSERT(fd >= 0, "VFIO_IOMMU_GET_GUEST_FAULT_FD: %d", fd);
	return fd;
}

int vmm_init_guest(struct vmm *vmm, const char *bdf, u32 vsid)
{
	vmm_init(vmm, bdf);
	vmm->device.vsid = vsid;
	guest_stage_translate(&vmm->device, &vmm->table);
	return guest_fault_fd(&vmm->container, O_NONBLOCK | O_CLOEXEC);
}

int __guest_faults_read(int fd, struct iommu_guest_fault *faults, size_t max)
{
	ssize_t got = read(fd, faults, max * sizeof(*faults));

	if (got < 0)
		return -errno;
	VFIO_ASSERT(got % sizeof(*faults) == 0, "%zd bytes are no records", got);
	return got / sizeof(*faults);
}

struct iommu_guest_fault_response guest_fault_response(u32 vsid, u16 stag)
{
	return (struct iommu_guest_fault_response) {
		.argsz = sizeof(struct iommu_guest_fault_response),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.vsid = vsid,
		.action = IOMMU_GUEST_FAULT_ABORT,
		.smmuv3.stag = stag,
	};
}

int __guest_faults_write(int fd, const void *responses, size_t size)
{
	ssize_t done = write(fd, responses, size);

	return done < 0 ? -errno : done;
}

short guest_faults_poll(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	VFIO_ASSERT(poll(&poll_fd, 1, ms) >= 0, "poll");
	return poll_fd.revents;
}

void guest_faults_expect(int fd, struct iommu_guest_fault *faults, size_t num)
{
	size_t done = 0;
	int ret;

	while (done < num) {
		VFIO_ASSERT(guest_faults_poll(fd, LONG_MS) & POLLIN,
			    "%zu faults of %zu", done, num);
		ret = __guest_faults_read(fd, faults + done, num - done);
		VFIO_ASSERT(ret > 0, "read a fault: %d", ret);
		done += ret;
	}
}

unsigned int guest_faults_drain(int fd)
{
	struct iommu_guest_fault faults[DRAIN_RECORDS];
	unsigned int num = 0;

	while (guest_faults_poll(fd, QUIET_MS) & POLLIN) {
		int ret = __guest_faults_read(fd, faults, DRAIN_RECORDS);

		VFIO_ASSERT(ret > 0, "read a fault: %d", ret);
		num += ret;
	}
	return num;
}

u64 guest_fault_word(const struct iommu_guest_fault *fault, unsigned int i)
{
	return __le64_to_cpu(fault->smmuv3.event[i]);
}
