// SPDX-License-Identifier: GPL-2.0-only
/* Says what a guest tries to reach, and where its words and its VMM's arguments go. */
#include <asm/byteorder.h>
#include <string.h>

#include <libvfio/fuzz_guest.h>
#include <libvfio/host.h>
#include <libvfio/pasid_dma.h>

#define MSI_IPA		0x08000000ULL

static u64 random_page(struct guest_ram *ram)
{
	return ram->ipa + fuzz_below(ram->size / GUEST_PAGE_SIZE) * GUEST_PAGE_SIZE;
}

static void *page_ptr(struct guest_ram *ram)
{
	return guest_ram_ptr(ram, random_page(ram));
}

u64 fuzz_target(struct fuzz_guest *f)
{
	switch (fuzz_below(9)) {
	case 0:
		return random_page(&f->vmm.ram) - f->vmm.ram.ipa;
	case 1:
		return random_page(&f->window);
	case 2:
		return host_physical_address(f->canaries.vaddr +
				fuzz_below(f->canaries.size));
	case 3:
		return host_physical_address(page_ptr(&f->other.ram));
	case 4:
		return host_physical_address(page_ptr(&f->vmm.ram));
	case 5:
		return f->vmm.ram.ipa - GUEST_PAGE_SIZE;
	case 6:
		return f->vmm.ram.ipa + f->vmm.ram.size;
	case 7:
		return MSI_IPA;
	default:
		return fuzz_word();
	}
}

u64 fuzz_ipa(struct fuzz_guest *f)
{
	return fuzz_one_in(3) ? fuzz_target(f) : random_page(&f->vmm.ram);
}

u64 fuzz_iova(struct fuzz_guest *f)
{
	switch (fuzz_below(4)) {
	case 0:
		return f->vmm.src.iova;
	case 1:
		return f->vmm.dst.iova;
	case 2:
		return GUEST_IOVA(fuzz_ipa(f));
	default:
		return fuzz_ipa(f);
	}
}

/*
 * Debian's QEMU as a whole aborts on a descriptor with V = 1 and a reserved IPS, 6 or 7.
 * Any memory can be taken for a descriptor, so no word that the guest or its device
 * writes looks like the first of one.
 */
static u64 harmless(u64 word)
{
	if (word & CD_0_V && FIELD_GET(CD_0_IPS, word) >= 6)
		word &= ~FIELD_PREP(CD_0_IPS, 2);
	return word;
}

void fuzz_put_word(struct fuzz_guest *f, __le64 *to, u64 word)
{
	*to = __cpu_to_le64(f->any_word ? word : harmless(word));
}

void fuzz_put_words(struct fuzz_guest *f, void *to, size_t size)
{
	__le64 *words = to;

	for (; size; size -= sizeof(*words))
		fuzz_put_word(f, words++, fuzz_word());
}

void *fuzz_place(struct fuzz_guest *f, const void *arg, size_t size)
{
	size_t missing = fuzz_one_in(16) ? fuzz_below(size) : 0;
	u8 *to = f->arg;

	if (missing || fuzz_one_in(4))
		to += 2 * GUEST_PAGE_SIZE - size + missing;

	memcpy(to, arg, size - missing);
	return to;
}

void fuzz_wait(struct fuzz_guest *f)
{
	if (f->pasids)
		pasid_dma_stop(&f->vmm.device);
	dma_wait(&f->vmm.device);
}
