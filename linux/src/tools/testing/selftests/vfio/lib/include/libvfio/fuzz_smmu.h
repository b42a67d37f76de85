/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_SMMU_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_SMMU_H

#include <libvfio/fuzz_guest.h>

/* Each of these returns what is wrong, or NULL. */

/* Check that the STE is as it may be after a call that returned @ret. */
const char *fuzz_check_ste(struct fuzz_guest *f, int ret);

/* Check that all that the SMMU was told is in this guest's name, if it is in anybody's. */
const char *fuzz_check_commands(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_SMMU_H */
