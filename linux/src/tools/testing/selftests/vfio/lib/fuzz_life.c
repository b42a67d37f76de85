// SPDX-License-Identifier: GPL-2.0-only
/* Starts a guest, puts it right after a round, and checks that it got at nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libvfio/assert.h>
#include <libvfio/fuzz_faults.h>
#include <libvfio/fuzz_life.h>
#include <libvfio/fuzz_memory.h>
#include <libvfio/fuzz_pasids.h>
#include <libvfio/fuzz_smmu.h>
#include <libvfio/guest_commands.h>
#include <libvfio/pasid_dma.h>

#define WINDOW_IPA	0x50000000ULL
#define WINDOW_SIZE	(4 * GUEST_PAGE_SIZE)

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
