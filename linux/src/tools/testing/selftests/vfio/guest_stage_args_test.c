// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call with anything wrong in it is refused with the documented error, and leaves
 * the device as it was. The sizes have a test of their own, guest_stage_argsz_test.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <libvfio/harness.h>

#define PARAMETERS	"/sys/module/arm_smmu_v3/parameters/"
#define GATE		PARAMETERS "allow_unsafe_guest_stage"
#define BIND_OFFSET(_field)							\
	offsetof(struct vfio_iommu_type1_bind_guest_stage, _field)
#define BIND_SIZE	sizeof(struct vfio_iommu_type1_bind_guest_stage)

FIXTURE(guest_stage_args)
{
	struct vmm vmm;
	struct iommu_guest_stage_config config;
};

FIXTURE_VARIANT(guest_stage_args)
{
	/* The state that the device is in, and stays in. */
	const struct guest_state *state;
};

FIXTURE_VARIANT_ADD(guest_stage_args, nothing_bound)
{
	.state = &state_stage2,
};

FIXTURE_VARIANT_ADD(guest_stage_args, abort)
{
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_args, translate)
{
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_args, bypass)
{
	.state = &state_bypass,
};

FIXTURE_SETUP(guest_stage_args)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(vmm, vfio_selftests_bdf(0));
	if (vmm->device.driver)
		ASSERT_TRUE(vmm_dma_by_ipa(vmm));
	variant->state->enter(vmm);
	self->config = guest_stage_config(&vmm->device,
					  IOMMU_GUEST_STAGE_TRANSLATE,
					  vmm->table.cd);
}

/* Whatever was refused, the device is where it was, and goes on from there. */
FIXTURE_TEARDOWN(guest_stage_args)
{
	struct vmm *vmm = &self->vmm;

	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	if (vmm->device.driver)
		EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
	EXPECT_EQ(variant->state == &state_stage2 ? -ENOENT : 0,
		  __guest_stage_unbind(&vmm->device));
	EXPECT_EQ(0, __guest_stage_translate(&vmm->device, &vmm->table));
	vmm_cleanup(vmm);
}

struct bad_value {
	const char *what;
	size_t offset;
	size_t size;
	u64 value;
	int error;
};

#define BAD(_type, _field, _value, _error)					\
	{									\
		.what = #_field " = " #_value,					\
		.offset = BIND_OFFSET(_field),					\
		.size = sizeof(_type),						\
		.value = (_value),						\
		.error = (_error),						\
	}

static const struct bad_value bad_values[] = {
	BAD(u32, argsz, 0, -EINVAL),
	BAD(u32, argsz, BIND_SIZE - 1, -EINVAL),
	BAD(u32, flags, 1, -EINVAL),
	BAD(u32, device_fd, -1, -EBADF),
	BAD(u32, device_fd, 1000, -EBADF),
	BAD(u32, device_fd, INT_MAX, -EBADF),
	BAD(u32, device_fd, INT_MIN, -EBADF),
	BAD(u32, __reserved, 1, -EINVAL),
	BAD(u32, config.argsz, 0, -EINVAL),
	BAD(u32, config.flags, 1, -EINVAL),
	BAD(u32, config.format, 0, -EINVAL),
	BAD(u32, config.format, 2, -EINVAL),
	BAD(u32, config.format, ~0U, -EINVAL),
	BAD(u32, config.state, 0, -EINVAL),
	BAD(u32, config.state, 4, -EINVAL),
	BAD(u32, config.state, ~0U, -EINVAL),
	BAD(u32, config.pasid_bits, 21, -EINVAL),
	BAD(u32, config.pasid_bits, 31, -EINVAL),
	BAD(u32, config.pasid_bits, 32, -EINVAL),
	BAD(u32, config.pasid_bits, ~0U, -EINVAL),
	BAD(u64, config.base_ptr, 1, -EINVAL),
	BAD(u64, config.base_ptr, GUEST_RAM_IPA + 32, -EINVAL),
	BAD(u64, config.base_ptr, ~0ULL, -EINVAL),
	BAD(u64, config.base_ptr, ~0ULL << 6, -EINVAL),
	BAD(u32, config.smmuv3.flags, 1 << 3, -EINVAL),
	BAD(u8, config.smmuv3.s1fmt, 4, -EINVAL),
	BAD(u8, config.smmuv3.s1fmt, 0xff, -EINVAL),
	BAD(u8, config.smmuv3.s1dss, 4, -EINVAL),
	BAD(u8, config.smmuv3.s1dss, 0xff, -EINVAL),
	BAD(u8, config.smmuv3.s1csh, 1, -EINVAL),
	BAD(u8, config.smmuv3.s1csh, 4, -EINVAL),
	BAD(u8, config.smmuv3.s1csh, 0xff, -EINVAL),
	BAD(u8, config.smmuv3.s1cir, 4, -EINVAL),
	BAD(u8, config.smmuv3.s1cir, 0xff, -EINVAL),
	BAD(u8, config.smmuv3.s1cor, 4, -EINVAL),
	BAD(u8, config.smmuv3.s1cor, 0xff, -EINVAL),
};

