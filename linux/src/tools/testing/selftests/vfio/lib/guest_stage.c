// SPDX-License-Identifier: GPL-2.0-only
#include <sys/ioctl.h>

#include <libvfio/assert.h>
#include <libvfio/guest_stage.h>

struct iommu_guest_stage_config
guest_stage_config(struct vfio_pci_device *device, u32 state, u64 base_ptr)
{
	return (struct iommu_guest_stage_config) {
		.argsz = sizeof(struct iommu_guest_stage_config),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.state = state,
		.vsid = device->vsid,
		.base_ptr = base_ptr,
		.smmuv3 = {
			.s1cir = S1C_WRITE_BACK,
			.s1cor = S1C_WRITE_BACK,
			.s1csh = S1CSH_INNER,
		},
	};
}

struct vfio_iommu_type1_bind_guest_stage
guest_stage_bind_arg(struct vfio_pci_device *device,
		     const struct iommu_guest_stage_config *config)
{
	return (struct vfio_iommu_type1_bind_guest_stage) {
		.argsz = sizeof(struct vfio_iommu_type1_bind_guest_stage),
		.device_fd = device->fd,
		.config = *config,
	};
}

struct vfio_iommu_type1_unbind_guest_stage
guest_stage_unbind_arg(struct vfio_pci_device *device)
{
	return (struct vfio_iommu_type1_unbind_guest_stage) {
		.argsz = sizeof(struct vfio_iommu_type1_unbind_guest_stage),
		.device_fd = device->fd,
	};
}

int __guest_stage_bind_ioctl(struct vfio_container *container, void *arg)
{
	return ioctl(container->fd, VFIO_IOMMU_BIND_GUEST_STAGE, arg) ? -errno : 0;
}

int __guest_stage_unbind_ioctl(struct vfio_container *container, void *arg)
{
	return ioctl(container->fd, VFIO_IOMMU_UNBIND_GUEST_STAGE, arg) ? -errno : 0;
}

int __guest_stage_bind(struct vfio_pci_device *device,
		       const struct iommu_guest_stage_config *config)
{
	struct vfio_iommu_type1_bind_guest_stage bind =
		guest_stage_bind_arg(device, config);

	return __guest_stage_bind_ioctl(device->container, &bind);
}

void guest_stage_bind(struct vfio_pci_device *device,
		      const struct iommu_guest_stage_config *config)
{
	int ret = __guest_stage_bind(device, config);

	VFIO_ASSERT(!ret, "bind %s, state %u: %d", device->bdf, config->state,
		    ret);
}

int __guest_stage_unbind(struct vfio_pci_device *device)
{
	struct vfio_iommu_type1_unbind_guest_stage unbind =
		guest_stage_unbind_arg(device);

	return __guest_stage_unbind_ioctl(device->container, &unbind);
}

void guest_stage_unbind(struct vfio_pci_device *device)
{
	int ret = __guest_stage_unbind(device);

	VFIO_ASSERT(!ret, "unbind %s: %d", device->bdf, ret);
}

int __guest_stage_translate(struct vfio_pci_device *device,
			    struct guest_table *table)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(device, IOMMU_GUEST_STAGE_TRANSLATE,
				   table->cd);

	return __guest_stage_bind(device, &config);
}

void guest_stage_translate(struct vfio_pci_device *device,
			   struct guest_table *table)
{
	int ret = __guest_stage_translate(device, table);

	VFIO_ASSERT(!ret, "bind %s, TRANSLATE: %d", device->bdf, ret);
}

void guest_stage_bypass(struct vfio_pci_device *device)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(device, IOMMU_GUEST_STAGE_BYPASS, 0);

	guest_stage_bind(device, &config);
}

void guest_stage_abort(struct vfio_pci_device *device)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(device, IOMMU_GUEST_STAGE_ABORT, 0);

	guest_stage_bind(device, &config);
}
