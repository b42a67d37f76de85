// SPDX-License-Identifier: GPL-2.0-only
/*
 * A transaction with a PASID or without one meets a guest's table with PASIDs. The test checks
 * where the transaction arrives, and what the guest is told if it doesn't arrive.
 */
#include <fcntl.h>
#include <linux/sizes.h>

#include <libvfio/guest_cds.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define PASID_BITS	12
#define VSID		0xabcd01
#define TABLES_SIZE	SZ_1M
#define WORDS		(DMA_SIZE / sizeof(u64))

enum sender {
	WITHOUT,
	ZERO,
	VALID,
	/* The descriptor is valid, but its table is empty. */
	UNMAPPED,
	/* The descriptor has CD.V = 0. */
	NO_CD,
	/* A table of two levels has L1CD.V = 0 here. */
	NO_LEAF,
	/* The table has no room for either: the first such PASID, and the last that there is. */
	BEYOND,
	LAST,
};

static const u32 pasids[] = {
	[WITHOUT] = PASID_DMA_NO_PASID,
	[ZERO] = 0,
	[VALID] = 1093,
	[UNMAPPED] = 1094,
	[NO_CD] = 1095,
	[NO_LEAF] = 3000,
	[BEYOND] = 1 << PASID_BITS,
	[LAST] = 0xfffff,
};

/* Each place is a page. The device uses one address for all of them. */
enum where {
	NOWHERE,
	/* The address is taken for an IPA. */
	AT_IPA,
	/* The descriptor of PASID 0, or that of the valid PASID, leads there. */
	AT_CD_0,
	AT_CD,
	NR_PLACES,
};

/*
 * The specification, IHI 0070, makes no difference between formats of the table, nor between
 * reads and writes. It says in 7.3.7 that the guest's event has no SubstreamID, in 7.3.9
 * that it has one without SSV, and in 7.3.11 and 7.3.13 that SSV tells whether there was one.
 */
struct outcome {
	enum sender sender;
	enum where where;
	u8 event;
	const char *section;
};

/* S1DSS decides what becomes of transactions without a PASID, and of those with PASID 0. */
static const struct outcome by_s1dss[][2] = {
	[S1DSS_TERMINATE] = {
		{ WITHOUT, NOWHERE, EVT_ID_F_STREAM_DISABLED, "5.2 S1DSS, 7.3.7" },
		{ ZERO, AT_CD_0, 0, "5.2 S1CDMax" },
	},
	[S1DSS_BYPASS] = {
		{ WITHOUT, AT_IPA, 0, "5.2 S1DSS" },
		{ ZERO, AT_CD_0, 0, "5.2 S1CDMax" },
	},
	[S1DSS_SSID0] = {
		{ WITHOUT, AT_CD_0, 0, "5.2 S1DSS" },
		{ ZERO, NOWHERE, EVT_ID_F_STREAM_DISABLED, "5.2 S1DSS, 7.3.7" },
	},
};

/* S1DSS makes no difference to transactions with another PASID. */
static const struct outcome by_pasid[] = {
	{ VALID, AT_CD, 0, "5.2 S1CDMax" },
	{ UNMAPPED, NOWHERE, EVT_ID_F_TRANSLATION, "7.3.13" },
	{ NO_CD, NOWHERE, EVT_ID_C_BAD_CD, "7.3.11" },
	{ BEYOND, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
	{ LAST, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
};

/* Only a table of two levels can have this. */
static const struct outcome without_leaf = {
	NO_LEAF, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.3.1, 7.3.9"
};

FIXTURE(guest_stage_substream)
{
	struct vmm vmm;
	struct guest_ram tables;
	struct guest_cds cds;
	u64 address;
	u64 pages[NR_PLACES];
	int fd;
};

FIXTURE_VARIANT(guest_stage_substream)
{
	enum s1fmt s1fmt;
	enum s1dss s1dss;
};

FIXTURE_VARIANT_ADD(guest_stage_substream, linear_terminate)
	{ .s1fmt = S1FMT_LINEAR, .s1dss = S1DSS_TERMINATE };
FIXTURE_VARIANT_ADD(guest_stage_substream, linear_bypass)
	{ .s1fmt = S1FMT_LINEAR, .s1dss = S1DSS_BYPASS };
FIXTURE_VARIANT_ADD(guest_stage_substream, linear_ssid0)
	{ .s1fmt = S1FMT_LINEAR, .s1dss = S1DSS_SSID0 };
FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_4k_terminate)
	{ .s1fmt = S1FMT_4K_L2, .s1dss = S1DSS_TERMINATE };
FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_4k_bypass)
	{ .s1fmt = S1FMT_4K_L2, .s1dss = S1DSS_BYPASS };
FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_4k_ssid0)
	{ .s1fmt = S1FMT_4K_L2, .s1dss = S1DSS_SSID0 };
FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_64k_terminate)
	{ .s1fmt = S1FMT_64K_L2, .s1dss = S1DSS_TERMINATE };
FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_64k_bypass)
	{ .s1fmt = S1FMT_64K_L2, .s1dss = S1DSS_BYPASS };
FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_64k_ssid0)
	{ .s1fmt = S1FMT_64K_L2, .s1dss = S1DSS_SSID0 };

/* A descriptor whose table shows @page, or nothing if that is 0, at the one address. */
static void add_cd(struct guest_cds *cds, u32 pasid, u16 asid, u64 address, u64 page)
{
	struct guest_table table;

	guest_table_init(&table, cds->ram, asid);
	if (page)
		guest_table_map(&table, address, page, GUEST_PAGE_SIZE,
				GUEST_READ | GUEST_WRITE);
	guest_cds_set(cds, pasid, &table);
}

FIXTURE_SETUP(guest_stage_substream)
{
	struct guest_cds *cds = &self->cds;
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	self->fd = -1;
	SKIP_WITHOUT_KIND(return, PASID_DMA);
	vmm_init(vmm, vfio_selftests_device(PASID_DMA));
	vmm->device.vsid = VSID;
	SKIP_WITHOUT_PASIDS(return, &vmm->device, PASID_BITS);
	for (i = AT_IPA; i < NR_PLACES; i++)
		self->pages[i] = guest_ram_alloc(&vmm->ram, GUEST_PAGE_SIZE,
						 GUEST_PAGE_SIZE);
	self->address = self->pages[AT_IPA];
	guest_ram_init(&self->tables, &vmm->container, GUEST_HIGH_RAM_IPA, TABLES_SIZE);
	guest_cds_init(cds, &self->tables, variant->s1fmt, PASID_BITS);
	add_cd(cds, pasids[ZERO], 1, self->address, self->pages[AT_CD_0]);
	add_cd(cds, pasids[VALID], 2, self->address, self->pages[AT_CD]);
	add_cd(cds, pasids[UNMAPPED], 3, self->address, 0);
	self->fd = guest_fault_fd(&vmm->container, O_NONBLOCK | O_CLOEXEC);
	guest_cds_bind(cds, &vmm->device, variant->s1dss);
}

FIXTURE_TEARDOWN(guest_stage_substream)
{
	if (self->fd >= 0)
		close(self->fd);
	vmm_cleanup(&self->vmm);
	guest_ram_cleanup(&self->tables);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static void fill(u64 *to)
{
	u64 words[WORDS];
	unsigned int i;

	pattern_fill(words, sizeof(words));
	for (i = 0; i < WORDS; i++)
		WRITE_ONCE(to[i], words[i]);
}

static bool same(const u64 *one, const u64 *other)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		if (READ_ONCE(one[i]) != READ_ONCE(other[i]))
			return false;
	}
	return true;
}

/* Whether a transfer moves data as @outcome has it, and nothing else. */
static bool transfers(FIXTURE_DATA(guest_stage_substream) * self,
		      const struct outcome *outcome, bool write)
{
	enum pasid_dma_result expected = outcome->where ? PASID_DMA_OK : PASID_DMA_ABORT;
	struct vmm *vmm = &self->vmm;
	u64 *buffer = pasid_dma_buffer(&vmm->device), before[WORDS];
	u64 page = self->pages[outcome->where];
	u32 pasid = pasids[outcome->sender];
	unsigned int i;

	for (i = AT_IPA; i < NR_PLACES; i++)
		fill(guest_ram_ptr(&vmm->ram, self->pages[i]));
	fill(buffer);
	for (i = 0; i < WORDS; i++)
		before[i] = READ_ONCE(buffer[i]);
	guest_ram_snapshot(&vmm->ram);
	if ((write ? pasid_dma_write : pasid_dma_read)(&vmm->device, pasid, self->address,
						       DMA_SIZE) != expected)
		return false;
	dma_barrier();
	if (!outcome->where)
		return guest_ram_kept(&vmm->ram) && same(buffer, before);
	if (!same(buffer, guest_ram_ptr(&vmm->ram, page)))
		return false;
	if (!write)
		return guest_ram_kept(&vmm->ram);
	return guest_ram_kept_but(&vmm->ram, page, DMA_SIZE) && same(buffer, before);
}

