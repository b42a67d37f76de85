// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches of a guest's invalidation commands: how many took effect is exactly what
 * the caller is told, whatever is wrong and wherever it is. What is refused never
 * reaches the SMMU's queue.
 */
#include <sys/mman.h>
#include <time.h>

#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

/* The kernel's pieces, between which others get their turn */
#define PIECE		64
#define MANY		1000

FIXTURE(guest_stage_batch)
{
	struct vmm vmm;
	struct iommu_guest_command_smmuv3 cmds[MANY];
	struct vfio_iommu_type1_invalidate_guest_stage arg;
};

FIXTURE_SETUP(guest_stage_batch)
{
	unsigned int i;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	guest_stage_abort(&self->vmm.device);
	for (i = 0; i < MANY; i++)
		self->cmds[i] = guest_cmd_tlbi_asid(i);
	if (oracle_present())
		oracle_mark();
}

FIXTURE_TEARDOWN(guest_stage_batch)
{
	vmm_cleanup(&self->vmm);
}

/* Whether the SMMU was given @count commands of these since the mark, and no others. */
static bool issued(unsigned int count)
{
	return !oracle_present() ||
	       (oracle_count_commands("TLBI") == count &&
		oracle_count_commands("TLBI_NH_ASID") == count &&
		oracle_count_commands("CFGI") == 0 &&
		oracle_count_commands("ATC_INV") == 0);
}

TEST_F(guest_stage_batch, sizes)
{
	static const unsigned int sizes[] = {
		0, 1, 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1,
		MANY,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (oracle_present())
			oracle_mark();
		guest_commands(&self->vmm.container, self->cmds, sizes[i]);
		EXPECT_TRUE(issued(sizes[i]));
	}
}

/* What is wrong, and what the caller is told. */
FIXTURE(guest_stage_bad_command)
{
	struct vmm vmm;
	struct iommu_guest_command_smmuv3 cmds[MANY];
	struct vfio_iommu_type1_invalidate_guest_stage arg;
};

FIXTURE_VARIANT(guest_stage_bad_command)
{
	/* StreamID 0xffffffff is no device's. */
	u64 cmd[2];
	int ret;
	u32 error;
};

FIXTURE_VARIANT_ADD(guest_stage_bad_command, opcode)
{
	.cmd = { 0xff },
	.ret = -EINVAL,
	.error = IOMMU_GUEST_COMMAND_ILLEGAL,
};

FIXTURE_VARIANT_ADD(guest_stage_bad_command, reserved_bit)
{
	.cmd = { CMD_OP_TLBI_NH_ALL, 1 },
	.ret = -EINVAL,
	.error = IOMMU_GUEST_COMMAND_ILLEGAL,
};

FIXTURE_VARIANT_ADD(guest_stage_bad_command, atc_inv)
{
	.cmd = { CMD_OP_ATC_INV },
	.ret = -EINVAL,
	.error = IOMMU_GUEST_COMMAND_ILLEGAL,
};

FIXTURE_VARIANT_ADD(guest_stage_bad_command, sync)
{
	.cmd = { CMD_OP_SYNC },
	.ret = -EINVAL,
	.error = IOMMU_GUEST_COMMAND_ILLEGAL,
};

FIXTURE_VARIANT_ADD(guest_stage_bad_command, cfgi_ste)
{
	.cmd = { CMD_OP_CFGI_STE },
	.ret = -EINVAL,
	.error = IOMMU_GUEST_COMMAND_ILLEGAL,
};

FIXTURE_VARIANT_ADD(guest_stage_bad_command, vsid)
{
	.cmd = { CMD_OP_CFGI_CD | 0xffffffff00000000ULL },
	.ret = -ENOENT,
	.error = IOMMU_GUEST_COMMAND_NO_DEVICE,
};

FIXTURE_SETUP(guest_stage_bad_command)
{
	unsigned int i;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	guest_stage_abort(&self->vmm.device);
	for (i = 0; i < MANY; i++)
		self->cmds[i] = guest_cmd_tlbi_asid(i);
}

