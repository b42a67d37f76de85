// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation on the way of each call fails once. The call says so, and leaves
 * everything as it was. A search for leaks takes half a minute, so only two of the tests
 * search, and whoever runs the tests searches again after them.
 */
#include <fcntl.h>

#include <libvfio/fail_nth.h>
#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

FIXTURE(guest_stage_fail_nth)
{
	struct vmm vmm;
	/* The allocation that was made to fail, and how often the call failed. */
	unsigned int n;
	unsigned int failures;
};

FIXTURE_SETUP(guest_stage_fail_nth)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	if (!fail_nth_enable())
		SKIP(return, "no fault injection");
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
}

/* The device goes back to the host as if no call had failed. */
FIXTURE_TEARDOWN(guest_stage_fail_nth)
{
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static int bind_table(struct vmm *vmm, void *table)
{
	return __guest_stage_translate(&vmm->device, table);
}

static bool is_translating(struct vmm *vmm, void *table)
{
	return vmm_ste_is(vmm, &state_translate);
}

TEST_F(guest_stage_fail_nth, first_bind)
{
	struct vmm *vmm = &self->vmm;

	fail_nth_first_bind(vmm, bind_table, is_translating, &vmm->table);
}

/* A rebind needs nothing that isn't there already, so it can't fail. */
TEST_F(guest_stage_fail_nth, rebind)
{
	struct vmm *vmm = &self->vmm;
	bool failed;

	do {
		state_abort.enter(vmm);
		fail_nth(++self->n);
		EXPECT_EQ(0, __guest_stage_translate(&vmm->device, &vmm->table));
		failed = fail_nth_did();
		EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	} while (failed);
}

TEST_F(guest_stage_fail_nth, unbind)
{
	struct vmm *vmm = &self->vmm;
	bool failed;

	do {
		state_translate.enter(vmm);
		fail_nth(++self->n);
		EXPECT_EQ(0, __guest_stage_unbind(&vmm->device));
		failed = fail_nth_did();
		EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
	} while (failed);
}

TEST_F(guest_stage_fail_nth, close)
{
	struct vmm *vmm = &self->vmm;
	bool failed;

	do {
		state_translate.enter(vmm);
		vfio_pci_device_unmap_bar0(&vmm->device);
		fail_nth(++self->n);
		close(vmm->device.fd);
		failed = fail_nth_did();
		EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
		vfio_pci_device_get(&vmm->device);
	} while (failed);
}

/* Each capability may be the one that there is no memory for. */
TEST_F(guest_stage_fail_nth, container_info)
{
	struct vfio_container *container = &self->vmm.container;
	bool failed, can_leak = host_leaks_clear();
	int ret;

	do {
		fail_nth(++self->n);
		ret = __vfio_container_info(container);
		failed = fail_nth_did();
		self->failures += !!ret;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
	} while (failed);
	EXPECT_EQ(0, ret);
	/* There is an allocation for each capability, and ours is one of several. */
	EXPECT_LT(1, self->failures);
	if (can_leak)
		EXPECT_FALSE(host_has_leaks());
}

TEST_F(guest_stage_fail_nth, info)
{
	struct vfio_iommu_type1_guest_stage_info arg =
		guest_stage_info_arg(&self->vmm.device);
	bool failed;
	int ret;

	do {
		fail_nth(++self->n);
		ret = __guest_stage_info_ioctl(&self->vmm.container, &arg);
		failed = fail_nth_did();
		EXPECT_TRUE(!ret || ret == -ENOMEM);
	} while (failed);
	EXPECT_EQ(0, ret);
}

/* Whatever a guest writes, nothing is allocated, so nothing can fail. */
TEST_F(guest_stage_fail_nth, invalidate)
{
	struct iommu_guest_command_smmuv3 cmds[100];
	struct vmm *vmm = &self->vmm;
	bool failed;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		cmds[i] = guest_cmd_tlbi_asid(i);
	cmds[50] = guest_cmd_cfgi_cd(vmm->device.vsid);
	state_abort.enter(vmm);
	do {
		fail_nth(++self->n);
		guest_commands(&vmm->container, cmds, ARRAY_SIZE(cmds));
		failed = fail_nth_did();
	} while (failed);
	EXPECT_EQ(1, self->n);
}

/* The call allocates the queue, the file, and a place for its descriptor. */
TEST_F(guest_stage_fail_nth, fault_fd)
{
	struct vmm *vmm = &self->vmm;
	bool failed, can_leak = host_leaks_clear();
	int fd;

	state_translate.enter(vmm);
	do {
		fail_nth(++self->n);
		fd = __guest_fault_fd(&vmm->container, O_CLOEXEC);
		failed = fail_nth_did();
		self->failures += fd < 0;
		EXPECT_TRUE(fd >= 0 || fd == -ENOMEM);
		if (fd >= 0)
			close(fd);
		EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	} while (failed);
	EXPECT_LE(0, fd);
	EXPECT_LT(1, self->failures);
	if (can_leak)
		EXPECT_FALSE(host_has_leaks());
}

/* Neither faults nor answers need memory of their own. */
TEST_F(guest_stage_fail_nth, faults_and_answers)
{
	struct vmm *vmm = &self->vmm;
	struct iommu_guest_fault_response resp =
		guest_fault_response(vmm->device.vsid, 0);
	struct iommu_guest_fault fault;
	bool failed;
	int fd;

	state_translate.enter(vmm);
	fd = guest_fault_fd(&vmm->container, O_NONBLOCK | O_CLOEXEC);
	do {
		fail_nth(++self->n);
		EXPECT_EQ(-ENOENT, __guest_faults_write(fd, &resp, sizeof(resp)));
		EXPECT_EQ(-EAGAIN, __guest_faults_read(fd, &fault, 1));
		failed = fail_nth_did();
	} while (failed);
	EXPECT_EQ(1, self->n);
	close(fd);
}

/*
 * A domain that nests needs more than another: a VMID, and a stage 2. If there is no domain,
 * the device stays blocked, as it is from when its group is in a container.
 */
TEST_F(guest_stage_fail_nth, set_iommu)
{
	struct vmm *vmm = &self->vmm;
	bool failed;
	int ret;

	do {
		vmm_cleanup(vmm);
		vfio_container_open(&vmm->container, VFIO_TYPE1_NESTING_IOMMU);
		vfio_pci_device_attach(&vmm->device, vfio_selftests_bdf(0),
				       &vmm->container);
		fail_nth(++self->n);
		ret = __vfio_container_set_iommu(&vmm->container);
		failed = fail_nth_did();
		self->failures += !!ret;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
		EXPECT_TRUE(!ret || vmm_ste_is(vmm, &state_abort));
	} while (failed);
	EXPECT_EQ(0, ret);
	EXPECT_NE(0, self->failures);
	vfio_pci_device_get(&vmm->device);
}

/* The VMM has a device at work, and gets another one. */
FIXTURE(guest_stage_fail_nth_second)
{
	struct vmm vmm;
	struct vfio_pci_device second;
	unsigned int n;
	unsigned int failures;
};

FIXTURE_SETUP(guest_stage_fail_nth_second)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	if (!fail_nth_enable())
		SKIP(return, "no fault injection");
	self->second.fd = -1;
	self->second.group_fd = -1;
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	state_translate.enter(&self->vmm);
}

