// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/fail_nth.h>

#define FAIL_NTH	"/proc/thread-self/fail-nth"

static int fail_nth_fd = -1;

/* Let allocations that may sleep fail too, without a word in the log. */
bool fail_nth_enable(void)
{
	static const char * const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/verbose", "0" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		char path[PATH_MAX];
		int fd;

		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i][0]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, settings[i][1], 1) != 1)
			return false;
		close(fd);
	}
	fail_nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return fail_nth_fd >= 0;
}

void fail_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	VFIO_ASSERT(pwrite(fail_nth_fd, text, len, 0) == len, FAIL_NTH);
}

bool fail_nth_did(void)
{
	char left[16] = "";

	VFIO_ASSERT(pread(fail_nth_fd, left, sizeof(left) - 1, 0) > 0, FAIL_NTH);
	fail_nth(0);
	return !atoi(left);
}

void fail_nth_first_bind(struct vmm *vmm, int (*bind)(struct vmm *vmm, void *arg),
			 bool (*is_bound)(struct vmm *vmm, void *arg), void *arg)
{
	unsigned int n = 0, failures = 0;
	bool failed;
	int ret;

	do {
		state_stage2.enter(vmm);
		fail_nth(++n);
		ret = bind(vmm, arg);
		failed = fail_nth_did();
		failures += !!ret;
		VFIO_ASSERT(!ret || ret == -ENOMEM, "allocation %u: %d", n, ret);
		VFIO_ASSERT(ret ? vmm_ste_is(vmm, &state_stage2) : is_bound(vmm, arg),
			    "the STE after allocation %u: %d", n, ret);
	} while (failed);
	VFIO_ASSERT(!ret, "no allocation fails: %d", ret);
	VFIO_ASSERT(failures, "a bind needs memory");
}
