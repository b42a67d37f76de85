/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_GUEST_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_GUEST_H

#include <linux/iommu.h>
#include <linux/types.h>

#include <libvfio/canary.h>
#include <libvfio/fuzz.h>
#include <libvfio/vmm.h>

struct fuzz_pasids;

/* A round has so many operations. Each may give the device one name more than its own. */
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

/* An address where the guest would like to get to, also by what it can't know of the host. */
u64 fuzz_target(struct fuzz_guest *f);
/* The same, but more often a page of its own. */
u64 fuzz_ipa(struct fuzz_guest *f);
/* An address that its device could be told. */
u64 fuzz_iova(struct fuzz_guest *f);

/* Write what the guest or its device writes, see @any_word. */
void fuzz_put_word(struct fuzz_guest *f, __le64 *to, u64 word);
void fuzz_put_words(struct fuzz_guest *f, void *to, size_t size);

/* Copy an argument to where the kernel can read it, and sometimes not all of it. */
void *fuzz_place(struct fuzz_guest *f, const void *arg, size_t size);

/* Wait until the device has finished whatever it does. */
void fuzz_wait(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_GUEST_H */
