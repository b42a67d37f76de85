/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FUZZ_FAULTS_H
#define SELFTESTS_VFIO_LIBVFIO_FUZZ_FAULTS_H

#include <linux/types.h>

#include <libvfio/fuzz_guest.h>

/* The operations return what is wrong, or NULL. */
const char *fuzz_get_faults(struct fuzz_guest *f);
const char *fuzz_read_faults(struct fuzz_guest *f);
const char *fuzz_answer_faults(struct fuzz_guest *f);

/*
 * Begin to read faults while the device is idle. From here on a fault may tell only what
 * was noted, or sent by the device, since then.
 */
void fuzz_open_faults(struct fuzz_guest *f);
void fuzz_close_faults(struct fuzz_guest *f);

/* Note that a bind has called the device @vsid. */
void fuzz_note_vsid(struct fuzz_guest *f, u32 vsid);

/* Check all faults that are left to read. Returns what is wrong, or NULL. */
const char *fuzz_check_faults(struct fuzz_guest *f);

#endif /* SELFTESTS_VFIO_LIBVFIO_FUZZ_FAULTS_H */
