// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a virtual machine monitor is told of the SMMU, against the registers that
 * the SMMU has.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

/* Fields of section 6.3 of the specification, IHI 0070. */
#define IDR0_S1P		BIT(1)
#define IDR0_TTF		GENMASK(3, 2)
#define IDR0_COHACC		BIT(4)
#define IDR0_ASID16		BIT(12)
#define IDR0_TTENDIAN		GENMASK(22, 21)
#define IDR0_STALL_MODEL	GENMASK(25, 24)
#define IDR0_TERM_MODEL		BIT(26)
#define IDR3_GUEST		(GENMASK(13, 9) | BIT(2))
#define IDR5_GUEST		GENMASK(6, 4)
#define IDR5_OAS		GENMASK(2, 0)
#define IIDR			0x18
#define AIDR			0x1c

#define GATE "/sys/module/arm_smmu_v3/parameters/allow_unsafe_guest_stage"
#define BEYOND			64

FIXTURE(guest_stage_info)
{
	struct vmm vmm;
	struct vfio_iommu_type1_guest_stage_info arg;
	struct iommu_guest_stage_info info;
};

FIXTURE_SETUP(guest_stage_info)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	self->arg = guest_stage_info_arg(&self->vmm.device);
}

FIXTURE_TEARDOWN(guest_stage_info)
{
	vmm_cleanup(&self->vmm);
}

static u32 idr(unsigned int i)
{
	return oracle_register(4 * i);
}

TEST_F(guest_stage_info, registers)
{
	struct iommu_guest_stage_info_smmuv3 *smmuv3 = &self->info.smmuv3;
	u32 kept = IDR0_S1P | IDR0_COHACC | IDR0_ASID16 | IDR0_TTENDIAN |
		   IDR0_TERM_MODEL;

	SKIP_WITHOUT_ORACLE(return);
	guest_stage_info(&self->vmm.device, &self->info);
	EXPECT_EQ(IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3, self->info.format);
	/* No substreams, ATS or HTTU in what QEMU has of its own. */
	EXPECT_EQ((idr(0) & kept) | FIELD_PREP(IDR0_TTF, 2) |
		  FIELD_PREP(IDR0_STALL_MODEL, 1), smmuv3->idr[0]);
	EXPECT_EQ(0, smmuv3->idr[1]);
	EXPECT_EQ(0, smmuv3->idr[2]);
	EXPECT_EQ(idr(3) & IDR3_GUEST, smmuv3->idr[3]);
	EXPECT_EQ(0, smmuv3->idr[4]);
	EXPECT_EQ(idr(5) & (IDR5_GUEST | IDR5_OAS), smmuv3->idr[5]);
	EXPECT_EQ(oracle_register(IIDR), smmuv3->iidr);
	EXPECT_EQ(oracle_register(AIDR), smmuv3->aidr);
}

/* The hardware has it, and a guest is not told. */
TEST_F(guest_stage_info, masked)
{
	struct iommu_guest_stage_info_smmuv3 *smmuv3 = &self->info.smmuv3;

	SKIP_WITHOUT_ORACLE(return);
	guest_stage_info(&self->vmm.device, &self->info);
	/* S2P, VMID16 and XNX: the guest has no stage 2. */
	EXPECT_NE(0, idr(0) & BIT(0));
	EXPECT_EQ(0, smmuv3->idr[0] & BIT(0));
	EXPECT_NE(0, idr(0) & BIT(18));
	EXPECT_EQ(0, smmuv3->idr[0] & BIT(18));
	EXPECT_NE(0, idr(3) & BIT(4));
	EXPECT_EQ(0, smmuv3->idr[3] & BIT(4));
	/* Tables, queues and StreamIDs are the monitor's. */
	EXPECT_NE(0, idr(1));
	EXPECT_NE(0, idr(0) & GENMASK(28, 27));
	EXPECT_EQ(0, smmuv3->idr[0] & GENMASK(28, 27));
}

TEST_F(guest_stage_info, limits)
{
	unsigned int i;

	guest_stage_info(&self->vmm.device, &self->info);
	EXPECT_EQ(vfio_container_last_iova(&self->vmm.container),
		  (1ULL << self->info.ipa_bits) - 1);
	EXPECT_EQ(0, self->info.pasid_bits);
	EXPECT_EQ(IOMMU_GUEST_COMMANDS_MAX, self->info.max_commands);
	for (i = 0; i < ARRAY_SIZE(self->info.__reserved); i++)
		EXPECT_EQ(0, self->info.__reserved[i]);
	EXPECT_EQ(0, self->info.flags);
	EXPECT_EQ(sizeof(self->info), self->info.argsz);
}

