/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FAIL_NTH_H
#define SELFTESTS_VFIO_LIBVFIO_FAIL_NTH_H

#include <stdbool.h>

/* Whether the kernel can make allocations fail, those that may sleep too. */
bool fail_nth_enable(void);

/* Make the @n-th allocation of this thread fail from now on. None for 0. */
void fail_nth(unsigned int n);

/* Whether there were so many. None fails after this. */
bool fail_nth_did(void);

#endif /* SELFTESTS_VFIO_LIBVFIO_FAIL_NTH_H */