FIXTURE_TEARDOWN(guest_stage_fail_nth_second)
{
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
	if (self->vmm.device.driver)
		EXPECT_TRUE(vmm_dma_by_iova(&self->vmm));
	vfio_pci_device_close(&self->second);
	vmm_cleanup(&self->vmm);
}

/* All that is asked of @sid, and nothing where nobody can be asked. */
static struct ste ste_of(u16 sid)
{
	struct ste ste = {};

	if (oracle_present())
		oracle_ste(sid, &ste);
	return ste;
}

static bool ste_kept(u16 sid, const struct ste *before)
{
	struct ste now = ste_of(sid);

	return !memcmp(&now, before, sizeof(now));
}

TEST_F(guest_stage_fail_nth_second, bind)
{
	struct vfio_pci_device *second = &self->second;
	struct ste before;
	bool failed;
	int ret;

	vfio_pci_device_open(second, vfio_selftests_bdf(1), &self->vmm.container);
	before = ste_of(second->sid);
	do {
		fail_nth(++self->n);
		ret = __guest_stage_translate(second, &self->vmm.table);
		failed = fail_nth_did();
		self->failures += !!ret;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
		EXPECT_TRUE(!ret || ste_kept(second->sid, &before));
		EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
		if (!ret)
			guest_stage_unbind(second);
		EXPECT_TRUE(ste_kept(second->sid, &before));
	} while (failed);
	EXPECT_EQ(0, ret);
	EXPECT_NE(0, self->failures);
}

/* Another group comes into the container, which has the domain already. */
TEST_F(guest_stage_fail_nth_second, attach)
{
	struct vfio_container *container = &self->vmm.container;
	struct vfio_pci_device *second = &self->second;
	u16 sid = pci_requester_id(vfio_selftests_bdf(1));
	struct ste before = ste_of(sid);
	bool failed;
	int ret;

	second->group_fd = vfio_group_open(vfio_selftests_bdf(1));
	do {
		fail_nth(++self->n);
		ret = __vfio_group_set_container(second->group_fd, container);
		failed = fail_nth_did();
		self->failures += !!ret;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
		EXPECT_TRUE(!ret || ste_kept(sid, &before));
		EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
		if (!ret)
			EXPECT_EQ(0, __vfio_group_unset_container(second->group_fd));
		EXPECT_TRUE(ste_kept(sid, &before));
	} while (failed);
	EXPECT_EQ(0, ret);
	EXPECT_NE(0, self->failures);
}

/* Only the device is opened. Its group is in the container all the time. */
TEST_F(guest_stage_fail_nth_second, open)
{
	struct vfio_pci_device *second = &self->second;
	struct ste before;
	bool failed;
	int ret;

	vfio_pci_device_attach(second, vfio_selftests_bdf(1),
			       &self->vmm.container);
	before = ste_of(second->sid);
	do {
		fail_nth(++self->n);
		ret = __vfio_group_get_device(second->group_fd, second->bdf);
		failed = fail_nth_did();
		self->failures += ret < 0;
		EXPECT_TRUE(ret >= 0 || ret == -ENOMEM);
		EXPECT_TRUE(ste_kept(second->sid, &before));
		EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
		if (ret >= 0)
			close(ret);
	} while (failed);
	EXPECT_LE(0, ret);
	EXPECT_NE(0, self->failures);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
