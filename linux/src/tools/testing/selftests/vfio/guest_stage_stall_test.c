// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to faults that a device waits for, as far as they get where the SMMU has
 * no stalls: nothing ever waits, and a guest can't be given any.
 */
#include <libvfio/edge.h>
#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

#define SIZE		sizeof(struct iommu_guest_fault_response)
#define NO_IOVA		0x7000000000ULL

/* Of section 6.3 of the specification, IHI 0070 */
#define IDR0_STALL_MODEL	GENMASK(25, 24)

FIXTURE(guest_stage_stall)
{
	struct vmm vmm;
	struct iommu_guest_fault_response resp[3];
	int fd;
};

FIXTURE_SETUP(guest_stage_stall)
{
	struct iommu_guest_stage_info info;
	unsigned int i;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	guest_stage_info(&self->vmm.device, &info);
	if (!FIELD_GET(IDR0_STALL_MODEL, info.smmuv3.idr[0]))
		SKIP(return, "the device can stall");
	self->fd = guest_fault_fd(&self->vmm.container, O_NONBLOCK | O_CLOEXEC);
	for (i = 0; i < ARRAY_SIZE(self->resp); i++)
		self->resp[i] = guest_fault_response(self->vmm.device.vsid, i);
}

FIXTURE_TEARDOWN(guest_stage_stall)
{
	if (self->fd >= 0)
		close(self->fd);
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static int bind_stall(struct vmm *vmm, u32 state)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(&vmm->device, state, vmm->table.cd);

	config.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_STALL;
	return __guest_stage_bind(&vmm->device, &config);
}

/* From each state, which stays. With a descriptor, and without. */
TEST_F(guest_stage_stall, bind_is_refused)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	for (i = 0; i < 2 * nr_guest_states; i++) {
		const struct guest_state *state = guest_states[i / 2];

		if (i % 2) {
			close(self->fd);
			self->fd = -1;
		} else if (self->fd < 0) {
			self->fd = guest_fault_fd(&vmm->container, O_CLOEXEC);
		}
		state->enter(vmm);
		EXPECT_EQ(-EOPNOTSUPP,
			  bind_stall(vmm, IOMMU_GUEST_STAGE_TRANSLATE));
		EXPECT_TRUE(vmm_ste_is(vmm, state));
	}
}

/* It is of the guest's table, which isn't looked at in other states. */
TEST_F(guest_stage_stall, bind_without_table)
{
	struct vmm *vmm = &self->vmm;

	EXPECT_EQ(0, bind_stall(vmm, IOMMU_GUEST_STAGE_BYPASS));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_bypass));
	EXPECT_EQ(0, bind_stall(vmm, IOMMU_GUEST_STAGE_ABORT));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_abort));
}

TEST_F(guest_stage_stall, nothing_waits)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	for (i = 0; i < nr_guest_states; i++) {
		guest_states[i]->enter(vmm);
		EXPECT_EQ(-ENOENT, __guest_faults_write(self->fd, self->resp,
							SIZE));
		EXPECT_EQ(-ENOENT, __guest_faults_write(self->fd, self->resp,
							sizeof(self->resp)));
		EXPECT_TRUE(vmm_ste_is(vmm, guest_states[i]));
	}
	self->resp[0].vsid++;
	EXPECT_EQ(-ENOENT, __guest_faults_write(self->fd, self->resp, SIZE));
}

/* A fault that was terminated has no answer. */
TEST_F(guest_stage_stall, fault_is_not_stalled)
{
	struct vmm *vmm = &self->vmm;
	struct iommu_guest_fault fault;

	SKIP_WITHOUT_DMA(return, &vmm->device);
	SKIP_WITHOUT_ORACLE(return);
	state_translate.enter(vmm);
	dma_read(&vmm->device, NO_IOVA, DMA_SIZE);
	guest_faults_expect(self->fd, &fault, 1);
	EXPECT_EQ(0, fault.flags);
	EXPECT_EQ(0, guest_fault_word(&fault, 1) & GENMASK(31, 0));
	EXPECT_EQ(-ENOENT, __guest_faults_write(self->fd, self->resp, SIZE));
	EXPECT_EQ(0, host_iommu_counter(vmm->device.bdf, "guest_stalls_aborted"));
}

TEST_F(guest_stage_stall, sizes)
{
	size_t size;

	state_translate.enter(&self->vmm);
	for (size = 0; size <= sizeof(self->resp); size++)
		EXPECT_EQ(size && size % SIZE == 0 ? -ENOENT : -EINVAL,
			  __guest_faults_write(self->fd, self->resp, size));
}

#define EXPECT_MALFORMED(_member, _value)					\
do {										\
	struct iommu_guest_fault_response __resp = self->resp[0];		\
										\
	__resp._member = _value;						\
	EXPECT_EQ(-EINVAL, __guest_faults_write(self->fd, &__resp, SIZE));	\
} while (0)

TEST_F(guest_stage_stall, malformed)
{
	unsigned int i;

	state_translate.enter(&self->vmm);
	for (i = 0; i <= SIZE + 8; i++)
		if (i != SIZE)
			EXPECT_MALFORMED(argsz, i);
	for (i = 0; i < 32; i++) {
		EXPECT_MALFORMED(flags, BIT(i));
		EXPECT_MALFORMED(__reserved, BIT(i));
	}
	for (i = 0; i < ARRAY_SIZE(self->resp[0].smmuv3.__reserved); i++)
		EXPECT_MALFORMED(smmuv3.__reserved[i], 1);
	EXPECT_MALFORMED(format, 0);
	EXPECT_MALFORMED(format, 2);
	EXPECT_MALFORMED(action, 0);
	EXPECT_MALFORMED(action, 4);
	EXPECT_MALFORMED(action, -1);
}

TEST_F(guest_stage_stall, unreadable)
{
	u8 *copy = edge_copy(self->resp, SIZE);
	size_t missing;

	for (missing = 1; missing <= SIZE; missing++)
		EXPECT_EQ(-EFAULT, __guest_faults_write(self->fd, copy + missing,
							SIZE));
	/* What is wrong with the first is said before the second is looked at. */
	EXPECT_EQ(-ENOENT, __guest_faults_write(self->fd, copy, 2 * SIZE));
}

TEST_F(guest_stage_stall, always_writable)
{
	struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN | POLLOUT };

	ASSERT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLOUT, poll_fd.revents);
}

/* There is no device whose fault it could be. */
TEST_F(guest_stage_stall, outlives_the_container)
{
	state_translate.enter(&self->vmm);
	vmm_cleanup(&self->vmm);
	EXPECT_EQ(-ENOENT, __guest_faults_write(self->fd, self->resp, SIZE));
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	state_translate.enter(&self->vmm);
	EXPECT_EQ(-ENOENT, __guest_faults_write(self->fd, self->resp, SIZE));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