FIXTURE_TEARDOWN(guest_stage_bad_command)
{
	vmm_cleanup(&self->vmm);
}

static struct iommu_guest_command_smmuv3 raw_command(const u64 *cmd)
{
	return (struct iommu_guest_command_smmuv3) {
		{ __cpu_to_le64(cmd[0]), __cpu_to_le64(cmd[1]) }
	};
}

/* First, in the middle, last, and on both sides of each limit inside the kernel. */
TEST_F(guest_stage_bad_command, place)
{
	static const unsigned int places[] = {
		0, 1, 2, PIECE - 2, PIECE - 1, PIECE, PIECE + 1, 100,
		2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1, 3 * PIECE, 198, 199,
	};
	struct vfio_iommu_type1_invalidate_guest_stage *arg = &self->arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		unsigned int place = places[i];

		self->cmds[place] = raw_command(variant->cmd);
		if (oracle_present())
			oracle_mark();
		EXPECT_EQ(variant->ret, __guest_commands(&self->vmm.container,
							 self->cmds, 200, arg));
		EXPECT_EQ(place, arg->done);
		EXPECT_EQ(variant->error, arg->error);
		EXPECT_TRUE(issued(place));
		self->cmds[place] = guest_cmd_tlbi_asid(place);
	}
}

/* A virtual machine monitor goes on after it. */
TEST_F(guest_stage_bad_command, rest)
{
	struct vfio_iommu_type1_invalidate_guest_stage *arg = &self->arg;

	self->cmds[100] = raw_command(variant->cmd);
	EXPECT_EQ(variant->ret, __guest_commands(&self->vmm.container,
						 self->cmds, 200, arg));
	guest_commands(&self->vmm.container, &self->cmds[arg->done + 1],
		       200 - arg->done - 1);
}

/* Which bits are a guest's, beside the opcode. */
struct guest_bits {
	u8 opcode;
	u64 bits[2];
};

static const struct guest_bits guest_bits[] = {
	{ CMD_OP_CFGI_CD, { GENMASK_ULL(63, 12), BIT_ULL(0) } },
	{ CMD_OP_CFGI_CD_ALL, { GENMASK_ULL(63, 32) } },
	{ CMD_OP_TLBI_NH_ALL },
	{ CMD_OP_TLBI_NH_ASID, { GENMASK_ULL(63, 48) } },
	/* Those of a range aren't valid one by one. */
	{ CMD_OP_TLBI_NH_VA, { GENMASK_ULL(63, 48),
			       GENMASK_ULL(63, 12) | BIT_ULL(0) } },
	{ CMD_OP_TLBI_NH_VAA, { 0, GENMASK_ULL(63, 12) | BIT_ULL(0) } },
	{ CMD_OP_TLBI_NSNH_ALL },
};

static bool is_guests_bit(const struct guest_bits *guest, unsigned int bit)
{
	return guest->bits[bit / 64] & BIT_ULL(bit % 64);
}

TEST_F(guest_stage_batch, reserved_bits)
{
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(guest_bits); i++) {
		for (bit = 8; bit < 128; bit++) {
			u64 cmd[2] = { guest_bits[i].opcode };

			if (is_guests_bit(&guest_bits[i], bit))
				continue;
			cmd[bit / 64] |= BIT_ULL(bit % 64);
			self->cmds[0] = raw_command(cmd);
			EXPECT_EQ(-EINVAL, __guest_commands(&self->vmm.container,
							    self->cmds, 1,
							    &self->arg));
			EXPECT_EQ(IOMMU_GUEST_COMMAND_ILLEGAL, self->arg.error);
			EXPECT_EQ(0, self->arg.done);
		}
	}
	EXPECT_TRUE(issued(0));
}

