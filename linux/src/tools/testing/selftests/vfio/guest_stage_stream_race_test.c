// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is bound changes, and goes away, while a device has many transfers under way from
 * several queues. None may be lost or doubled, and none may go where it shall not.
 */
#include <pthread.h>
#include <linux/sizes.h>

#include <libvfio/harness.h>

#define NR_AREAS	4
#define NR_ROUNDS	50
#define NR_KILLS	10
#define KILL_WITHIN_US	20000
/* As much as a stream has, several times. */
#define AREAS_IPA	0x50000000ULL
/* The address that the device uses, whichever table is bound. */
#define IOVA		0x7000000000ULL

struct streams {
	struct vmm vmm;
	/* One for each table. */
	struct guest_ram areas;
	struct guest_table tables[NR_AREAS];
	/* What the device has in its buffer. */
	u8 *sent;
	size_t size;
	pthread_t thread;
	unsigned int changes;
	bool stop;
	int error;
};

FIXTURE(guest_stage_stream)
{
	struct streams *streams;
};

static u64 area_ipa(struct streams *st, unsigned int i)
{
	return AREAS_IPA + i * st->size;
}

static void fill_buffer(struct streams *st)
{
	void *area = guest_ram_ptr(&st->areas, AREAS_IPA);

	pattern_fill(area, st->size);
	memcpy(st->sent, area, st->size);
	dma_stream_start(&st->vmm.device, AREAS_IPA, st->size, 0);
	dma_wait(&st->vmm.device);
}

static void streams_init(struct streams *st, const char *bdf)
{
	struct vmm *vmm = &st->vmm;
	unsigned int i;

	vmm_init(vmm, bdf);
	if (!vmm->device.driver || !vmm->device.driver->stream_size)
		return;
	st->size = vmm->device.driver->stream_size;
	st->sent = malloc(st->size);
	guest_ram_init(&st->areas, &vmm->container, AREAS_IPA,
		       NR_AREAS * st->size);
	for (i = 0; i < NR_AREAS; i++) {
		guest_table_init(&st->tables[i], &vmm->ram, GUEST_ASID + 1 + i);
		guest_table_map(&st->tables[i], IOVA, area_ipa(st, i), st->size,
				GUEST_READ | GUEST_WRITE);
	}
	fill_buffer(st);
}

static void streams_cleanup(struct streams *st)
{
	vmm_cleanup(&st->vmm);
	guest_ram_cleanup(&st->areas);
	free(st->sent);
}

FIXTURE_SETUP(guest_stage_stream)
{
	SKIP_WITHOUT_KIND(return, "nvme");
	self->streams = child_shared(sizeof(*self->streams));
	streams_init(self->streams, vfio_selftests_device("nvme"));
	SKIP_WITHOUT_STREAM(return, &self->streams->vmm.device);
	guest_stage_translate(&self->streams->vmm.device,
			      &self->streams->tables[0]);
	if (oracle_present())
		oracle_mark();
}

FIXTURE_TEARDOWN(guest_stage_stream)
{
	streams_cleanup(self->streams);
	EXPECT_TRUE(vmm_ste_is_host(&self->streams->vmm));
}

static void fill_areas(struct streams *st)
{
	pattern_fill(st->areas.vaddr, st->areas.size);
	guest_ram_snapshot(&st->areas);
	guest_ram_snapshot(&st->vmm.ram);
}

/* In how many areas the transfer at @offset arrived; a negative number for elsewhere. */
static int arrivals(struct streams *st, size_t offset)
{
	unsigned int i;
	int count = 0;

	for (i = 0; i < NR_AREAS; i++) {
		u8 *now = guest_ram_ptr(&st->areas, area_ipa(st, i) + offset);
		u8 *before = guest_ram_shadow(&st->areas, area_ipa(st, i) + offset);

		if (!memcmp(now, st->sent + offset, DMA_SIZE))
			count++;
		else if (memcmp(now, before, DMA_SIZE))
			return -1;
	}
	return count;
}

