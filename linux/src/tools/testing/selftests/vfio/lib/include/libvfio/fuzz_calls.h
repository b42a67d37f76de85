/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_CALLS_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_CALLS_H

#include <libvfio/fuzz_guest.h>

/* The operations by a VMM's calls return what is wrong, or NULL. */
const char *fuzz_bind(struct fuzz_guest *f);
const char *fuzz_unbind(struct fuzz_guest *f);
const char *fuzz_ask(struct fuzz_guest *f);
const char *fuzz_invalidate(struct fuzz_guest *f);
const char *fuzz_call_of_other(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_CALLS_H */
