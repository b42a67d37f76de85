/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_LIFE_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_LIFE_H

#include <libvfio/fuzz_guest.h>

/*
 * The guest starts in state 3, with @bdf. With @pasids that is a PASID_DMA that can have
 * PASIDs, and the guest has tables of all formats. Another guest has @other_bdf.
 */
void fuzz_guest_init(struct fuzz_guest *f, const char *bdf, const char *other_bdf,
		     bool pasids);
void fuzz_guest_cleanup(struct fuzz_guest *f);

/* Do what a VMM would do for a guest that starts again. */
void fuzz_recover(struct fuzz_guest *f);

/* Check that the guest got at nothing that isn't its own, and that its device works. */
const char *fuzz_check_canaries(struct fuzz_guest *f);
const char *fuzz_check_works(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_LIFE_H */
