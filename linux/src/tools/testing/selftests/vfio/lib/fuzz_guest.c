// SPDX-License-Identifier: GPL-2.0-only
/* A guest that tries everything: what it has, and what it must not get at. */
#include <linux/kernel.h>
#include <string.h>
#include <sys/mman.h>

#include <libvfio/assert.h>
#include <libvfio/fuzz_guest.h>
#include <libvfio/guest_cds.h>
#include <libvfio/host.h>
#include <libvfio/oracle.h>
#include <libvfio/pasid_dma.h>

#define WINDOW_IPA	0x50000000ULL
#define WINDOW_SIZE	(4 * GUEST_PAGE_SIZE)
#define MSI_IPA		0x08000000ULL
#define CDS		(GUEST_PAGE_SIZE / CD_SIZE)

static u64 random_page(struct guest_ram *ram)
{
	return ram->ipa + fuzz_below(ram->size / GUEST_PAGE_SIZE) * GUEST_PAGE_SIZE;
}

static void *page_ptr(struct guest_ram *ram)
{
	return guest_ram_ptr(ram, random_page(ram));
}

/* Where a guest would like to get to: also by what it can't know, where the host is. */
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

u64 fuzz_descriptor(struct fuzz_guest *f)
{
	if (f->pasids && !fuzz_one_in(4))
		return fuzz_pasid_descriptor(f);
	return f->cds + fuzz_below(CDS) * CD_SIZE;
}

/* Of what the guest has of stage 1: nothing that the hardware would take for another. */
static bool stage1_is_sane(struct fuzz_guest *f, const struct ste *ste)
{
	u64 bits = STE_FIELD(ste, 0, S1CDMAX), fmt = STE_FIELD(ste, 0, S1FMT);
	u64 dss = STE_FIELD(ste, 1, S1DSS), size;

	if (!bits)
		return !fmt && !dss;
	size = guest_cds_size(fmt, bits);
	return ste_config(ste) == STE_CONFIG_NESTED && bits <= f->info.pasid_bits &&
	       fmt <= S1FMT_64K_L2 && dss <= S1DSS_SSID0 &&
	       !(ste_s1contextptr(ste) & (size - 1));
}

/* Whether all that is the host's is as in state 2, and the rest the guest may have. */
static bool ste_is_sane(struct fuzz_guest *f, const struct ste *ste)
{
	const struct ste *host = &f->vmm.stage2_ste;
	u64 guests = STE_1_GUEST | STE_1_S1DSS;

	if (ste_config(ste) == STE_CONFIG_ABORT)
		return ste->data[0] == STE_0_V;
	if (!STE_FIELD(ste, 0, V) || ste_config(ste) < STE_CONFIG_S2_TRANS ||
	    !stage1_is_sane(f, ste))
		return false;
	/* Where the host has ATS on, it is on or off. */
	guests |= host->data[1] & STE_1_EATS;
	return ste_s1contextptr(ste) < 1ULL << f->info.ipa_bits &&
	       !((ste->data[1] ^ host->data[1]) & ~guests) &&
	       !memcmp(&ste->data[2], &host->data[2], 6 * sizeof(u64));
}

const char *fuzz_check_ste(struct fuzz_guest *f, int ret)
{
	struct ste before = f->ste;

	if (!oracle_present())
		return NULL;
	oracle_ste(f->vmm.device.sid, &f->ste);
	if (ret && memcmp(&f->ste, &before, sizeof(before)))
		return "a call that failed changed the STE";
	return ste_is_sane(f, &f->ste) ? NULL : "the STE isn't the host's any more";
}

/* Everything that the SMMU was told is in the name of this guest, if in any. */
const char *fuzz_check_commands(struct fuzz_guest *f)
{
	static const char * const known[] = { "CFGI_STE", "CFGI_CD", "TLBI_NH_",
					      "TLBI_S2_IPA", "ATC_INV", "SYNC" };
	unsigned int i, count = 0;
	char *line, *pos;
	bool own;

	if (!oracle_present())
		return NULL;
	own = oracle_commands_of_vmid(ste_vmid(&f->vmm.stage2_ste));
	line = oracle_commands();
	for (i = 0; i < ARRAY_SIZE(known); i++)
		count += oracle_count(line, known[i]);
	own &= count == oracle_count(line, "");
	for (pos = line; own && (pos = strstr(pos, "sid=")); pos++)
		/* Not of asid= or ssid= */
		own = pos[-1] == 'a' || pos[-1] == 's' ||
		      strtoul(pos + 4, NULL, 16) == f->vmm.device.sid;
	free(line);
	return own ? NULL : "the SMMU was given a command that isn't this guest's";
}