/* Whether each transfer of the stream arrived @min times at least, and at most once. */
static bool stream_arrived(struct streams *st, int min)
{
	size_t offset;

	for (offset = 0; offset < st->size; offset += DMA_SIZE) {
		int count = arrivals(st, offset);

		if (count < min || count > 1)
			return false;
	}
	return guest_ram_kept(&st->vmm.ram);
}

static void stream(struct streams *st, u64 addr)
{
	dma_stream_start(&st->vmm.device, addr, st->size,
			 DMA_STREAM_WRITE | DMA_STREAM_PACED);
	dma_wait(&st->vmm.device);
}

static void start_thread(struct streams *st, void *(*fn)(void *))
{
	int ret = pthread_create(&st->thread, NULL, fn, st);

	VFIO_ASSERT(!ret, "a thread: %d", ret);
}

/* What went wrong in the thread. */
static int stop_thread(struct streams *st)
{
	WRITE_ONCE(st->stop, true);
	pthread_join(st->thread, NULL);
	return st->error;
}

/* At least until something changed. */
static void stream_while_changing(struct streams *st, u64 addr)
{
	unsigned int changes = READ_ONCE(st->changes);

	do {
		stream(st, addr);
	} while (READ_ONCE(st->changes) == changes && !READ_ONCE(st->error));
}

static void *rebind_until_told(void *arg)
{
	struct streams *st = arg;

	while (!READ_ONCE(st->stop) && !st->error) {
		struct guest_table *table = &st->tables[st->changes % NR_AREAS];

		WRITE_ONCE(st->error,
			   __guest_stage_translate(&st->vmm.device, table));
		WRITE_ONCE(st->changes, st->changes + 1);
	}
	return NULL;
}

TEST_F(guest_stage_stream, arrives)
{
	struct streams *st = self->streams;

	fill_areas(st);
	stream(st, IOVA);
	EXPECT_TRUE(stream_arrived(st, 1));
	EXPECT_TRUE(!memcmp(guest_ram_ptr(&st->areas, AREAS_IPA), st->sent, st->size));
}

/* Each transfer goes by one of the tables. */
TEST_F(guest_stage_stream, rebind)
{
	struct streams *st = self->streams;
	unsigned int i;

	start_thread(st, rebind_until_told);
	for (i = 0; i < NR_ROUNDS; i++) {
		fill_areas(st);
		stream(st, IOVA);
		EXPECT_TRUE(stream_arrived(st, 1));
	}
	EXPECT_EQ(0, stop_thread(st));
	EXPECT_LE(NR_ROUNDS, st->changes);
	EXPECT_EQ(0, oracle_present() ? oracle_count_events() : 0);
}

static void *toggle_until_told(void *arg)
{
	struct streams *st = arg;

	while (!READ_ONCE(st->stop) && !st->error) {
		guest_stage_abort(&st->vmm.device);
		WRITE_ONCE(st->error, __guest_stage_translate(&st->vmm.device,
							      &st->tables[0]));
		WRITE_ONCE(st->changes, st->changes + 1);
	}
	return NULL;
}

/* Some are stopped, and those only. */
TEST_F(guest_stage_stream, abort)
{
	struct streams *st = self->streams;
	unsigned int i;

	start_thread(st, toggle_until_told);
	for (i = 0; i < NR_ROUNDS; i++) {
		fill_areas(st);
		stream(st, IOVA);
		EXPECT_TRUE(stream_arrived(st, 0));
	}
	EXPECT_EQ(0, stop_thread(st));
	fill_areas(st);
	stream(st, IOVA);
	EXPECT_TRUE(stream_arrived(st, 1));
}

static void *unbind_until_told(void *arg)
{
	struct streams *st = arg;

	while (!READ_ONCE(st->stop) && !st->error) {
		WRITE_ONCE(st->error, __guest_stage_unbind(&st->vmm.device) ?:
			   __guest_stage_translate(&st->vmm.device,
						   &st->tables[0]));
		WRITE_ONCE(st->changes, st->changes + 1);
	}
	return NULL;
}

