// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest switches its tables while its devices work. No transfer may be lost, and
 * each goes by the old or the new tables, never by anything in between.
 */
#include <pthread.h>

#include <libvfio/harness.h>

#define NR_TABLES	8
#define NR_ROUNDS	50
#define NR_REBINDS	1000
/* A round is two transfers. */
#define REBINDS_EACH	(NR_REBINDS / NR_ROUNDS / 2)
#define PACE_US		10000

/* The address that the device uses, whichever table is bound. */
#define IOVA		0x7000000000ULL
#define WORDS		(DMA_SIZE / sizeof(u64))

struct switcher {
	struct vmm vmm;
	/* All show IOVA, and each shows a page of its own there. */
	struct guest_table tables[NR_TABLES];
	struct dma_page pages[NR_TABLES];
	/* What was in the pages when the device read one of them. */
	u64 offered[NR_TABLES][WORDS];
	unsigned int rebinds;
	pthread_t thread;
	bool stop;
	int error;
};

FIXTURE(guest_stage_rebind)
{
	struct switcher switcher;
};

FIXTURE_VARIANT(guest_stage_rebind)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(guest_stage_rebind, first)
{
	.kind = NULL,
};

FIXTURE_VARIANT_ADD(guest_stage_rebind, nvme)
{
	.kind = "nvme",
};

static void show_page(struct guest_table *table, struct dma_page *page)
{
	page->ipa = guest_ram_alloc(table->ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	page->iova = IOVA;
	page->vaddr = guest_ram_ptr(table->ram, page->ipa);
	guest_table_map(table, IOVA, page->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

FIXTURE_SETUP(guest_stage_rebind)
{
	struct switcher *sw = &self->switcher;
	unsigned int i;

	SKIP_WITHOUT_KIND(return, variant->kind);
	vmm_init(&sw->vmm, vfio_selftests_device(variant->kind));
	SKIP_WITHOUT_DMA(return, &sw->vmm.device);
	for (i = 0; i < NR_TABLES; i++) {
		guest_table_init(&sw->tables[i], &sw->vmm.ram, GUEST_ASID + 1 + i);
		show_page(&sw->tables[i], &sw->pages[i]);
	}
	guest_stage_translate(&sw->vmm.device, &sw->tables[0]);
	if (oracle_present())
		oracle_mark();
}

FIXTURE_TEARDOWN(guest_stage_rebind)
{
	vmm_cleanup(&self->switcher.vmm);
}

static void fill_pages(struct switcher *sw)
{
	unsigned int n;

	for (n = 0; n < NR_TABLES; n++)
		pattern_fill(sw->pages[n].vaddr, GUEST_PAGE_SIZE);
}

static void offer_pages(struct switcher *sw)
{
	unsigned int n;

	fill_pages(sw);
	for (n = 0; n < NR_TABLES; n++)
		memcpy(sw->offered[n], sw->pages[n].vaddr, DMA_SIZE);
}

static int rebind(struct switcher *sw)
{
	unsigned int next = ++sw->rebinds % NR_TABLES;

	return __guest_stage_translate(&sw->vmm.device, &sw->tables[next]);
}

/* Rebind until the transfer is over, at a pace that varies. */
static int rebind_while_busy(struct switcher *sw)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && (i < REBINDS_EACH || dma_busy(&sw->vmm.device)); i++) {
		ret = rebind(sw);
		usleep(random() % PACE_US);
	}
	dma_wait(&sw->vmm.device);
	return ret;
}

/* A thread does the rebinding. */
static int just_wait(struct switcher *sw)
{
	dma_wait(&sw->vmm.device);
	return READ_ONCE(sw->error);
}

static bool was_offered(struct switcher *sw, unsigned int i, u64 word)
{
	unsigned int n;

	for (n = 0; n < NR_TABLES; n++)
		if (sw->offered[n][i] == word)
			return true;
	return false;
}

/* Whether word @i went to exactly one page, and is what the device had read. */
static bool word_arrived(struct switcher *sw, unsigned int i)
{
	unsigned int n, arrived = 0;

	for (n = 0; n < NR_TABLES; n++) {
		u64 *before = guest_ram_shadow(&sw->vmm.ram, sw->pages[n].ipa);

		if (sw->pages[n].vaddr[i] == before[i])
			continue;
		arrived++;
		if (!was_offered(sw, i, sw->pages[n].vaddr[i]))
			return false;
		before[i] = sw->pages[n].vaddr[i];
	}
	return arrived == 1;
}

/* Whether a transfer arrived, whole, and nowhere but in the pages. */
static bool transfer_arrived(struct switcher *sw)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (!word_arrived(sw, i))
			return false;
	return guest_ram_kept(&sw->vmm.ram);
}