/* The window that the group says is for message-signalled interrupts. */
TEST_F(guest_stage_info, msi_window)
{
	unsigned long long start, end, found = 0;
	char path[128], line[128], type[32];
	FILE *file;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/iommu_group/reserved_regions",
		 vfio_selftests_bdf(0));
	file = fopen(path, "r");
	ASSERT_NE(NULL, file);
	guest_stage_info(&self->vmm.device, &self->info);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %llx %31s", &start, &end, type) != 3 ||
		    strcmp(type, "msi"))
			continue;
		found++;
		EXPECT_EQ(start, self->info.msi_base);
		EXPECT_EQ(end - start + 1, self->info.msi_size);
	}
	fclose(file);
	EXPECT_EQ(1, found);
}

/* It doesn't matter what the device is doing. */
TEST_F(guest_stage_info, every_state)
{
	struct iommu_guest_stage_info info;
	unsigned int i;

	guest_stage_info(&self->vmm.device, &self->info);
	for (i = 0; i < nr_guest_states; i++) {
		guest_states[i]->enter(&self->vmm);
		guest_stage_info(&self->vmm.device, &info);
		EXPECT_EQ(0, memcmp(&info, &self->info, sizeof(info)));
	}
}

static bool set_gate(const char *value)
{
	int fd = open(GATE, O_WRONLY);
	bool done = fd >= 0 && write(fd, value, 1) == 1;

	if (fd >= 0)
		close(fd);
	return done;
}

TEST_F(guest_stage_info, coherency)
{
	guest_stage_info(&self->vmm.device, &self->info);
	EXPECT_EQ(IOMMU_GUEST_STAGE_COHERENCY_VOUCHED, self->info.coherency);
	if (!set_gate("N"))
		SKIP(return, "can't write " GATE);
	guest_stage_info(&self->vmm.device, &self->info);
	EXPECT_EQ(IOMMU_GUEST_STAGE_COHERENCY_NONE, self->info.coherency);
	EXPECT_EQ(-EPERM, __guest_stage_translate(&self->vmm.device,
						  &self->vmm.table));
	EXPECT_TRUE(set_gate("Y"));
}

/* Callers of other versions: all sizes from none to more than this kernel knows. */
TEST_F(guest_stage_info, sizes)
{
	struct {
		struct vfio_iommu_type1_guest_stage_info arg;
		u8 beyond[BEYOND];
	} larger;
	const u8 *bytes = (const u8 *)&larger.arg.info;
	size_t size, i, known = sizeof(larger.arg.info);

	for (size = 0; size <= known + BEYOND; size++) {
		int expected = size < known ? -EINVAL : 0;

		memset(&larger, 0xff, sizeof(larger));
		larger.arg = self->arg;
		larger.arg.argsz = sizeof(larger);
		larger.arg.info.argsz = size;
		EXPECT_EQ(expected, __guest_stage_info_ioctl(&self->vmm.container,
							     &larger));
		if (expected)
			continue;
		EXPECT_EQ(known, larger.arg.info.argsz);
		for (i = known; i < size; i++)
			EXPECT_EQ(0, bytes[i]);
		for (; i < known + BEYOND; i++)
			EXPECT_EQ(0xff, bytes[i]);
	}
}

TEST_F(guest_stage_info, bad_arguments)
{
	struct vfio_iommu_type1_guest_stage_info good = self->arg, *arg = &self->arg;
	struct vfio_container *container = &self->vmm.container;

	for (arg->argsz = 0; arg->argsz < sizeof(*arg); arg->argsz++)
		EXPECT_EQ(-EINVAL, __guest_stage_info_ioctl(container, arg));
	*arg = good;
	arg->flags = 1;
	EXPECT_EQ(-EINVAL, __guest_stage_info_ioctl(container, arg));
	*arg = good;
	arg->__reserved = 1;
	EXPECT_EQ(-EINVAL, __guest_stage_info_ioctl(container, arg));
	*arg = good;
	arg->info.flags = 1;
	EXPECT_EQ(-EINVAL, __guest_stage_info_ioctl(container, arg));
	*arg = good;
	arg->info.argsz = arg->argsz;
	EXPECT_EQ(-EINVAL, __guest_stage_info_ioctl(container, arg));
	arg->argsz = 2 * getpagesize();
	arg->info.argsz = getpagesize() + 1;
	EXPECT_EQ(-E2BIG, __guest_stage_info_ioctl(container, arg));
	*arg = good;
	arg->device_fd = -1;
	EXPECT_EQ(-EBADF, __guest_stage_info_ioctl(container, arg));
	arg->device_fd = container->fd;
	EXPECT_EQ(-EINVAL, __guest_stage_info_ioctl(container, arg));
	EXPECT_EQ(-EFAULT, __guest_stage_info_ioctl(container, NULL));
}

