// SPDX-License-Identifier: GPL-2.0-only
/* Writes to a guest's memory, has its device transfer, and remaps memory. */
#include <asm/byteorder.h>
#include <string.h>

#include <libvfio/assert.h>
#include <libvfio/fuzz_memory.h>
#include <libvfio/fuzz_pasids.h>
#include <libvfio/pasid_dma.h>

#define GUEST_WORDS	32
#define PERIOD_US	100

static void spoil_cd(struct fuzz_guest *f, __le64 *cd)
{
	u64 word0 = __le64_to_cpu(cd[0]);

	switch (fuzz_below(5)) {
	case 0:
		fuzz_put_word(f, &cd[1], fuzz_target(f) & CD_1_TTB0);
		break;
	case 1:
		word0 &= ~(CD_0_T0SZ | CD_0_TG0);
		fuzz_put_word(f, &cd[0], word0 | (fuzz_random() & (CD_0_T0SZ | CD_0_TG0)));
		break;
	case 2:
		word0 &= ~(CD_0_IPS | CD_0_EPD1 | CD_0_EPD0);
		fuzz_put_word(f, &cd[0], word0 | (fuzz_random() &
			 (CD_0_IPS | CD_0_EPD1 | CD_0_EPD0 | GENMASK_ULL(23, 16))));
		fuzz_put_word(f, &cd[2], fuzz_target(f) & CD_1_TTB0);
		break;
	case 3:
		fuzz_put_word(f, &cd[0], word0 ^ BIT_ULL(fuzz_below(64)));
		break;
	default:
		fuzz_put_words(f, cd, CD_SIZE);
	}
}

const char *fuzz_write_cd(struct fuzz_guest *f)
{
	__le64 *cd = guest_ram_ptr(&f->vmm.ram, fuzz_descriptor(f));

	memcpy(cd, f->good + (f->vmm.table.cd - f->vmm.ram.ipa), CD_SIZE);
	if (!fuzz_one_in(4))
		spoil_cd(f, cd);
	dma_barrier();
	return NULL;
}

static bool is_ram(struct guest_ram *ram, u64 ipa)
{
	return ipa >= ram->ipa && ipa - ram->ipa < ram->size;
}

/* This is an entry of any level, on the way that the SMMU walks. */
static __le64 *random_entry(struct fuzz_guest *f)
{
	struct guest_ram *ram = &f->vmm.ram;
	u64 table = f->vmm.table.ttb, iova = fuzz_iova(f);
	unsigned int level, last = fuzz_below(4);
	__le64 *entry;

	for (level = 0; ; level++) {
		entry = guest_ram_ptr(ram, table);
		entry += iova >> (39 - 9 * level) & 511;
		table = __le64_to_cpu(*entry) & PTE_ADDR;
		if (level == last || !is_ram(ram, table))
			return entry;
	}
}

const char *fuzz_write_entry(struct fuzz_guest *f)
{
	u64 page = PTE_VALID | PTE_TABLE_OR_PAGE | PTE_AP_UNPRIVILEGED |
		   PTE_SH_INNER | PTE_AF | PTE_NG;
	__le64 *entry = random_entry(f);

	switch (fuzz_below(5)) {
	case 0:
		fuzz_put_word(f, entry, (fuzz_ipa(f) & PTE_ADDR) | page);
		break;
	case 1:
		fuzz_put_word(f, entry, (fuzz_ipa(f) & PTE_ADDR) |
			 (page & ~PTE_TABLE_OR_PAGE));
		break;
	case 2:
		fuzz_put_word(f, entry, __le64_to_cpu(*entry) ^ BIT_ULL(fuzz_below(64)));
		break;
	case 3:
		fuzz_put_word(f, entry, (fuzz_ipa(f) & PTE_ADDR) | page |
			 (fuzz_random() & ~PTE_ADDR));
		break;
	default:
		fuzz_put_word(f, entry, fuzz_word());
	}
	dma_barrier();
	return NULL;
}

/* This writes to any page of the guest, its tables too. */
const char *fuzz_write_words(struct fuzz_guest *f)
{
	struct guest_ram *ram = &f->vmm.ram;
	u64 pages = ram->size / GUEST_PAGE_SIZE;
	u64 ipa = ram->ipa + fuzz_below(pages) * GUEST_PAGE_SIZE;
	__le64 *page = guest_ram_ptr(ram, ipa);

	fuzz_put_words(f, page + fuzz_below(512 - GUEST_WORDS),
		       GUEST_WORDS * sizeof(*page));
	dma_barrier();
	return NULL;
}

/* The device writes whole words, so that it makes none that the SMMU doesn't survive. */
static u64 random_address(struct fuzz_guest *f)
{
	u64 addr = fuzz_iova(f) + fuzz_below(GUEST_PAGE_SIZE);

	return f->any_word ? addr : addr & ~7ULL;
}

static size_t random_size(void)
{
	return 8 * (1 + fuzz_below(fuzz_one_in(16) ? 128 : 8));
}

static void start_transfer(struct fuzz_guest *f)
{
	struct vfio_pci_device *device = &f->vmm.device;
	u64 addr = random_address(f);
	size_t size = random_size();

	fuzz_wait(f);
	fuzz_choose_pasid(f);
	if (fuzz_one_in(3))
		dma_read_start(device, addr, size);
	else
		dma_write_start(device, addr, size);
}

const char *fuzz_transfer(struct fuzz_guest *f)
{
	start_transfer(f);
	dma_wait(&f->vmm.device);
	return NULL;
}

/* A device whose transfers end at once repeats them. */
static void start_repeated(struct fuzz_guest *f)
{
	struct vfio_pci_device *device = &f->vmm.device;
	u64 addr = random_address(f);

	fuzz_wait(f);
	fuzz_choose_pasid(f);
	if (fuzz_one_in(3))
		pasid_dma_repeat_read(device, addr, random_size(), PERIOD_US);
	else
		pasid_dma_repeat_write(device, addr, random_size(), PERIOD_US);
}

/* The next operation may happen before the transfer, during it or after it. */
const char *fuzz_transfer_meanwhile(struct fuzz_guest *f)
{
	if (f->pasids)
		start_repeated(f);
	else
		start_transfer(f);
	return NULL;
}

const char *fuzz_check_window(struct fuzz_guest *f)
{
	return f->window_writable || guest_ram_kept(&f->window) ?
	       NULL : "memory that isn't mapped for writing was written";
}

void fuzz_unmap_window(struct fuzz_guest *f)
{
	if (f->window_mapped)
		guest_ram_unmap(&f->window);
	if (f->window_writable)
		guest_ram_snapshot(&f->window);
	f->window_mapped = false;
	f->window_writable = false;
}

const char *fuzz_remap_window(struct fuzz_guest *f)
{
	const char *problem = fuzz_check_window(f);
	unsigned int how = fuzz_below(3);
	u32 flags = VFIO_DMA_MAP_FLAG_READ;

	fuzz_unmap_window(f);
	if (problem || !how)
		return problem;
	f->window_mapped = true;
	f->window_writable = how == 1;
	if (f->window_writable)
		flags |= VFIO_DMA_MAP_FLAG_WRITE;
	VFIO_ASSERT(!__vfio_dma_map(&f->vmm.container, f->window.vaddr,
				    f->window.ipa, f->window.size, flags),
		    "map the window");
	return NULL;
}
