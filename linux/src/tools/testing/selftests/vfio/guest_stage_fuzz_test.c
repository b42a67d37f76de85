// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nobody thought of: arguments changed at random, and allocations that fail one
 * after the other. Whatever is accepted, no field of the host's changes.
 */
#include <fcntl.h>
#include <limits.h>
#include <time.h>

#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

#define NR_ROUNDS	1000
#define MUTATIONS_MAX	3
#define FAIL_NTH	"/proc/thread-self/fail-nth"

FIXTURE(guest_stage_fuzz)
{
	struct vmm vmm;
};

FIXTURE_SETUP(guest_stage_fuzz)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
}

FIXTURE_TEARDOWN(guest_stage_fuzz)
{
	vmm_cleanup(&self->vmm);
}

/* Often a small number, or a large one: that is where the limits are. */
static u8 random_byte(void)
{
	switch (random() % 4) {
	case 0:
		return random() % 8;
	case 1:
		return 0xff;
	case 2:
		return 1 << random() % 8;
	default:
		return random();
	}
}

static int bind_mutated(struct vmm *vmm)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(&vmm->device, 1 + random() % 3,
				   vmm->table.cd);
	struct vfio_iommu_type1_bind_guest_stage arg =
		guest_stage_bind_arg(&vmm->device, &config);
	int n = random() % MUTATIONS_MAX;

	while (n--)
		((u8 *)&arg)[random() % sizeof(arg)] = random_byte();
	return __guest_stage_bind_ioctl(&vmm->container, &arg);
}

/* Whether all that is the host's in an entry is as it was, and the rest is legal. */
static bool ste_is_sane(struct vmm *vmm)
{
	struct ste *host = &vmm->stage2_ste, ste;

	if (!oracle_present())
		return true;
	oracle_ste(vmm->device.sid, &ste);
	if (ste_config(&ste) == STE_CONFIG_ABORT)
		return ste.data[0] == STE_0_V;
	return STE_FIELD(&ste, 0, V) && ste_config(&ste) >= STE_CONFIG_S2_TRANS &&
	       !STE_FIELD(&ste, 0, S1CDMAX) &&
	       !((ste.data[1] ^ host->data[1]) & ~STE_1_GUEST) &&
	       !memcmp(&ste.data[2], &host->data[2], 6 * sizeof(u64));
}

TEST_F(guest_stage_fuzz, arguments)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i, seed = time(NULL), accepted = 0;

	TH_LOG("seed %u", seed);
	srandom(seed);
	for (i = 0; i < NR_ROUNDS; i++) {
		/* Under another name than before no bind is accepted. */
		if (i % 8 == 0)
			state_stage2.enter(vmm);
		if (bind_mutated(vmm))
			continue;
		accepted++;
		ASSERT_TRUE(ste_is_sane(vmm));
	}
	EXPECT_NE(0, accepted);
	EXPECT_NE(NR_ROUNDS, accepted);
	state_stage2.enter(vmm);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
	if (vmm->device.driver)
		EXPECT_TRUE(vmm_dma_by_ipa(vmm));
}

static int fail_nth_fd = -1;

/* Allocations that may sleep fail too, and without a word in the log. */
static bool enable_failures(void)
{
	static const char * const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/verbose", "0" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		char path[PATH_MAX];
		int fd;

		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i][0]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, settings[i][1], 1) != 1)
			return false;
		close(fd);
	}
	fail_nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return fail_nth_fd >= 0;
}

/* Make the @n-th allocation of this thread fail from now on. */
static void fail_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	VFIO_ASSERT(pwrite(fail_nth_fd, text, len, 0) == len, FAIL_NTH);
}

/* Whether there were so many. None fails after this. */
static bool did_fail(void)
{
	char left[16] = "";

	VFIO_ASSERT(pread(fail_nth_fd, left, sizeof(left) - 1, 0) > 0, FAIL_NTH);
	fail_nth(0);
	return !atoi(left);
}

FIXTURE(guest_stage_fail_nth)
{
	struct vmm vmm;
	/* What was made to fail, and how often the call did. */
	unsigned int n;
	unsigned int failures;
};

FIXTURE_SETUP(guest_stage_fail_nth)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	if (!enable_failures())
		SKIP(return, "no fault injection");
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
}

FIXTURE_TEARDOWN(guest_stage_fail_nth)
{
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

TEST_F(guest_stage_fail_nth, first_bind)
{
	struct vmm *vmm = &self->vmm;
	bool failed;
	int ret;

	do {
		state_stage2.enter(vmm);
		fail_nth(++self->n);
		ret = __guest_stage_translate(&vmm->device, &vmm->table);
		failed = did_fail();
		self->failures += !!ret;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
		EXPECT_TRUE(vmm_ste_is(vmm, ret ? &state_stage2 :
						  &state_translate));
	} while (failed);
	EXPECT_EQ(0, ret);
	EXPECT_NE(0, self->failures);
}

/* Nothing is needed that isn't there already, so nothing can fail. */
TEST_F(guest_stage_fail_nth, rebind)
{
	struct vmm *vmm = &self->vmm;
	bool failed;

	do {
		state_abort.enter(vmm);
		fail_nth(++self->n);
		EXPECT_EQ(0, __guest_stage_translate(&vmm->device, &vmm->table));
		failed = did_fail();
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
		failed = did_fail();
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
		failed = did_fail();
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
		failed = did_fail();
		self->failures += !!ret;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
	} while (failed);
	EXPECT_EQ(0, ret);
	/* One for each capability, one at least for ours. */
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
		failed = did_fail();
		EXPECT_TRUE(!ret || ret == -ENOMEM);
	} while (failed);
	EXPECT_EQ(0, ret);
}

/* Nothing is allocated, so nothing can fail, whatever a guest writes. */
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
		failed = did_fail();
	} while (failed);
	EXPECT_EQ(1, self->n);
}

/*
 * A domain that nests needs more than another: a VMID, and a stage 2. Without one
 * the device stays as it is once its group is in a container: blocked.
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
		failed = did_fail();
		self->failures += !!ret;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
		EXPECT_TRUE(!ret || vmm_ste_is(vmm, &state_abort));
	} while (failed);
	EXPECT_EQ(0, ret);
	EXPECT_NE(0, self->failures);
	vfio_pci_device_get(&vmm->device);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