static int bind_with(struct vmm *vmm, const struct iommu_guest_stage_config *config,
		     size_t offset, u64 value, size_t size)
{
	struct vfio_iommu_type1_bind_guest_stage arg = guest_stage_bind_arg(&vmm->device, config);

	memcpy((void *)&arg + offset, &value, size);
	return __guest_stage_bind_ioctl(&vmm->container, &arg);
}

TEST_F(guest_stage_args, bad_values)
{
	const struct bad_value *bad;

	for (bad = bad_values; bad < bad_values + ARRAY_SIZE(bad_values); bad++) {
		EXPECT_EQ(bad->error, bind_with(&self->vmm, &self->config,
						bad->offset, bad->value,
						bad->size))
			TH_LOG("%s", bad->what);
		EXPECT_TRUE(vmm_ste_is(&self->vmm, variant->state))
			TH_LOG("%s", bad->what);
	}
}

/* Bits [@first, @last] of the word at @offset mean nothing, each is refused. */
static unsigned int accepted_bits(struct vmm *vmm,
				  struct iommu_guest_stage_config *config,
				  size_t offset, unsigned int first,
				  unsigned int last)
{
	unsigned int bit, accepted = 0;

	for (bit = first; bit <= last; bit++)
		accepted += bind_with(vmm, config, offset, BIT(bit),
				      sizeof(u32)) != -EINVAL;
	return accepted;
}

static const u32 states[] = {
	IOMMU_GUEST_STAGE_TRANSLATE,
	IOMMU_GUEST_STAGE_BYPASS,
	IOMMU_GUEST_STAGE_ABORT,
};

TEST_F(guest_stage_args, unknown_flags_and_padding)
{
	unsigned int i, word;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		self->config.state = states[i];
		EXPECT_EQ(0, accepted_bits(&self->vmm, &self->config,
					   BIND_OFFSET(flags), 0, 31));
		EXPECT_EQ(0, accepted_bits(&self->vmm, &self->config,
					   BIND_OFFSET(__reserved), 0, 31));
		EXPECT_EQ(0, accepted_bits(&self->vmm, &self->config,
					   BIND_OFFSET(config.flags), 0, 31));
		for (word = 0; word < 4; word++)
			EXPECT_EQ(0, accepted_bits(&self->vmm, &self->config,
						   BIND_OFFSET(config.__reserved) +
						   word * sizeof(u32), 0, 31));
		EXPECT_EQ(0, accepted_bits(&self->vmm, &self->config,
					   BIND_OFFSET(config.smmuv3.flags),
					   3, 31));
	}
}

TEST_F(guest_stage_args, padding_of_the_format)
{
	struct iommu_guest_stage_smmuv3 *smmuv3 = &self->config.smmuv3;
	unsigned int i, n;

	for (n = 0; n < ARRAY_SIZE(states); n++) {
		self->config.state = states[n];
		for (i = 0; i < sizeof(smmuv3->__reserved); i++) {
			smmuv3->__reserved[i] = 0x80;
			EXPECT_EQ(-EINVAL, __guest_stage_bind(&self->vmm.device,
							      &self->config));
			smmuv3->__reserved[i] = 0;
		}
	}
}

