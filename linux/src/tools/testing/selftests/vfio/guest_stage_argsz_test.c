// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes: callers and kernels of other versions, which know more or less of the
 * structures, and arguments that end where memory ends.
 */
#include <libvfio/harness.h>

#define BEYOND		64

#define BIND_OFFSET(_field)							\
	offsetof(struct vfio_iommu_type1_bind_guest_stage, _field)
#define BIND_SIZE	sizeof(struct vfio_iommu_type1_bind_guest_stage)
#define UNBIND_SIZE	sizeof(struct vfio_iommu_type1_unbind_guest_stage)

/* A later version of the structure, as far as this kernel can tell. */
union larger_bind {
	struct vfio_iommu_type1_bind_guest_stage arg;
	u8 bytes[BIND_SIZE + BEYOND];
};

union larger_unbind {
	struct vfio_iommu_type1_unbind_guest_stage arg;
	u8 bytes[UNBIND_SIZE + BEYOND];
};

FIXTURE(guest_stage_argsz)
{
	struct vmm vmm;
	struct iommu_guest_stage_config config;
	union larger_bind bind;
	union larger_unbind unbind;
};

FIXTURE_SETUP(guest_stage_argsz)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(vmm, vfio_selftests_bdf(0));
	self->config = guest_stage_config(&vmm->device,
					  IOMMU_GUEST_STAGE_TRANSLATE,
					  vmm->table.cd);
	self->bind.arg = guest_stage_bind_arg(&vmm->device, &self->config);
	self->unbind.arg = guest_stage_unbind_arg(&vmm->device);
}