TEST_F(guest_stage_batch, opcodes)
{
	unsigned int opcode, i;

	for (opcode = 0; opcode < 256; opcode++) {
		for (i = 0; i < ARRAY_SIZE(guest_bits); i++)
			if (guest_bits[i].opcode == opcode)
				break;
		if (i < ARRAY_SIZE(guest_bits))
			continue;
		self->cmds[0] = guest_command(opcode);
		EXPECT_EQ(-EINVAL, __guest_commands(&self->vmm.container,
						    self->cmds, 1, &self->arg));
	}
	EXPECT_TRUE(issued(0));
}

/* The guest's order is kept, with a SYNC where one command relies on another. */
TEST_F(guest_stage_batch, order)
{
	struct vfio_pci_device *device = &self->vmm.device;
	u16 vmid = ste_vmid(&self->vmm.stage2_ste);
	char expected[512], *commands;

	SKIP_WITHOUT_ORACLE(return);
	self->cmds[0] = guest_cmd_cfgi_cd(device->vsid);
	self->cmds[1] = guest_cmd_cfgi_cd_all(device->vsid);
	self->cmds[2] = guest_cmd_tlbi_asid(7);
	self->cmds[3] = guest_command(CMD_OP_TLBI_NSNH_ALL);
	self->cmds[4] = guest_cmd_cfgi_cd(device->vsid);
	self->cmds[5] = guest_cmd_tlbi_asid(8);
	guest_commands(&self->vmm.container, self->cmds, 6);
	commands = oracle_commands();
	snprintf(expected, sizeof(expected),
		 "CFGI_CD:sid=%x CFGI_CD_ALL:sid=%x SYNC TLBI_NH_ASID:vmid=%u,asid=7 TLBI_NH_ALL:vmid=%u CFGI_CD:sid=%x SYNC TLBI_NH_ASID:vmid=%u,asid=8 SYNC",
		 device->sid, device->sid, vmid, vmid, device->sid, vmid);
	EXPECT_STREQ(expected, commands);
	free(commands);
}

/* What the SMMU isn't known to do right isn't left out, nor handed to it. */
TEST_F(guest_stage_batch, ranges)
{
	struct iommu_guest_command_smmuv3 va = guest_cmd_tlbi_va(1, 0x1000);
	unsigned int ttl;

	SKIP_WITHOUT_ORACLE(return);
	self->cmds[0] = guest_cmd_range(va, CMD_TG_16K, 0, 1, 0);
	self->cmds[1] = guest_cmd_range(va, CMD_TG_4K, 2, 0, 0);
	self->cmds[2] = guest_cmd_range(va, CMD_TG_4K, 1, 31, 31);
	guest_commands(&self->vmm.container, self->cmds, 3);
	EXPECT_EQ(3, oracle_count_commands("TLBI_NH_ALL"));
	EXPECT_EQ(0, oracle_count_commands("TLBI_NH_VA"));

	/* Reserved, or RES0. */
	for (ttl = 0; ttl < 2; ttl++) {
		self->cmds[0] = guest_cmd_range(va, CMD_TG_16K, ttl, 0, 0);
		EXPECT_EQ(-EINVAL, __guest_commands(&self->vmm.container,
						    self->cmds, 1, &self->arg));
		self->cmds[0] = guest_cmd_range(va, 0, ttl, 1, 1);
		EXPECT_EQ(-EINVAL, __guest_commands(&self->vmm.container,
						    self->cmds, 1, &self->arg));
	}
	EXPECT_EQ(3, oracle_count_commands("TLBI"));
}

TEST_F(guest_stage_batch, unreadable)
{
	static const unsigned int counts[] = {
		0, 1, 3, PIECE - 1, PIECE, PIECE + 1, 300,
	};
	unsigned int i, torn;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		for (torn = 0; torn < sizeof(self->cmds[0]); torn += 5) {
			void *cmds = edge_copy(self->cmds,
					       counts[i] * sizeof(self->cmds[0]) +
					       torn);

			if (oracle_present())
				oracle_mark();
			EXPECT_EQ(-EFAULT,
				  __guest_commands(&self->vmm.container, cmds,
						   MANY, &self->arg));
			EXPECT_EQ(counts[i], self->arg.done);
			EXPECT_EQ(IOMMU_GUEST_COMMAND_FAULT, self->arg.error);
			EXPECT_TRUE(issued(counts[i]));
		}
	}
}

