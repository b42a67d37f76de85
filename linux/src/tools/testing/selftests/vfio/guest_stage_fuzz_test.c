// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nobody thought of: arguments changed at random, and allocations that fail one
 * after the other. Whatever is accepted, no field of the host's changes.
 */
#include <fcntl.h>
#include <time.h>

#include <libvfio/harness.h>

#define NR_ROUNDS	3000
#define MUTATIONS_MAX	3
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAILURES_MAX	100

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

TEST_F_TIMEOUT(guest_stage_fuzz, arguments, 120)
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

/* Make the @n-th allocation of this thread fail from now on. */
static bool fail_nth(unsigned int n)
{
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = dprintf(fd, "%u", n) > 0;
	close(fd);
	return ok;
}

/* Whether it wasn't reached. */
static bool nothing_failed(void)
{
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	char left[16] = "";

	VFIO_ASSERT(fd >= 0 && read(fd, left, sizeof(left) - 1) > 0, FAIL_NTH);
	VFIO_ASSERT(write(fd, "0", 1) == 1, FAIL_NTH);
	close(fd);
	return atoi(left);
}

FIXTURE(guest_stage_fail_nth)
{
	struct vmm vmm;
};

FIXTURE_VARIANT(guest_stage_fail_nth)
{
	/* Where a bind that fails starts from, and so stays. */
	const struct guest_state *state;
};

FIXTURE_VARIANT_ADD(guest_stage_fail_nth, first_bind)
{
	.state = &state_stage2,
};

FIXTURE_VARIANT_ADD(guest_stage_fail_nth, rebind)
{
	.state = &state_abort,
};

FIXTURE_SETUP(guest_stage_fail_nth)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	if (!fail_nth(0))
		SKIP(return, "no fault injection");
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
}

FIXTURE_TEARDOWN(guest_stage_fail_nth)
{
	vmm_cleanup(&self->vmm);
}

TEST_F(guest_stage_fail_nth, bind)
{
	struct vmm *vmm = &self->vmm;
	unsigned int n;
	int ret = -ENOMEM;

	for (n = 1; ret && n < FAILURES_MAX; n++) {
		variant->state->enter(vmm);
		ASSERT_TRUE(fail_nth(n));
		ret = __guest_stage_translate(&vmm->device, &vmm->table);
		if (nothing_failed())
			break;
		EXPECT_TRUE(!ret || ret == -ENOMEM);
		EXPECT_TRUE(vmm_ste_is(vmm, ret ? variant->state :
						  &state_translate));
		ret = -ENOMEM;
	}
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
}

/* Taking a device from a guest can't fail for want of memory. */
TEST_F(guest_stage_fail_nth, unbind)
{
	struct vmm *vmm = &self->vmm;
	unsigned int n;
	int ret;

	for (n = 1; n < FAILURES_MAX; n++) {
		guest_stage_translate(&vmm->device, &vmm->table);
		ASSERT_TRUE(fail_nth(n));
		ret = __guest_stage_unbind(&vmm->device);
		EXPECT_EQ(0, ret);
		EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
		if (nothing_failed())
			break;
	}
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