FIXTURE_TEARDOWN(guest_stage_argsz)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_argsz, bind_too_small)
{
	u32 argsz;

	for (argsz = 0; argsz < BIND_SIZE; argsz++) {
		self->bind.arg.argsz = argsz;
		EXPECT_EQ(-EINVAL, __guest_stage_bind_ioctl(&self->vmm.container,
							    &self->bind));
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

TEST_F(guest_stage_argsz, bind_large_enough)
{
	u32 argsz;

	for (argsz = BIND_SIZE; argsz <= sizeof(self->bind); argsz++) {
		self->bind.arg.argsz = argsz;
		EXPECT_EQ(0, __guest_stage_bind_ioctl(&self->vmm.container,
						      &self->bind));
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
}

TEST_F(guest_stage_argsz, config_too_small)
{
	u32 argsz;

	for (argsz = 0; argsz < sizeof(self->config); argsz++) {
		self->bind.arg.config.argsz = argsz;
		EXPECT_EQ(-EINVAL, __guest_stage_bind_ioctl(&self->vmm.container,
							    &self->bind));
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

/* What isn't known here is 0, so it asks for nothing. */
TEST_F(guest_stage_argsz, config_larger_and_zero)
{
	u32 argsz;

	self->bind.arg.argsz = sizeof(self->bind);
	for (argsz = sizeof(self->config);
	     argsz <= sizeof(self->config) + BEYOND; argsz++) {
		self->bind.arg.config.argsz = argsz;
		EXPECT_EQ(0, __guest_stage_bind_ioctl(&self->vmm.container,
						      &self->bind));
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
}

/* Something is asked for that isn't known here. */
TEST_F(guest_stage_argsz, config_larger_and_set)
{
	unsigned int i;

	self->bind.arg.argsz = sizeof(self->bind);
	self->bind.arg.config.argsz = sizeof(self->config) + BEYOND;
	for (i = BIND_SIZE; i < sizeof(self->bind); i++) {
		self->bind.bytes[i] = 1;
		EXPECT_EQ(-E2BIG, __guest_stage_bind_ioctl(&self->vmm.container,
							   &self->bind));
		self->bind.bytes[i] = 0;
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

/* Beyond what the configuration says of itself nothing is looked at. */
TEST_F(guest_stage_argsz, config_smaller_than_the_rest)
{
	memset(self->bind.bytes + BIND_SIZE, 0xff, BEYOND);
	self->bind.arg.argsz = sizeof(self->bind);
	EXPECT_EQ(0, __guest_stage_bind_ioctl(&self->vmm.container, &self->bind));
}

TEST_F(guest_stage_argsz, config_larger_than_the_whole)
{
	u32 argsz;

	for (argsz = sizeof(self->config) + 1; argsz; argsz <<= 1) {
		self->bind.arg.config.argsz = argsz;
		EXPECT_EQ(-EINVAL, __guest_stage_bind_ioctl(&self->vmm.container,
							    &self->bind));
	}
	self->bind.arg.config.argsz = ~0U;
	EXPECT_EQ(-EINVAL, __guest_stage_bind_ioctl(&self->vmm.container,
						    &self->bind));
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

/* No size makes the kernel allocate or read without bounds. */
TEST_F(guest_stage_argsz, config_huge)
{
	int ret;

	self->bind.arg.argsz = ~0U;
	self->bind.arg.config.argsz = ~0U - BIND_OFFSET(config);
	ret = __guest_stage_bind_ioctl(&self->vmm.container, &self->bind);
	EXPECT_TRUE(ret == -E2BIG || ret == -EFAULT);
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

TEST_F(guest_stage_argsz, bind_at_the_edge)
{
	void *arg = edge_copy(&self->bind, BIND_SIZE);

	EXPECT_EQ(0, __guest_stage_bind_ioctl(&self->vmm.container, arg));
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
}

TEST_F(guest_stage_argsz, bind_across_the_edge)
{
	unsigned int readable;

	for (readable = 1; readable < BIND_SIZE; readable++) {
		void *arg = edge_copy(&self->bind, readable);

		EXPECT_EQ(-EFAULT,
			  __guest_stage_bind_ioctl(&self->vmm.container, arg));
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

TEST_F(guest_stage_argsz, config_across_the_edge)
{
	void *arg;

	self->bind.arg.argsz = sizeof(self->bind);
	self->bind.arg.config.argsz = sizeof(self->config) + BEYOND;
	arg = edge_copy(&self->bind, BIND_SIZE);
	EXPECT_EQ(-EFAULT, __guest_stage_bind_ioctl(&self->vmm.container, arg));
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

/* The kernel has nothing to write back. */
TEST_F(guest_stage_argsz, bind_read_only)
{
	void *arg = edge_copy_read_only(&self->bind, BIND_SIZE);

	EXPECT_EQ(0, __guest_stage_bind_ioctl(&self->vmm.container, arg));
}

TEST_F(guest_stage_argsz, unbind)
{
	u32 argsz;

	guest_stage_bind(&self->vmm.device, &self->config);
	for (argsz = 0; argsz < UNBIND_SIZE; argsz++) {
		self->unbind.arg.argsz = argsz;
		EXPECT_EQ(-EINVAL,
			  __guest_stage_unbind_ioctl(&self->vmm.container,
						     &self->unbind));
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
	for (; argsz <= sizeof(self->unbind); argsz++) {
		self->unbind.arg.argsz = argsz;
		EXPECT_EQ(0, __guest_stage_unbind_ioctl(&self->vmm.container,
							&self->unbind));
		guest_stage_bind(&self->vmm.device, &self->config);
	}
}

TEST_F(guest_stage_argsz, unbind_at_the_edge)
{
	unsigned int readable;

	guest_stage_bind(&self->vmm.device, &self->config);
	for (readable = 1; readable < UNBIND_SIZE; readable++) {
		void *arg = edge_copy(&self->unbind, readable);

		EXPECT_EQ(-EFAULT, __guest_stage_unbind_ioctl(&self->vmm.container,
							      arg));
	}
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
	EXPECT_EQ(0, __guest_stage_unbind_ioctl(&self->vmm.container,
						edge_copy(&self->unbind,
							  UNBIND_SIZE)));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