/* What both states translate alike arrives at the moment of the change as well. */
TEST_F(guest_stage_stream, bind_and_unbind)
{
	struct streams *st = self->streams;
	unsigned int i;

	guest_table_map(&st->tables[0], AREAS_IPA, AREAS_IPA, st->size,
			GUEST_READ | GUEST_WRITE);
	start_thread(st, unbind_until_told);
	for (i = 0; i < NR_ROUNDS; i++) {
		fill_areas(st);
		stream(st, AREAS_IPA);
		EXPECT_TRUE(stream_arrived(st, 1));
	}
	EXPECT_EQ(0, stop_thread(st));
	EXPECT_EQ(0, oracle_present() ? oracle_count_events() : 0);
}

static void *unmap_until_told(void *arg)
{
	struct streams *st = arg;

	while (!READ_ONCE(st->stop)) {
		guest_ram_unmap(&st->areas);
		guest_ram_map(&st->areas);
		WRITE_ONCE(st->changes, st->changes + 1);
	}
	return NULL;
}

/* The memory comes and goes. In the end it is gone, and no transfer arrives. */
TEST_F(guest_stage_stream, unmap)
{
	struct streams *st = self->streams;
	unsigned int i;

	start_thread(st, unmap_until_told);
	for (i = 0; i < NR_ROUNDS / 10; i++)
		stream_while_changing(st, IOVA);
	EXPECT_EQ(0, stop_thread(st));
	fill_areas(st);
	stream(st, IOVA);
	EXPECT_TRUE(stream_arrived(st, 1));
	guest_ram_unmap(&st->areas);
	fill_areas(st);
	stream(st, IOVA);
	EXPECT_TRUE(guest_ram_kept(&st->areas));
	guest_ram_map(&st->areas);
}

/* Closed with the stream under way: in state 2 it goes on, by addresses that aren't. */
TEST_F(guest_stage_stream, close)
{
	struct streams *st = self->streams;
	struct vmm *vmm = &st->vmm;

	fill_areas(st);
	dma_stream_start(&vmm->device, IOVA, st->size, DMA_STREAM_WRITE);
	vfio_pci_device_put(&vmm->device);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
	EXPECT_TRUE(stream_arrived(st, 0));
	vfio_pci_device_get(&vmm->device);
	guest_stage_translate(&vmm->device, &st->tables[1]);
	fill_areas(st);
	stream(st, IOVA);
	EXPECT_TRUE(stream_arrived(st, 1));
}

struct victim {
	struct streams *streams;
	const char *bdf;
};

static void stream_until_killed(struct child *child, void *arg)
{
	struct victim *victim = arg;
	struct streams *st = victim->streams;

	streams_init(st, victim->bdf);
	start_thread(st, rebind_until_told);
	child_ready(child);
	for (;;) {
		dma_stream_start(&st->vmm.device, IOVA, st->size, DMA_STREAM_WRITE);
		dma_wait(&st->vmm.device);
	}
}

TEST_F(guest_stage_stream, kill)
{
	struct streams *st = self->streams;
	struct victim victim = { st, st->vmm.device.bdf };
	char bdf[sizeof(st->vmm.device.bdf)];
	struct child child;
	unsigned int i;
	s64 pinned;

	snprintf(bdf, sizeof(bdf), "%s", victim.bdf);
	victim.bdf = bdf;
	streams_cleanup(st);
	pinned = host_pinned_pages();
	for (i = 0; i < NR_KILLS; i++) {
		child_start(&child, stream_until_killed, &victim);
		child_wait_ready(&child);
		usleep(random() % KILL_WITHIN_US);
		child_kill(&child);
		EXPECT_TRUE(vmm_ste_is_host(&st->vmm));
		EXPECT_EQ(pinned, host_pinned_pages());
	}
	streams_init(st, bdf);
	guest_stage_translate(&st->vmm.device, &st->tables[2]);
	fill_areas(st);
	stream(st, IOVA);
	EXPECT_TRUE(stream_arrived(st, 1));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