/* The device reads one of the pages, then writes that to one of them. */
static bool round_trip(struct switcher *sw, int (*rebind_and_wait)(struct switcher *))
{
	offer_pages(sw);
	dma_read_start(&sw->vmm.device, IOVA, DMA_SIZE);
	if (rebind_and_wait(sw))
		return false;
	fill_pages(sw);
	guest_ram_snapshot(&sw->vmm.ram);
	dma_write_start(&sw->vmm.device, IOVA, DMA_SIZE);
	if (rebind_and_wait(sw))
		return false;
	return transfer_arrived(sw);
}

TEST_F(guest_stage_rebind, during_transfers)
{
	struct switcher *sw = &self->switcher;
	unsigned int i;

	for (i = 0; i < NR_ROUNDS; i++)
		ASSERT_TRUE(round_trip(sw, rebind_while_busy));
	EXPECT_LE(NR_REBINDS, sw->rebinds);
	EXPECT_EQ(0, oracle_present() ? oracle_count_events() : 0);
}

static void *rebind_until_told(void *arg)
{
	struct switcher *sw = arg;

	while (!READ_ONCE(sw->stop) && !sw->error)
		WRITE_ONCE(sw->error, rebind(sw));
	return NULL;
}

static void start(struct switcher *sw, void *(*fn)(void *))
{
	int ret = pthread_create(&sw->thread, NULL, fn, sw);

	VFIO_ASSERT(!ret, "a thread: %d", ret);
}

/* What went wrong in the thread. */
static int stop(struct switcher *sw)
{
	WRITE_ONCE(sw->stop, true);
	pthread_join(sw->thread, NULL);
	return sw->error;
}

/* As fast as it goes. */
TEST_F(guest_stage_rebind, by_another_thread)
{
	struct switcher *sw = &self->switcher;
	unsigned int i;

	start(sw, rebind_until_told);
	for (i = 0; i < NR_ROUNDS / 10; i++)
		EXPECT_TRUE(round_trip(sw, just_wait));
	EXPECT_EQ(0, stop(sw));
	EXPECT_LE(NR_REBINDS / 10, sw->rebinds);
	EXPECT_EQ(0, oracle_present() ? oracle_count_events() : 0);
}

static void *toggle_until_told(void *arg)
{
	struct switcher *sw = arg;
	int ret = 0;

	while (!READ_ONCE(sw->stop) && !ret) {
		ret = __guest_stage_unbind(&sw->vmm.device) ?:
		      __guest_stage_translate(&sw->vmm.device, &sw->vmm.table);
		sw->rebinds++;
	}
	sw->error = ret;
	return NULL;
}

/*
 * Neither binding nor unbinding stops the device: what both states translate alike
 * arrives, also at the moment of the change.
 */
TEST_F(guest_stage_rebind, bind_and_unbind)
{
	struct switcher *sw = &self->switcher;
	struct vmm *vmm = &sw->vmm;
	struct dma_page *to = &vmm->dst;
	unsigned int i;

	guest_table_map(&vmm->table, vmm->src.ipa, vmm->src.ipa,
			GUEST_PAGE_SIZE, GUEST_READ);
	guest_table_map(&vmm->table, to->ipa, to->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm->device, &vmm->table);
	start(sw, toggle_until_told);
	for (i = 0; i < NR_ROUNDS / 5; i++)
		EXPECT_TRUE(vmm_dma_by_ipa(vmm));
	EXPECT_EQ(0, stop(sw));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