/* Across pages, and not aligned to the size of a command. */
TEST_F(guest_stage_batch, across_pages)
{
	size_t page = getpagesize();
	u8 *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)pages);
	memcpy(pages + page - 24, self->cmds, 100 * sizeof(self->cmds[0]));
	guest_commands(&self->vmm.container, (void *)(pages + page - 24), 100);
	EXPECT_TRUE(issued(100));
}

TEST_F(guest_stage_batch, too_many)
{
	EXPECT_EQ(-E2BIG, __guest_commands(&self->vmm.container, self->cmds,
					   IOMMU_GUEST_COMMANDS_MAX + 1,
					   &self->arg));
	EXPECT_EQ(-1U, self->arg.done);
	EXPECT_TRUE(issued(0));
}

static struct iommu_guest_command_smmuv3 *largest_batch(void)
{
	struct iommu_guest_command_smmuv3 *cmds;
	unsigned int i;

	cmds = child_shared(IOMMU_GUEST_COMMANDS_MAX * sizeof(*cmds));
	for (i = 0; i < IOMMU_GUEST_COMMANDS_MAX; i++)
		cmds[i] = guest_cmd_tlbi_asid(i);
	return cmds;
}

static u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

TEST_F(guest_stage_batch, largest)
{
	guest_commands(&self->vmm.container, largest_batch(),
		       IOMMU_GUEST_COMMANDS_MAX);
	if (oracle_present())
		EXPECT_EQ(IOMMU_GUEST_COMMANDS_MAX,
			  oracle_count_commands("TLBI_NH_ASID"));
}

struct batch_job {
	struct vfio_container *container;
	struct iommu_guest_command_smmuv3 *cmds;
};

static void send_for_ever(struct child *child, void *arg)
{
	struct batch_job *job = arg;

	child_ready(child);
	for (;;)
		guest_commands(job->container, job->cmds,
			       IOMMU_GUEST_COMMANDS_MAX);
}

/* A process that is killed doesn't stay until its batch is done. */
TEST_F(guest_stage_batch, killed)
{
	struct batch_job job = { &self->vmm.container, largest_batch() };
	struct child child;
	u64 start, whole;
	unsigned int i;

	start = now_us();
	guest_commands(job.container, job.cmds, IOMMU_GUEST_COMMANDS_MAX / 8);
	whole = 8 * (now_us() - start);
	for (i = 0; i < 3; i++) {
		child_start(&child, send_for_ever, &job);
		child_wait_ready(&child);
		usleep(whole / 8);
		start = now_us();
		child_kill(&child);
		EXPECT_GT(whole / 4, now_us() - start);
	}
	/* Nothing of it is left in the way of others. */
	if (oracle_present())
		oracle_mark();
	guest_commands(job.container, self->cmds, PIECE + 1);
	EXPECT_TRUE(issued(PIECE + 1));
}

/* The caller's mistakes leave its structure alone. */
TEST_F(guest_stage_batch, bad_arguments)
{
	struct vfio_container *container = &self->vmm.container;
	struct vfio_iommu_type1_invalidate_guest_stage good =
		guest_commands_arg(self->cmds, 1), *arg = &self->arg;
	u32 argsz;

	for (argsz = 0; argsz < sizeof(*arg); argsz++) {
		*arg = good;
		arg->argsz = argsz;
		EXPECT_EQ(-EINVAL, __guest_commands_ioctl(container, arg));
		EXPECT_EQ(-1U, arg->done);
	}
	*arg = good;
	arg->flags = 1;
	EXPECT_EQ(-EINVAL, __guest_commands_ioctl(container, arg));
	*arg = good;
	arg->format = 0;
	EXPECT_EQ(-EINVAL, __guest_commands_ioctl(container, arg));
	arg->format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 + 1;
	EXPECT_EQ(-EINVAL, __guest_commands_ioctl(container, arg));
	EXPECT_EQ(-1U, arg->error);
	EXPECT_EQ(-EFAULT, __guest_commands_ioctl(container, NULL));
	EXPECT_EQ(-EFAULT,
		  __guest_commands_ioctl(container,
					 edge_copy(&good, sizeof(good) - 1)));
	EXPECT_TRUE(issued(0));

	/* The commands are executed, but there is no telling how many. */
	EXPECT_EQ(-EFAULT,
		  __guest_commands_ioctl(container,
					 edge_copy_read_only(&good, sizeof(good))));
	EXPECT_TRUE(issued(1));

	*arg = good;
	arg->argsz = sizeof(*arg) + 64;
	EXPECT_EQ(0, __guest_commands_ioctl(container, arg));
	EXPECT_EQ(1, arg->done);
}

