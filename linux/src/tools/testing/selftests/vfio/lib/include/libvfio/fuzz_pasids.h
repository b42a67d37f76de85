/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_PASIDS_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_PASIDS_H

#include <linux/iommu.h>
#include <linux/types.h>

#include <libvfio/fuzz_guest.h>

void fuzz_pasids_init(struct fuzz_guest *f);
void fuzz_pasids_cleanup(struct fuzz_guest *f);

/* These work for a guest without PASIDs, too. */

/* The IPA of a descriptor that is in use, or is going to be. */
u64 fuzz_descriptor(struct fuzz_guest *f);

/* Choose a PASID, or none, for what the device transfers from now on. */
void fuzz_choose_pasid(struct fuzz_guest *f);

/* Whether a transfer had @pasid since fuzz_forget_pasids() was called. */
bool fuzz_pasid_was_sent(struct fuzz_guest *f, u32 pasid);
void fuzz_forget_pasids(struct fuzz_guest *f);

/* The others need a guest that has PASIDs. */

/* A PASID, often one that has a descriptor. */
u32 fuzz_pasid(struct fuzz_guest *f);

/* A configuration with a table of PASIDs, often a valid one. */
struct iommu_guest_stage_config fuzz_pasids_config(struct fuzz_guest *f);

/* Bind a table of PASIDs that is valid. */
void fuzz_bind_pasids(struct fuzz_guest *f);

/* An operation: write a descriptor of the first level. */
const char *fuzz_write_l1(struct fuzz_guest *f);

/* Whether the device works by each of the tables. */
bool fuzz_pasids_work(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_PASIDS_H */