/* Make the event that the guest is told of, by section 7.3. */
static void make_event(u64 event[4], const struct outcome *outcome, u64 address, bool write)
{
	u32 pasid = pasids[outcome->sender];
	bool substream = pasid != PASID_DMA_NO_PASID &&
			 outcome->event != EVT_ID_F_STREAM_DISABLED;
	bool ssv = substream && outcome->event != EVT_ID_C_BAD_SUBSTREAMID;

	memset(event, 0, 4 * sizeof(*event));
	event[0] = FIELD_PREP(EVT_0_ID, outcome->event) |
		   FIELD_PREP(EVT_0_SSV, ssv) |
		   FIELD_PREP(EVT_0_SSID, substream ? pasid : 0) |
		   FIELD_PREP(EVT_0_SID, VSID);
	if (outcome->event == EVT_ID_F_TRANSLATION) {
		event[1] = FIELD_PREP(EVT_1_RNW, !write) |
			   FIELD_PREP(EVT_1_CLASS, EVT_CLASS_IN);
		event[2] = address;
	}
}

/* Whether the guest is told of the event that @outcome has, and of no other. */
static bool tells(FIXTURE_DATA(guest_stage_substream) * self,
		  const struct outcome *outcome, bool write)
{
	struct iommu_guest_fault fault;
	bool right = true;
	u64 expected[4];
	unsigned int i;

	if (outcome->event) {
		guest_faults_expect(self->fd, &fault, 1);
		make_event(expected, outcome, self->address, write);
		for (i = 0; i < 4; i++)
			right &= guest_fault_word(&fault, i) == expected[i];
	}
	return right && !guest_faults_drain(self->fd);
}

/* Check that reads and writes have these outcomes, with what the guest is told. */
static void check(struct __test_metadata *_metadata,
		  FIXTURE_DATA(guest_stage_substream) * self,
		  const struct outcome *expected, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < 2 * count; i++) {
		const struct outcome *outcome = &expected[i / 2];
		bool write = i % 2;

		EXPECT_TRUE(transfers(self, outcome, write) && tells(self, outcome, write)) {
			TH_LOG("PASID %#x %s: %s", pasids[outcome->sender],
			       write ? "writes" : "reads", outcome->section ?: "");
		}
	}
}

TEST_F(guest_stage_substream, outcomes)
{
	check(_metadata, self, by_s1dss[variant->s1dss], ARRAY_SIZE(by_s1dss[0]));
	check(_metadata, self, by_pasid, ARRAY_SIZE(by_pasid));
	if (variant->s1fmt != S1FMT_LINEAR)
		check(_metadata, self, &without_leaf, 1);
}

/* A table of one descriptor has none for any PASID, whatever S1Fmt and S1DSS say. */
TEST_F(guest_stage_substream, one_descriptor)
{
	static const struct outcome expected[] = {
		{ .sender = WITHOUT, .where = AT_CD_0 },
		{ .sender = ZERO, .event = EVT_ID_C_BAD_SUBSTREAMID },
		{ .sender = VALID, .event = EVT_ID_C_BAD_SUBSTREAMID },
	};
	struct iommu_guest_stage_config config;

	config = guest_cds_config(&self->cds, &self->vmm.device, variant->s1dss);
	config.base_ptr = guest_cds_address(&self->cds, 0);
	config.pasid_bits = 0;
	guest_stage_bind(&self->vmm.device, &config);
	check(_metadata, self, expected, ARRAY_SIZE(expected));
}

/* A PASID needs a stage 1: 5.2 S1Fmt, 7.3.9. In ABORT the guest is told nothing: 5.2 Config. */
TEST_F(guest_stage_substream, other_states)
{
	static const struct outcome bypass[] = {
		{ .sender = WITHOUT, .where = AT_IPA },
		{ .sender = ZERO, .event = EVT_ID_C_BAD_SUBSTREAMID },
		{ .sender = VALID, .event = EVT_ID_C_BAD_SUBSTREAMID },
	};
	static const struct outcome abort[] = {
		{ .sender = WITHOUT }, { .sender = ZERO }, { .sender = VALID },
	};

	guest_stage_bypass(&self->vmm.device);
	check(_metadata, self, bypass, ARRAY_SIZE(bypass));
	guest_stage_abort(&self->vmm.device);
	check(_metadata, self, abort, ARRAY_SIZE(abort));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