/* Nothing is cached for a guest whose devices aren't bound. */
TEST_F(guest_stage_batch, nothing_is_bound)
{
	guest_stage_unbind(&self->vmm.device);
	if (oracle_present())
		oracle_mark();
	EXPECT_EQ(-ENODEV, __guest_commands(&self->vmm.container, self->cmds, 1,
					    &self->arg));
	EXPECT_EQ(0, self->arg.done);
	EXPECT_EQ(0, __guest_commands(&self->vmm.container, self->cmds, 0,
				      &self->arg));
	EXPECT_TRUE(issued(0));
}

/* The descriptor of which device the SMMU is told to forget; of none if that isn't 0. */
static int invalidate_cd(FIXTURE_DATA(guest_stage_batch) * self, u32 vsid, u16 sid)
{
	char expected[32], *commands;
	bool right = true;
	int ret;

	self->cmds[0] = guest_cmd_cfgi_cd(vsid);
	if (oracle_present())
		oracle_mark();
	ret = __guest_commands(&self->vmm.container, self->cmds, 1, &self->arg);
	if (oracle_present()) {
		snprintf(expected, sizeof(expected), "CFGI_CD:sid=%x SYNC", sid);
		commands = oracle_commands();
		right = !strcmp(commands, ret ? "" : expected);
		free(commands);
	}
	return right ? ret : -EILSEQ;
}

/* A name that was nobody's, or another device's, is whose it is now. */
TEST_F(guest_stage_batch, names_change)
{
	struct vfio_pci_device *first = &self->vmm.device, second;
	u32 vsid = first->vsid, other_vsid = vsid + 1;

	SKIP_WITHOUT_DEVICES(return, 2);
	vfio_pci_device_open(&second, vfio_selftests_bdf(1), &self->vmm.container);
	EXPECT_EQ(-ENOENT, invalidate_cd(self, other_vsid, 0));
	EXPECT_EQ(IOMMU_GUEST_COMMAND_NO_DEVICE, self->arg.error);

	second.vsid = other_vsid;
	guest_stage_abort(&second);
	EXPECT_EQ(0, invalidate_cd(self, other_vsid, second.sid));
	EXPECT_EQ(0, invalidate_cd(self, vsid, first->sid));
	EXPECT_EQ(0, invalidate_cd(self, other_vsid, second.sid));
	guest_stage_unbind(&second);
	EXPECT_EQ(-ENOENT, invalidate_cd(self, other_vsid, 0));
	EXPECT_EQ(0, invalidate_cd(self, vsid, first->sid));

	second.vsid = vsid;
	guest_stage_unbind(first);
	guest_stage_abort(&second);
	EXPECT_EQ(0, invalidate_cd(self, vsid, second.sid));
	first->vsid = other_vsid;
	guest_stage_abort(first);
	EXPECT_EQ(0, invalidate_cd(self, other_vsid, first->sid));
	EXPECT_EQ(0, invalidate_cd(self, vsid, second.sid));
	vfio_pci_device_close(&second);
	EXPECT_EQ(-ENOENT, invalidate_cd(self, vsid, 0));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
