// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a transaction under a guest's table with PASIDs, whether or not it has
 * one: where it arrives, and what the guest is told if it doesn't.
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
	/* Valid, but its table is empty. */
	UNMAPPED,
	/* CD.V = 0. */
	NO_CD,
	/* L1CD.V = 0, in tables that have two levels. */
	NO_LEAF,
	/* The first that the table has no room for, and the last that there is. */
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

/* Each is a page. One device address leads to all of them. */
enum where {
	NOWHERE,
	/* The address taken for an IPA. */
	AT_IPA,
	/* As the descriptors of PASID 0 and of the valid one have it. */
	AT_CD_0,
	AT_CD,
	NR_PLACES,
};

/*
 * The specification, IHI 0070, is the same for all formats of the table and for both
 * directions. What the guest's event has is in 7.3.7, 7.3.9, 7.3.11 and 7.3.13: no
 * SubstreamID at all, one without SSV, and else SSV if the transaction had a PASID.
 */
static const struct outcome {
	enum s1dss s1dss;
	enum sender sender;
	enum where where;
	u8 event;
	const char *section;
} outcomes[] = {
	{ S1DSS_TERMINATE, WITHOUT, NOWHERE, EVT_ID_F_STREAM_DISABLED, "5.2 S1DSS, 7.3.7" },
	{ S1DSS_TERMINATE, ZERO, AT_CD_0, 0, "5.2 S1CDMax" },
	{ S1DSS_TERMINATE, VALID, AT_CD, 0, "5.2 S1CDMax" },
	{ S1DSS_TERMINATE, UNMAPPED, NOWHERE, EVT_ID_F_TRANSLATION, "7.3.13" },
	{ S1DSS_TERMINATE, NO_CD, NOWHERE, EVT_ID_C_BAD_CD, "7.3.11" },
	{ S1DSS_TERMINATE, NO_LEAF, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.3.1, 7.3.9" },
	{ S1DSS_TERMINATE, BEYOND, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
	{ S1DSS_TERMINATE, LAST, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },

	{ S1DSS_BYPASS, WITHOUT, AT_IPA, 0, "5.2 S1DSS" },
	{ S1DSS_BYPASS, ZERO, AT_CD_0, 0, "5.2 S1CDMax" },
	{ S1DSS_BYPASS, VALID, AT_CD, 0, "5.2 S1CDMax" },
	{ S1DSS_BYPASS, UNMAPPED, NOWHERE, EVT_ID_F_TRANSLATION, "7.3.13" },
	{ S1DSS_BYPASS, NO_CD, NOWHERE, EVT_ID_C_BAD_CD, "7.3.11" },
	{ S1DSS_BYPASS, NO_LEAF, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.3.1, 7.3.9" },
	{ S1DSS_BYPASS, BEYOND, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
	{ S1DSS_BYPASS, LAST, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },

	{ S1DSS_SSID0, WITHOUT, AT_CD_0, 0, "5.2 S1DSS" },
	{ S1DSS_SSID0, ZERO, NOWHERE, EVT_ID_F_STREAM_DISABLED, "5.2 S1DSS, 7.3.7" },
	{ S1DSS_SSID0, VALID, AT_CD, 0, "5.2 S1CDMax" },
	{ S1DSS_SSID0, UNMAPPED, NOWHERE, EVT_ID_F_TRANSLATION, "7.3.13" },
	{ S1DSS_SSID0, NO_CD, NOWHERE, EVT_ID_C_BAD_CD, "7.3.11" },
	{ S1DSS_SSID0, NO_LEAF, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.3.1, 7.3.9" },
	{ S1DSS_SSID0, BEYOND, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
	{ S1DSS_SSID0, LAST, NOWHERE, EVT_ID_C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
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
{
	.s1fmt = S1FMT_LINEAR,
	.s1dss = S1DSS_TERMINATE,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, linear_bypass)
{
	.s1fmt = S1FMT_LINEAR,
	.s1dss = S1DSS_BYPASS,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, linear_ssid0)
{
	.s1fmt = S1FMT_LINEAR,
	.s1dss = S1DSS_SSID0,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_4k_terminate)
{
	.s1fmt = S1FMT_4K_L2,
	.s1dss = S1DSS_TERMINATE,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_4k_bypass)
{
	.s1fmt = S1FMT_4K_L2,
	.s1dss = S1DSS_BYPASS,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_4k_ssid0)
{
	.s1fmt = S1FMT_4K_L2,
	.s1dss = S1DSS_SSID0,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_64k_terminate)
{
	.s1fmt = S1FMT_64K_L2,
	.s1dss = S1DSS_TERMINATE,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_64k_bypass)
{
	.s1fmt = S1FMT_64K_L2,
	.s1dss = S1DSS_BYPASS,
};

FIXTURE_VARIANT_ADD(guest_stage_substream, leaves_of_64k_ssid0)
{
	.s1fmt = S1FMT_64K_L2,
	.s1dss = S1DSS_SSID0,
};

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

/* Whether a transfer moves data at @where, and nothing else. */
static bool transfers(struct vmm *vmm, const u64 *pages, u64 address,
		      const struct outcome *outcome, bool write)
{
	enum pasid_dma_result expected = outcome->where ? PASID_DMA_OK : PASID_DMA_ABORT;
	u64 *buffer = pasid_dma_buffer(&vmm->device), before[WORDS];
	u64 page = pages[outcome->where];
	u32 pasid = pasids[outcome->sender];
	unsigned int i;

	for (i = AT_IPA; i < NR_PLACES; i++)
		fill(guest_ram_ptr(&vmm->ram, pages[i]));
	fill(buffer);
	for (i = 0; i < WORDS; i++)
		before[i] = READ_ONCE(buffer[i]);
	guest_ram_snapshot(&vmm->ram);
	if ((write ? pasid_dma_write : pasid_dma_read)(&vmm->device, pasid, address,
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

/* What the guest is told, by section 7.3. */
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

static bool tells(int fd, const struct outcome *outcome, u64 address, bool write)
{
	struct iommu_guest_fault fault;
	bool right = true;
	u64 expected[4];
	unsigned int i;

	if (outcome->event) {
		guest_faults_expect(fd, &fault, 1);
		make_event(expected, outcome, address, write);
		for (i = 0; i < 4; i++)
			right &= guest_fault_word(&fault, i) == expected[i];
	}
	return right && !guest_faults_drain(fd);
}

TEST_F(guest_stage_substream, outcomes)
{
	const struct outcome *outcome;
	unsigned int i, tried = 0;
	bool write;

	for (i = 0; i < 2 * ARRAY_SIZE(outcomes); i++) {
		outcome = &outcomes[i / 2];
		write = i % 2;
		if (outcome->s1dss != variant->s1dss ||
		    (outcome->sender == NO_LEAF && variant->s1fmt == S1FMT_LINEAR))
			continue;
		tried++;
		EXPECT_TRUE(transfers(&self->vmm, self->pages, self->address, outcome, write) &&
			    tells(self->fd, outcome, self->address, write)) {
			TH_LOG("PASID %#x %s: %s", pasids[outcome->sender],
			       write ? "writes" : "reads", outcome->section);
		}
	}
	EXPECT_EQ(variant->s1fmt == S1FMT_LINEAR ? 14 : 16, tried);
}

/* A table of one descriptor has none for any PASID, whatever S1Fmt and S1DSS say. */
TEST_F(guest_stage_substream, one_descriptor)
{
	static const struct outcome without = { .sender = WITHOUT, .where = AT_CD_0 };
	static const struct outcome with[] = {
		{ .sender = ZERO, .event = EVT_ID_C_BAD_SUBSTREAMID },
		{ .sender = VALID, .event = EVT_ID_C_BAD_SUBSTREAMID },
	};
	struct iommu_guest_stage_config config;
	unsigned int i;

	config = guest_cds_config(&self->cds, &self->vmm.device, variant->s1dss);
	config.base_ptr = guest_cds_address(&self->cds, 0);
	config.pasid_bits = 0;
	guest_stage_bind(&self->vmm.device, &config);
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(transfers(&self->vmm, self->pages, self->address, &without, i));
		EXPECT_TRUE(tells(self->fd, &without, self->address, i));
	}
	for (i = 0; i < 2 * ARRAY_SIZE(with); i++) {
		EXPECT_TRUE(transfers(&self->vmm, self->pages, self->address, &with[i / 2],
				      i % 2));
		EXPECT_TRUE(tells(self->fd, &with[i / 2], self->address, i % 2));
	}
}

/* A PASID needs a stage 1: 5.2 S1Fmt, 7.3.9. In ABORT nothing is told: 5.2 Config. */
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
	unsigned int i;

	guest_stage_bypass(&self->vmm.device);
	for (i = 0; i < ARRAY_SIZE(bypass); i++) {
		EXPECT_TRUE(transfers(&self->vmm, self->pages, self->address, &bypass[i],
				      true));
		EXPECT_TRUE(tells(self->fd, &bypass[i], self->address, true));
	}
	guest_stage_abort(&self->vmm.device);
	for (i = 0; i < ARRAY_SIZE(abort); i++) {
		EXPECT_TRUE(transfers(&self->vmm, self->pages, self->address, &abort[i],
				      true));
		EXPECT_TRUE(tells(self->fd, &abort[i], self->address, true));
	}
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
