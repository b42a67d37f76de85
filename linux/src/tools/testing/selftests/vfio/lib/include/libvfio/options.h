/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_OPTIONS_H
#define SELFTESTS_VFIO_LIBVFIO_OPTIONS_H

#include <stdbool.h>

/*
 * Take NAME=N from the front of the arguments. Options of a test come first, then
 * those of the harness.
 */
bool option_take(int *argc, char ***argv, const char *name, unsigned int *value);

#endif /* SELFTESTS_VFIO_LIBVFIO_OPTIONS_H */