/* The table is aligned to 64 bytes and within what stage 2 can map. */
TEST_F(guest_stage_args, base_ptr)
{
	u64 last = vfio_container_last_iova(&self->vmm.container);
	u64 good = self->config.base_ptr;
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		if (bit >= 6 && BIT_ULL(bit) <= last)
			continue;
		self->config.base_ptr = good | BIT_ULL(bit);
		EXPECT_EQ(-EINVAL, __guest_stage_bind(&self->vmm.device,
						      &self->config));
	}
	self->config.base_ptr = last + 1;
	EXPECT_EQ(-EINVAL, __guest_stage_bind(&self->vmm.device, &self->config));
}

/* While a device is bound it keeps its name. */
TEST_F(guest_stage_args, vsid)
{
	unsigned int i;

	if (variant->state == &state_stage2)
		SKIP(return, "nothing is bound, so there is no name to change");
	self->config.vsid++;
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		self->config.state = states[i];
		EXPECT_EQ(-EINVAL, __guest_stage_bind(&self->vmm.device,
						      &self->config));
	}
}

/* Neither edu nor QEMU's SMMU have ATS. */
TEST_F(guest_stage_args, ats_where_there_is_none)
{
	const struct vfio_pci_driver_ops *driver = self->vmm.device.driver;

	if (!driver || strcmp(driver->name, "edu"))
		SKIP(return, "the device may have ATS");
	self->config.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS;
	EXPECT_EQ(-EOPNOTSUPP, __guest_stage_bind(&self->vmm.device,
						  &self->config));
}

TEST_F(guest_stage_args, bad_address)
{
	EXPECT_EQ(-EFAULT, __guest_stage_bind_ioctl(&self->vmm.container, NULL));
	EXPECT_EQ(-EFAULT, __guest_stage_unbind_ioctl(&self->vmm.container, NULL));
	EXPECT_EQ(-EFAULT, __guest_stage_bind_ioctl(&self->vmm.container,
						    (void *)-64UL));
}

/* Only to be called with something wrong. */
static int unbind_with(struct vmm *vmm, u32 flags, u32 reserved)
{
	struct vfio_iommu_type1_unbind_guest_stage arg =
		guest_stage_unbind_arg(&vmm->device);

	arg.flags = flags;
	arg.__reserved = reserved;
	return __guest_stage_unbind_ioctl(&vmm->container, &arg);
}

TEST_F(guest_stage_args, unbind)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, unbind_with(&self->vmm, BIT(bit), 0));
		EXPECT_EQ(-EINVAL, unbind_with(&self->vmm, 0, BIT(bit)));
	}
}

/* Try both calls with another file than the device's. */
static int both_with_fd(struct vmm *vmm, int fd, int *unbind)
{
	struct vfio_pci_device stranger = vmm->device;

	stranger.fd = fd;
	*unbind = __guest_stage_unbind(&stranger);
	return __guest_stage_translate(&stranger, &vmm->table);
}

/* An open file, but not of a device. */
TEST_F(guest_stage_args, not_a_device)
{
	int fds[] = {
		open("/dev/null", O_RDWR),
		eventfd(0, 0),
		self->vmm.container.fd,
		self->vmm.device.group_fd,
	};
	unsigned int i;
	int unbind;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(-EINVAL, both_with_fd(&self->vmm, fds[i], &unbind));
		EXPECT_EQ(-EINVAL, unbind);
	}
}

TEST_F(guest_stage_args, not_open)
{
	int closed = dup(self->vmm.device.fd), path, unbind;

	ASSERT_EQ(0, close(closed));
	EXPECT_EQ(-EBADF, both_with_fd(&self->vmm, closed, &unbind));
	EXPECT_EQ(-EBADF, unbind);
	path = open("/dev/vfio/vfio", O_PATH);
	ASSERT_LE(0, path);
	EXPECT_EQ(-EBADF, both_with_fd(&self->vmm, path, &unbind));
	EXPECT_EQ(-EBADF, unbind);
}

