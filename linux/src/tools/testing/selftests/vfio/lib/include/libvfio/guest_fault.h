/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_GUEST_FAULT_H
#define SELFTESTS_VFIO_LIBVFIO_GUEST_FAULT_H

#include <fcntl.h>
#include <linux/iommu.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <poll.h>

#include <libvfio/container.h>
#include <libvfio/smmuv3.h>
#include <libvfio/vmm.h>

/* The argument of the ioctl, to spoil it. */
struct vfio_iommu_type1_guest_fault_fd guest_fault_fd_arg(u32 flags);

/* A descriptor, or a negative errno. */
int __guest_fault_fd_ioctl(struct vfio_container *container, void *arg);
int __guest_fault_fd(struct vfio_container *container, u32 flags);
int guest_fault_fd(struct vfio_container *container, u32 flags);

/* A guest with @vmm's table in state 3. Its faults are read without waiting. */
int vmm_init_guest(struct vmm *vmm, const char *bdf, u32 vsid);

/* How many records were read, or a negative errno. */
int __guest_faults_read(int fd, struct iommu_guest_fault *faults, size_t max);

/* A valid answer, whether or not anything waits for it. */
struct iommu_guest_fault_response guest_fault_response(u32 vsid, u16 stag);

/* How many bytes of answers were taken, or a negative errno. */
int __guest_faults_write(int fd, const void *responses, size_t size);

/* Wait for at most @ms. What poll() says is there, 0 if that is nothing. */
short guest_faults_poll(int fd, int ms);

/* Wait until there are @num, and read them. For seconds, not forever. */
void guest_faults_expect(int fd, struct iommu_guest_fault *faults, size_t num);

/* Read all that there are until none has come for a while. How many. */
unsigned int guest_faults_drain(int fd);

/* A quad-word of the event. */
u64 guest_fault_word(const struct iommu_guest_fault *fault, unsigned int i);

#define GUEST_FAULT_FIELD(fault, i, name) \
	((u64)FIELD_GET(EVT_##i##_##name, guest_fault_word(fault, i)))

#endif /* SELFTESTS_VFIO_LIBVFIO_GUEST_FAULT_H */
