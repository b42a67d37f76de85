/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_EDGE_H
#define SELFTESTS_VFIO_LIBVFIO_EDGE_H

#include <stddef.h>

/*
 * A copy after which comes a page that can't be read. The memory stays until the
 * process ends.
 */
void *edge_copy(const void *data, size_t size);

/* And that can't be written itself. */
void *edge_copy_read_only(const void *data, size_t size);

#endif /* SELFTESTS_VFIO_LIBVFIO_EDGE_H */