const char *fuzz_check_canaries(struct fuzz_guest *f)
{
	if (!canaries_kept(&f->canaries))
		return "memory that no device has to do with was written";
	if (!guest_ram_kept(&f->other.ram))
		return "another guest's memory was written";
	if (!vmm_ste_is(&f->other, &state_translate))
		return "another guest's STE has changed";
	return fuzz_check_window(f);
}

/* As a VMM would do for a guest that starts again. */
void fuzz_recover(struct fuzz_guest *f)
{
	struct vmm *vmm = &f->vmm;

	if (vmm->device.driver)
		fuzz_wait(f);
	if (f->pasids)
		pasid_dma_set_pasid(&vmm->device, PASID_DMA_NO_PASID);
	state_stage2.enter(vmm);
	fuzz_close_faults(f);
	fuzz_unmap_window(f);
	memcpy(vmm->ram.vaddr, f->good, vmm->ram.size);
	dma_barrier();
	state_translate.enter(vmm);
	fuzz_check_ste(f, 0);
}

const char *fuzz_check_works(struct fuzz_guest *f)
{
	if (!vmm_ste_is(&f->vmm, &state_translate))
		return "a bind at the end isn't complete";
	if (f->vmm.device.driver && !vmm_dma_by_iova(&f->vmm))
		return "the device doesn't work any more";
	if (f->pasids && !fuzz_pasids_work(f))
		return "the device doesn't work with a PASID any more";
	state_translate.enter(&f->vmm);
	return fuzz_check_ste(f, 0);
}

static void init_memory(struct fuzz_guest *f, bool pasids)
{
	struct vmm *vmm = &f->vmm;

	canaries_init(&f->canaries, &vmm->ram);
	f->cds = guest_ram_alloc(&vmm->ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	if (pasids)
		fuzz_pasids_init(f);
	f->good = malloc(vmm->ram.size);
	VFIO_ASSERT(f->good, "memory");
	memcpy(f->good, vmm->ram.vaddr, vmm->ram.size);
	guest_ram_init(&f->window, &vmm->container, WINDOW_IPA, WINDOW_SIZE);
	fuzz_put_words(f, f->window.vaddr, WINDOW_SIZE);
	f->window_mapped = true;
	f->window_writable = true;
}

static void init_arg(struct fuzz_guest *f)
{
	f->arg = mmap(NULL, 3 * GUEST_PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT(f->arg != MAP_FAILED, "three pages");
	VFIO_ASSERT(!mprotect(f->arg + 2 * GUEST_PAGE_SIZE, GUEST_PAGE_SIZE,
			      PROT_NONE), "a page that isn't there");
}

static void init_other(struct vmm *other, const char *bdf)
{
	vmm_init(other, bdf);
	guest_stage_translate(&other->device, &other->table);
	pattern_fill(other->src.vaddr, GUEST_PAGE_SIZE);
	pattern_fill(other->dst.vaddr, GUEST_PAGE_SIZE);
	guest_ram_snapshot(&other->ram);
}

void fuzz_guest_init(struct fuzz_guest *f, const char *bdf, const char *other_bdf,
		     bool pasids)
{
	f->faults = -1;
	vmm_init(&f->vmm, bdf);
	init_other(&f->other, other_bdf);
	guest_stage_info(&f->vmm.device, &f->info);
	init_memory(f, pasids);
	init_arg(f);
	fuzz_recover(f);
}

void fuzz_guest_cleanup(struct fuzz_guest *f)
{
	fuzz_close_faults(f);
	vmm_cleanup(&f->vmm);
	vmm_cleanup(&f->other);
	fuzz_pasids_cleanup(f);
}
