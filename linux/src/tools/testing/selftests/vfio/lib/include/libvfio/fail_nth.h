/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_FAIL_NTH_H
#define SELFTESTS_VFIO_LIBVFIO_FAIL_NTH_H

#include <stdbool.h>

#include <libvfio/vmm.h>

/* Whether the kernel can make allocations fail, those that may sleep too. */
bool fail_nth_enable(void);

/* Make the @n-th allocation of this thread fail from now on. None for 0. */
void fail_nth(unsigned int n);

/* Whether the allocation was reached, and so failed. No allocation fails after this. */
bool fail_nth_did(void);

/*
 * Bind in state 2 again and again, until none of the allocations is made to fail any more.
 * Asserts that each call before fails with -ENOMEM and leaves state 2, that there is at least
 * one, and that the last call binds. @bind returns 0 or a negative errno, and @is_bound
 * whether the STE is as @bind makes it. Both get @arg.
 */
void fail_nth_first_bind(struct vmm *vmm, int (*bind)(struct vmm *vmm, void *arg),
			 bool (*is_bound)(struct vmm *vmm, void *arg), void *arg);

#endif /* SELFTESTS_VFIO_LIBVFIO_FAIL_NTH_H */
