// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device without an IOMMU of its own, here the sample of a mediated device, can be
 * in a nesting container and has no stage that a guest could be given.
 */
#include <fcntl.h>

#include <libvfio/harness.h>

#define MTTY_CREATE	"/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create"
#define UUID		"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define MDEV		"/sys/bus/mdev/devices/" UUID

FIXTURE(guest_stage_mdev)
{
	struct vmm vmm;
	struct vfio_pci_device mdev;
};

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == strlen(text);
	close(fd);
	return ok;
}

FIXTURE_SETUP(guest_stage_mdev)
{
	struct vfio_pci_device *mdev = &self->mdev;
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	if (access(MDEV, F_OK) && !write_file(MTTY_CREATE, UUID))
		SKIP(return, "no sample of a mediated device, mtty");
	vmm_init(vmm, vfio_selftests_bdf(0));
	mdev->container = &vmm->container;
	mdev->vsid = vmm->device.vsid + 1;
	mdev->group_fd = vfio_group_open_sysfs(MDEV);
	ASSERT_EQ(0, __vfio_group_set_container(mdev->group_fd, &vmm->container));
	mdev->fd = __vfio_group_get_device(mdev->group_fd, UUID);
	ASSERT_LE(0, mdev->fd);
}

FIXTURE_TEARDOWN(guest_stage_mdev)
{
	close(self->mdev.fd);
	close(self->mdev.group_fd);
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(write_file(MDEV "/remove", "1"));
}

TEST_F(guest_stage_mdev, bind_and_unbind)
{
	struct vmm *vmm = &self->vmm;

	EXPECT_EQ(-EOPNOTSUPP, __guest_stage_translate(&self->mdev, &vmm->table));
	EXPECT_EQ(-EOPNOTSUPP, __guest_stage_unbind(&self->mdev));
}

/* It doesn't stand in the way of the others. */
TEST_F(guest_stage_mdev, beside_a_device)
{
	struct vmm *vmm = &self->vmm;

	EXPECT_EQ(0, __guest_stage_translate(&vmm->device, &vmm->table));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	if (vmm->device.driver)
		EXPECT_TRUE(vmm_dma_by_iova(vmm));
	EXPECT_EQ(0, __guest_stage_unbind(&vmm->device));
}

/* With nothing else in the container nothing can be bound, and that is told. */
TEST_F(guest_stage_mdev, alone)
{
	struct vfio_pci_device *mdev = &self->mdev;
	struct vfio_container alone;

	close(mdev->fd);
	ASSERT_EQ(0, __vfio_group_unset_container(mdev->group_fd));
	vfio_container_open(&alone, VFIO_TYPE1_NESTING_IOMMU);
	EXPECT_EQ(1, vfio_container_check_extension(&alone,
						    VFIO_TYPE1_NESTING_IOMMU));
	ASSERT_EQ(0, __vfio_group_set_container(mdev->group_fd, &alone));
	ASSERT_EQ(0, __vfio_container_set_iommu(&alone));
	EXPECT_EQ(0, vfio_container_check_extension(&alone,
						    VFIO_TYPE1_NESTING_IOMMU));
	mdev->fd = __vfio_group_get_device(mdev->group_fd, UUID);
	EXPECT_LE(0, mdev->fd);
	mdev->container = &alone;
	EXPECT_EQ(-EOPNOTSUPP, __guest_stage_translate(mdev, &self->vmm.table));
	vfio_container_close(&alone);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
