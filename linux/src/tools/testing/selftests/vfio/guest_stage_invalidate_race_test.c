// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidations while everything else goes on: rebinds, changes of stage 2, DMA, and
 * devices that come and go. None may fail, or be slow because of another.
 */
#include <pthread.h>
#include <time.h>

#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

#define SECONDS		2
#define BATCH		4096
#define EXTRA_IPA	0x50000000ULL
#define EXTRA_SIZE	0x100000ULL

/* For what others wait at most, on an emulator with a kernel that checks itself. */
#define LONGEST_US	1000000

static struct iommu_guest_command_smmuv3 batch[BATCH];
static bool stop;

FIXTURE(guest_stage_invalidate_race)
{
	struct vmm vmm;
	struct guest_table other;
	struct vfio_pci_device second;
	struct guest_ram extra;
	unsigned long calls;
};

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	WRITE_ONCE(stop, false);
	VFIO_ASSERT(!pthread_create(thread, NULL, fn, arg), "a thread");
}

static long join(pthread_t thread)
{
	void *ret;

	WRITE_ONCE(stop, true);
	pthread_join(thread, &ret);
	return (long)ret;
}

static void fill_batch(void)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		batch[i] = guest_cmd_tlbi_va(GUEST_ASID, i * GUEST_PAGE_SIZE);
}

FIXTURE_SETUP(guest_stage_invalidate_race)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 2);
	fill_batch();
	vmm_init(vmm, vfio_selftests_bdf(0));
	guest_table_init(&self->other, &vmm->ram, GUEST_ASID + 1);
	guest_table_map(&self->other, vmm->src.iova, vmm->src.ipa,
			GUEST_PAGE_SIZE, GUEST_READ | GUEST_WRITE);
	guest_table_map(&self->other, vmm->dst.iova, vmm->dst.ipa,
			GUEST_PAGE_SIZE, GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm->device, &vmm->table);
}

FIXTURE_TEARDOWN(guest_stage_invalidate_race)
{
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static bool time_is_up(u64 started)
{
	return now_us() - started > SECONDS * 1000000ULL;
}

/* As a guest does that keeps all of its processors busy with it. */
static void *invalidate_until_told(void *arg)
{
	FIXTURE_DATA(guest_stage_invalidate_race) * self = arg;
	struct vfio_iommu_type1_invalidate_guest_stage done;
	long ret = 0;

	while (!READ_ONCE(stop) && !ret) {
		ret = __guest_commands(&self->vmm.container, batch, BATCH, &done);
		self->calls++;
	}
	return (void *)ret;
}

/* Transfers arrive whichever of the two tables is bound. */
static void *rebind_until_told(void *arg)
{
	FIXTURE_DATA(guest_stage_invalidate_race) * self = arg;
	long ret = 0;

	while (!READ_ONCE(stop) && !ret)
		ret = __guest_stage_translate(&self->vmm.device, &self->other) ?:
		      __guest_stage_translate(&self->vmm.device,
					      &self->vmm.table);
	return (void *)ret;
}

static void *remap_until_told(void *arg)
{
	FIXTURE_DATA(guest_stage_invalidate_race) * self = arg;

	while (!READ_ONCE(stop)) {
		guest_ram_unmap(&self->extra);
		guest_ram_map(&self->extra);
	}
	return NULL;
}

/* Nobody fails, and no transfer is lost. */
TEST_F(guest_stage_invalidate_race, with_everything)
{
	pthread_t invalidator, rebinder, mapper;
	u64 started = now_us();

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	guest_ram_init(&self->extra, &self->vmm.container, EXTRA_IPA, EXTRA_SIZE);
	start(&invalidator, invalidate_until_told, self);
	start(&rebinder, rebind_until_told, self);
	start(&mapper, remap_until_told, self);
	do {
		EXPECT_TRUE(vmm_dma_by_iova(&self->vmm));
	} while (!time_is_up(started));
	EXPECT_EQ(0, join(mapper));
	EXPECT_EQ(0, join(rebinder));
	EXPECT_EQ(0, join(invalidator));
	EXPECT_NE(0, self->calls);
	guest_ram_cleanup(&self->extra);
}

/* The last device that is bound on the domain, and ones that are not the last. */
TEST_F(guest_stage_invalidate_race, with_bind_and_close)
{
	pthread_t invalidator;
	u64 started = now_us();
	long ret;

	start(&invalidator, invalidate_until_told, self);
	do {
		vfio_pci_device_open(&self->second, vfio_selftests_bdf(1),
				     &self->vmm.container);
		guest_stage_abort(&self->second);
		guest_stage_unbind(&self->vmm.device);
		vfio_pci_device_close(&self->second);
		guest_stage_translate(&self->vmm.device, &self->vmm.table);
	} while (!time_is_up(started));
	ret = join(invalidator);
	/* For a moment nothing is bound. */
	EXPECT_TRUE(!ret || ret == -ENODEV);
	EXPECT_NE(0, self->calls);
}

FIXTURE(guest_stage_invalidate_wait)
{
	struct vmm vmm;
	struct vmm other;
	u64 longest;
};

FIXTURE_SETUP(guest_stage_invalidate_wait)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	fill_batch();
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	vmm_init(&self->other, vfio_selftests_bdf(1));
	guest_stage_translate(&self->vmm.device, &self->vmm.table);
}

FIXTURE_TEARDOWN(guest_stage_invalidate_wait)
{
	vmm_cleanup(&self->other);
	vmm_cleanup(&self->vmm);
}

static void *flood_until_told(void *arg)
{
	FIXTURE_DATA(guest_stage_invalidate_wait) * self = arg;
	struct vfio_iommu_type1_invalidate_guest_stage done;
	long ret = 0;

	while (!READ_ONCE(stop) && !ret)
		ret = __guest_commands(&self->vmm.container, batch, BATCH, &done);
	return (void *)ret;
}

/* The longest that another container's unmap takes, which has to invalidate. */
static u64 longest_unmap(struct vmm *other)
{
	u64 started = now_us(), longest = 0, before, took;

	do {
		before = now_us();
		guest_ram_unmap(&other->ram);
		took = now_us() - before;
		longest = took > longest ? took : longest;
		guest_ram_map(&other->ram);
	} while (!time_is_up(started));
	return longest;
}

/* The queue is shared with a guest that sends as much as it can. */
TEST_F(guest_stage_invalidate_wait, of_another_device)
{
	u64 alone = longest_unmap(&self->other), flooded;
	pthread_t flooder;

	start(&flooder, flood_until_told, self);
	flooded = longest_unmap(&self->other);
	EXPECT_EQ(0, join(flooder));
	TH_LOG("longest unmap: %llu us alone, %llu us in a flood",
	       (unsigned long long)alone, (unsigned long long)flooded);
	EXPECT_GT(LONGEST_US, flooded);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
