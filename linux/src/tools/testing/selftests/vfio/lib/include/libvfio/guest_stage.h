/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_GUEST_STAGE_H
#define SELFTESTS_VFIO_LIBVFIO_GUEST_STAGE_H

#include <linux/iommu.h>
#include <linux/types.h>

#include <libvfio/guest_table.h>
#include <libvfio/vfio_pci_device.h>

/* The encodings of the Stream Table Entry. */
#define S1C_WRITE_BACK		1
#define S1CSH_INNER		3

/* A valid configuration of @device in @state, with descriptors at @base_ptr. */
struct iommu_guest_stage_config
guest_stage_config(struct vfio_pci_device *device, u32 state, u64 base_ptr);

/* The argument of the ioctl that binds @device so, to spoil it. */
struct vfio_iommu_type1_bind_guest_stage
guest_stage_bind_arg(struct vfio_pci_device *device,
		     const struct iommu_guest_stage_config *config);
struct vfio_iommu_type1_unbind_guest_stage
guest_stage_unbind_arg(struct vfio_pci_device *device);
int __guest_stage_bind_ioctl(struct vfio_container *container, void *arg);
int __guest_stage_unbind_ioctl(struct vfio_container *container, void *arg);

int __guest_stage_bind(struct vfio_pci_device *device,
		       const struct iommu_guest_stage_config *config);
void guest_stage_bind(struct vfio_pci_device *device,
		      const struct iommu_guest_stage_config *config);
int __guest_stage_unbind(struct vfio_pci_device *device);
void guest_stage_unbind(struct vfio_pci_device *device);

/* One for each state. */
int __guest_stage_translate(struct vfio_pci_device *device,
			    struct guest_table *table);
void guest_stage_translate(struct vfio_pci_device *device,
			   struct guest_table *table);
void guest_stage_bypass(struct vfio_pci_device *device);
void guest_stage_abort(struct vfio_pci_device *device);

#endif /* SELFTESTS_VFIO_LIBVFIO_GUEST_STAGE_H */
