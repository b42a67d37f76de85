/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_GUEST_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_GUEST_H

#include <linux/iommu.h>
#include <linux/types.h>

#include <libvfio/canary.h>
#include <libvfio/fuzz.h>
#include <libvfio/vmm.h>

struct fuzz_pasids;

/* Of a round: no more than there are operations, and the device's own. */
#define FUZZ_OPS_OF_ROUND	16
#define FUZZ_VSIDS_MAX		(FUZZ_OPS_OF_ROUND + 1)

/**
 * struct fuzz_guest - A guest that tries everything, and what shows if it gets anywhere
 * @vmm: Of this guest
 * @other: Of one that has to do with nothing of it
 * @window: Memory of the guest that comes and goes, or that it may only read
 * @window_mapped: Whether it is there
 * @window_writable: Whether its device may write it
 * @canaries: Beside the guest's memory
 * @cds: The IPA of a page of context descriptors, the first of them valid
 * @good: All of the guest's memory as it should be
 * @arg: Where arguments are: up to a page that isn't there
 * @faults: What the guest's faults are read from, or -1
 * @vsids: What the device was called since these began
 * @nr_vsids: How many names those are
 * @info: What can be bound
 * @ste: What the SMMU had after the operation before
 * @pasids: Tables with PASIDs, or NULL
 * @any_word: The SMMU survives each word that it may take for one of a descriptor
 */
struct fuzz_guest {
	struct vmm vmm;
	struct vmm other;
	struct guest_ram window;
	bool window_mapped;
	bool window_writable;
	struct canaries canaries;
	u64 cds;
	u8 *good;
	u8 *arg;
	int faults;
	u32 vsids[FUZZ_VSIDS_MAX];
	unsigned int nr_vsids;
	struct iommu_guest_stage_info info;
	struct ste ste;
	struct fuzz_pasids *pasids;
	bool any_word;
};

/*
 * In state 3, with @bdf. With @pasids it is a PASID_DMA that can have them, and has
 * tables of all formats.
 */
void fuzz_guest_init(struct fuzz_guest *f, const char *bdf, const char *other_bdf,
		     bool pasids);
void fuzz_guest_cleanup(struct fuzz_guest *f);

/* Where a guest would like to get to: also by what it can't know, where the host is. */
u64 fuzz_target(struct fuzz_guest *f);
/* The same, but more often a page of its own. */
u64 fuzz_ipa(struct fuzz_guest *f);
/* What its device could be told. */
u64 fuzz_iova(struct fuzz_guest *f);
/* The IPA of a descriptor that is in use, or is going to be. */
u64 fuzz_descriptor(struct fuzz_guest *f);

/* What the guest and its device write, see @any_word. */
void fuzz_put_word(struct fuzz_guest *f, __le64 *to, u64 word);
void fuzz_put_words(struct fuzz_guest *f, void *to, size_t size);

/* Whether nothing was written that nobody may write. What is wrong, or NULL. */
const char *fuzz_check_window(struct fuzz_guest *f);
void fuzz_unmap_window(struct fuzz_guest *f);
/* Whether the STE is as it may be after a call that returned @ret. */
const char *fuzz_check_ste(struct fuzz_guest *f, int ret);
/* Everything that the SMMU was told is in the name of this guest, if in any. */
const char *fuzz_check_commands(struct fuzz_guest *f);
const char *fuzz_check_canaries(struct fuzz_guest *f);
const char *fuzz_check_works(struct fuzz_guest *f);
/* As a VMM would do for a guest that starts again. */
void fuzz_recover(struct fuzz_guest *f);

/* Whatever the device does comes to its end. */
void fuzz_wait(struct fuzz_guest *f);

/**
 * struct fuzz_op - A way that a VMM or its guest has to reach the kernel or the SMMU
 * @name: For whoever has to repeat it
 * @run: Do it once. Returns what is wrong, or NULL
 * @weight: How often, compared with the others
 * @memory: Needs a device that does DMA
 * @pasids: Needs &struct fuzz_guest.pasids
 */
struct fuzz_op {
	const char *name;
	const char *(*run)(struct fuzz_guest *f);
	unsigned int weight;
	bool memory;
	bool pasids;
};

/*
 * Operations in random order, so many rounds of them if nobody asked for others. With
 * @memory those too that need DMA. Returns what is wrong, or NULL.
 */
const char *fuzz_rounds(struct fuzz_guest *f, const char *test, unsigned int rounds,
			bool memory);

/* Copy an argument to where the kernel can read it, and sometimes not all of it. */
void *fuzz_place(struct fuzz_guest *f, const void *arg, size_t size);

/* By the VMM's calls */
const char *fuzz_bind(struct fuzz_guest *f);
const char *fuzz_unbind(struct fuzz_guest *f);
const char *fuzz_ask(struct fuzz_guest *f);
const char *fuzz_invalidate(struct fuzz_guest *f);
const char *fuzz_call_of_other(struct fuzz_guest *f);
const char *fuzz_get_faults(struct fuzz_guest *f);
const char *fuzz_read_faults(struct fuzz_guest *f);
const char *fuzz_answer_faults(struct fuzz_guest *f);
void fuzz_close_faults(struct fuzz_guest *f);
/* From where on the device is idle, and what is told is what was noted since. */
void fuzz_open_faults(struct fuzz_guest *f);
void fuzz_note_vsid(struct fuzz_guest *f, u32 vsid);
/* Whether all that are left to read may be. */
const char *fuzz_check_faults(struct fuzz_guest *f);

/* By the guest's memory and its device */
const char *fuzz_write_cd(struct fuzz_guest *f);
const char *fuzz_write_entry(struct fuzz_guest *f);
const char *fuzz_write_words(struct fuzz_guest *f);
const char *fuzz_transfer(struct fuzz_guest *f);
const char *fuzz_transfer_meanwhile(struct fuzz_guest *f);
const char *fuzz_remap_window(struct fuzz_guest *f);

/* By tables with PASIDs. All from fuzz_write_l1() on needs them. */
void fuzz_pasids_init(struct fuzz_guest *f);
void fuzz_pasids_cleanup(struct fuzz_guest *f);
/* Have what the device transfers from now on have one, or none, if it can. */
void fuzz_choose_pasid(struct fuzz_guest *f);
/* Whether any transfer had it, since they were forgotten. */
void fuzz_forget_pasids(struct fuzz_guest *f);
bool fuzz_pasid_was_sent(struct fuzz_guest *f, u32 pasid);
const char *fuzz_write_l1(struct fuzz_guest *f);
/* A PASID, often one that has a descriptor. */
u32 fuzz_pasid(struct fuzz_guest *f);
/* The IPA of a descriptor of one. */
u64 fuzz_pasid_descriptor(struct fuzz_guest *f);
/* A configuration with such a table, often a valid one. */
struct iommu_guest_stage_config fuzz_pasids_config(struct fuzz_guest *f);
/* Such a table that is valid. */
void fuzz_bind_pasids(struct fuzz_guest *f);
/* Whether the device works by each of the tables. */
bool fuzz_pasids_work(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_GUEST_H */
