// SPDX-License-Identifier: GPL-2.0-only
/* Makes a guest's tables with PASIDs, of all formats, and makes mistakes in them. */
#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include <libvfio/assert.h>
#include <libvfio/fuzz_pasids.h>
#include <libvfio/fuzz_smmu.h>
#include <libvfio/guest_cds.h>
#include <libvfio/pasid_dma.h>

#define NR_FORMATS	(S1FMT_64K_L2 + 1)
#define PASID_MAX	0xfffff
#define CDS		(GUEST_PAGE_SIZE / CD_SIZE)
/* This is a little more than the field of a configuration has room for. */
#define BITS_MAX	21

/* The formats differ in how much memory a table takes. */
static const unsigned int bits_of_format[NR_FORMATS] = {
	[S1FMT_LINEAR] = 8,
	[S1FMT_4K_L2] = 12,
	[S1FMT_64K_L2] = 12,
};

/* These have descriptors, in several leaves. A linear table has no room for the last. */
static const u32 known[] = { 0, 1, 63, 64, 200, 1093 };

/**
 * struct fuzz_pasids - What a guest has of PASIDs
 * @sent: Those that the device was told to send
 * @cds: A table of each format
 * @descriptors: The IPAs of their descriptors of the known PASIDs
 * @nr_descriptors: How many those are
 */
struct fuzz_pasids {
	bool sent[PASID_MAX + 1];
	struct guest_cds cds[NR_FORMATS];
	u64 descriptors[NR_FORMATS * ARRAY_SIZE(known)];
	unsigned int nr_descriptors;
};

static unsigned int nr_known(const struct guest_cds *cds)
{
	unsigned int n = ARRAY_SIZE(known);

	while (known[n - 1] >> cds->bits)
		n--;
	return n;
}

static void init_table(struct fuzz_guest *f, enum s1fmt fmt)
{
	struct fuzz_pasids *pasids = f->pasids;
	struct guest_cds *cds = &pasids->cds[fmt];
	unsigned int i;

	guest_cds_init(cds, &f->vmm.ram, fmt, bits_of_format[fmt]);
	for (i = 0; i < nr_known(cds); i++) {
		struct guest_table table = f->vmm.table;

		guest_cds_set(cds, known[i], &table);
		pasids->descriptors[pasids->nr_descriptors++] = table.cd;
	}
}

void fuzz_pasids_init(struct fuzz_guest *f)
{
	enum s1fmt fmt;

	f->pasids = calloc(1, sizeof(*f->pasids));
	VFIO_ASSERT(f->pasids, "memory");
	for (fmt = S1FMT_LINEAR; fmt < NR_FORMATS; fmt++)
		init_table(f, fmt);
	/* Only our own QEMU has such a device, and it survives every word. */
	f->any_word = true;
}

void fuzz_pasids_cleanup(struct fuzz_guest *f)
{
	free(f->pasids);
	f->pasids = NULL;
}

static struct guest_cds *random_cds(struct fuzz_guest *f)
{
	return &f->pasids->cds[fuzz_below(NR_FORMATS)];
}

u32 fuzz_pasid(struct fuzz_guest *f)
{
	switch (fuzz_below(4)) {
	case 0:
		return fuzz_below(1U << random_cds(f)->bits);
	case 1:
		return fuzz_word() & PASID_MAX;
	default:
		return known[fuzz_below(ARRAY_SIZE(known))];
	}
}

u64 fuzz_descriptor(struct fuzz_guest *f)
{
	if (f->pasids && !fuzz_one_in(4))
		return f->pasids->descriptors[fuzz_below(f->pasids->nr_descriptors)];
	return f->cds + fuzz_below(CDS) * CD_SIZE;
}

void fuzz_choose_pasid(struct fuzz_guest *f)
{
	u32 pasid = PASID_DMA_NO_PASID;

	if (!f->pasids)
		return;
	if (!fuzz_one_in(4)) {
		pasid = fuzz_pasid(f);
		f->pasids->sent[pasid] = true;
	}
	pasid_dma_set_pasid(&f->vmm.device, pasid);
}

void fuzz_forget_pasids(struct fuzz_guest *f)
{
	if (f->pasids)
		memset(f->pasids->sent, 0, sizeof(f->pasids->sent));
}

bool fuzz_pasid_was_sent(struct fuzz_guest *f, u32 pasid)
{
	return f->pasids && f->pasids->sent[pasid];
}

struct iommu_guest_stage_config fuzz_pasids_config(struct fuzz_guest *f)
{
	struct iommu_guest_stage_config config =
		guest_cds_config(random_cds(f), &f->vmm.device, fuzz_below(3));

	if (fuzz_one_in(4))
		config.state = 1 + fuzz_below(3);
	if (fuzz_one_in(4))
		config.pasid_bits = fuzz_below(BITS_MAX);
	/* Point anywhere, aligned as a table of another size needs to be. */
	if (fuzz_one_in(4))
		config.base_ptr = fuzz_ipa(f) & ~(u64)((CD_SIZE << fuzz_below(BITS_MAX)) - 1);
	if (fuzz_one_in(8))
		config.smmuv3.s1fmt = fuzz_below(4);
	if (fuzz_one_in(8))
		config.smmuv3.s1dss = fuzz_below(4);
	if (fuzz_one_in(2))
		config.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS;
	return config;
}

void fuzz_bind_pasids(struct fuzz_guest *f)
{
	guest_cds_bind(random_cds(f), &f->vmm.device, fuzz_below(3));
	fuzz_check_ste(f, 0);
}

const char *fuzz_write_l1(struct fuzz_guest *f)
{
	struct guest_cds *cds = &f->pasids->cds[1 + fuzz_below(NR_FORMATS - 1)];
	__le64 *entry = guest_cds_l1(cds, fuzz_pasid(f) % (1U << cds->bits));
	u64 word = __le64_to_cpu(*entry);

	switch (fuzz_below(5)) {
	case 0:
		word = (fuzz_ipa(f) & L1CD_L2PTR) | L1CD_V;
		break;
	case 1:
		/* The table leads to itself. */
		word = cds->base | L1CD_V;
		break;
	case 2:
		word ^= BIT_ULL(fuzz_below(64));
		break;
	case 3:
		word ^= fuzz_random() & ~L1CD_L2PTR;
		break;
	default:
		word = fuzz_word();
	}
	fuzz_put_word(f, entry, word);
	dma_barrier();
	return NULL;
}

static bool works(struct fuzz_guest *f, struct guest_cds *cds)
{
	struct vmm *vmm = &f->vmm;
	bool right;

	guest_cds_bind(cds, &vmm->device, S1DSS_TERMINATE);
	pasid_dma_set_pasid(&vmm->device, known[fuzz_below(nr_known(cds))]);
	right = vmm_dma_by_iova(vmm);
	pasid_dma_set_pasid(&vmm->device, PASID_DMA_NO_PASID);
	return right;
}

bool fuzz_pasids_work(struct fuzz_guest *f)
{
	bool right = true;
	enum s1fmt fmt;

	for (fmt = S1FMT_LINEAR; fmt < NR_FORMATS; fmt++)
		right &= works(f, &f->pasids->cds[fmt]);
	return right;
}