/* Whatever of it can't be read or written, the caller is told. */
TEST_F(guest_stage_info, at_the_edge)
{
	struct vfio_container *container = &self->vmm.container;
	unsigned int readable;
	void *arg;

	EXPECT_EQ(0, __guest_stage_info_ioctl(container,
					      edge_copy(&self->arg,
							sizeof(self->arg))));
	for (readable = 1; readable < sizeof(self->arg); readable++) {
		arg = edge_copy(&self->arg, readable);
		EXPECT_EQ(-EFAULT, __guest_stage_info_ioctl(container, arg));
	}
	arg = edge_copy_read_only(&self->arg, sizeof(self->arg));
	EXPECT_EQ(-EFAULT, __guest_stage_info_ioctl(container, arg));
	/* The kernel's part fits, but not what a later kernel would know. */
	self->arg.argsz += BEYOND;
	self->arg.info.argsz += BEYOND;
	arg = edge_copy(&self->arg, sizeof(self->arg));
	EXPECT_EQ(-EFAULT, __guest_stage_info_ioctl(container, arg));
}

/* The capability of the container, found without a device's file descriptor. */
struct type1_info {
	struct vfio_iommu_type1_info info;
	u8 caps[4096];
};

static struct vfio_iommu_type1_info_cap_guest_stage *
find_cap(struct vfio_container *container, struct type1_info *info)
{
	struct vfio_info_cap_header *header;
	u32 offset;

	memset(info, 0, sizeof(*info));
	info->info.argsz = sizeof(*info);
	VFIO_ASSERT(!ioctl(container->fd, VFIO_IOMMU_GET_INFO, info), "info");
	for (offset = info->info.cap_offset; offset; offset = header->next) {
		header = (void *)((u8 *)info + offset);
		if (header->id == VFIO_IOMMU_TYPE1_INFO_CAP_GUEST_STAGE)
			return (void *)header;
	}
	return NULL;
}

TEST_F(guest_stage_info, capability)
{
	struct vfio_iommu_type1_info_cap_guest_stage *cap;
	struct type1_info info;

	cap = find_cap(&self->vmm.container, &info);
	ASSERT_NE(NULL, cap);
	EXPECT_EQ(1, cap->header.version);
	EXPECT_EQ(0, cap->flags);
	EXPECT_EQ(IOMMU_GUEST_COMMANDS_MAX, cap->max_commands);
}

FIXTURE(guest_stage_info_plain)
{
	struct vmm vmm;
};

FIXTURE_SETUP(guest_stage_info_plain)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init_type(&self->vmm, vfio_selftests_bdf(0), VFIO_TYPE1v2_IOMMU);
}

FIXTURE_TEARDOWN(guest_stage_info_plain)
{
	vmm_cleanup(&self->vmm);
}

/* A container that doesn't nest says so. */
TEST_F(guest_stage_info_plain, none)
{
	struct vfio_iommu_type1_guest_stage_info arg =
		guest_stage_info_arg(&self->vmm.device);
	struct vfio_iommu_type1_invalidate_guest_stage inv;
	struct iommu_guest_command_smmuv3 cmd = guest_cmd_tlbi_asid(1);
	struct type1_info info;

	EXPECT_EQ(NULL, find_cap(&self->vmm.container, &info));
	EXPECT_EQ(-EOPNOTSUPP, __guest_stage_info_ioctl(&self->vmm.container,
							&arg));
	EXPECT_EQ(-ENODEV, __guest_commands(&self->vmm.container, &cmd, 1, &inv));
}

FIXTURE(guest_stage_info_two)
{
	struct vmm vmm[2];
};

FIXTURE_SETUP(guest_stage_info_two)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	vmm_init(&self->vmm[0], vfio_selftests_bdf(0));
	vmm_init(&self->vmm[1], vfio_selftests_bdf(1));
}

FIXTURE_TEARDOWN(guest_stage_info_two)
{
	vmm_cleanup(&self->vmm[1]);
	vmm_cleanup(&self->vmm[0]);
}

TEST_F(guest_stage_info_two, other_container)
{
	struct vfio_iommu_type1_guest_stage_info arg =
		guest_stage_info_arg(&self->vmm[1].device);

	EXPECT_EQ(-ENODEV, __guest_stage_info_ioctl(&self->vmm[0].container,
						    &arg));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