/* A container that has no type yet has no devices either. */
TEST_F(guest_stage_args, container_without_a_type)
{
	struct vfio_pci_device stranger = self->vmm.device;
	struct vfio_container container;

	vfio_container_open(&container, VFIO_TYPE1_NESTING_IOMMU);
	stranger.container = &container;
	EXPECT_EQ(-ENODEV, __guest_stage_translate(&stranger, &self->vmm.table));
	EXPECT_EQ(-ENODEV, __guest_stage_unbind(&stranger));
	vfio_container_close(&container);
}

/* There is no such call, and a device is no container. */
TEST_F(guest_stage_args, other_ioctls)
{
	struct vfio_iommu_type1_bind_guest_stage arg;

	arg = guest_stage_bind_arg(&self->vmm.device, &self->config);
	EXPECT_EQ(-1, ioctl(self->vmm.container.fd,
			    _IO(VFIO_TYPE, VFIO_BASE + 22), &arg));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->vmm.device.fd, VFIO_IOMMU_BIND_GUEST_STAGE,
			    &arg));
	EXPECT_EQ(ENOTTY, errno);
}

/* What is ignored in these states is not looked at, so nothing can be wrong there. */
FIXTURE(guest_stage_ignored)
{
	struct vmm vmm;
	struct iommu_guest_stage_config config;
};

FIXTURE_SETUP(guest_stage_ignored)
{
	struct iommu_guest_stage_config *config = &self->config;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	*config = guest_stage_config(&self->vmm.device,
				     IOMMU_GUEST_STAGE_BYPASS, ~0ULL);
	config->pasid_bits = ~0U;
	config->smmuv3.s1fmt = 0xff;
	config->smmuv3.s1dss = 0xff;
	config->smmuv3.s1cir = 0xff;
	config->smmuv3.s1cor = 0xff;
	config->smmuv3.s1csh = 0xff;
}

FIXTURE_TEARDOWN(guest_stage_ignored)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_ignored, in_bypass)
{
	EXPECT_EQ(0, __guest_stage_bind(&self->vmm.device, &self->config));
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_bypass));
}

TEST_F(guest_stage_ignored, in_abort)
{
	self->config.state = IOMMU_GUEST_STAGE_ABORT;
	EXPECT_EQ(0, __guest_stage_bind(&self->vmm.device, &self->config));
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_abort));
}

TEST_F(guest_stage_ignored, but_not_in_translate)
{
	self->config.state = IOMMU_GUEST_STAGE_TRANSLATE;
	EXPECT_GT(0, __guest_stage_bind(&self->vmm.device, &self->config));
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_stage2));
}

/* Any name will do. */
TEST_F(guest_stage_ignored, vsid_of_any_value)
{
	const u32 vsids[] = { 0, 1, 0x7fffffff, 0x80000000, ~0U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vsids); i++) {
		self->config.vsid = vsids[i];
		EXPECT_EQ(0, __guest_stage_bind(&self->vmm.device,
						&self->config));
		EXPECT_EQ(0, __guest_stage_unbind(&self->vmm.device));
	}
}

/* Without the administrator's word no guest gets a stage that may be incoherent. */
FIXTURE(guest_stage_gate)
{
	struct vmm vmm;
	int was_open;
};

FIXTURE_SETUP(guest_stage_gate)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	self->was_open = host_get_parameter(GATE);
	if (self->was_open != 1 || host_set_parameter(GATE, true))
		SKIP(return, "%s isn't set, or can't be", GATE);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
}

FIXTURE_TEARDOWN(guest_stage_gate)
{
	EXPECT_EQ(0, host_set_parameter(GATE, true));
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_gate, shut)
{
	struct vmm *vmm = &self->vmm;

	ASSERT_EQ(0, host_set_parameter(GATE, false));
	EXPECT_EQ(-EPERM, __guest_stage_translate(&vmm->device, &vmm->table));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&vmm->device));
}

/* What is bound stays so, and can be unbound. */
TEST_F(guest_stage_gate, shut_while_bound)
{
	struct vmm *vmm = &self->vmm;

	guest_stage_translate(&vmm->device, &vmm->table);
	ASSERT_EQ(0, host_set_parameter(GATE, false));
	EXPECT_EQ(-EPERM, __guest_stage_translate(&vmm->device, &vmm->table));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	EXPECT_EQ(0, __guest_stage_unbind(&vmm->device));
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
