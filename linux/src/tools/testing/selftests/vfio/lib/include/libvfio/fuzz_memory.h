/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_MEMORY_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_MEMORY_H

#include <libvfio/fuzz_guest.h>

/* The operations by the guest's memory and its device return what is wrong, or NULL. */
const char *fuzz_write_cd(struct fuzz_guest *f);
const char *fuzz_write_entry(struct fuzz_guest *f);
const char *fuzz_write_words(struct fuzz_guest *f);
const char *fuzz_transfer(struct fuzz_guest *f);
const char *fuzz_transfer_meanwhile(struct fuzz_guest *f);
const char *fuzz_remap_window(struct fuzz_guest *f);

/* Check that nobody has written what may not be written. Returns what is wrong, or NULL. */
const char *fuzz_check_window(struct fuzz_guest *f);
void fuzz_unmap_window(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_MEMORY_H */
