/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_MISSING_PAGE_H
#define SELFTESTS_VFIO_LIBVFIO_MISSING_PAGE_H

/**
 * struct missing_page - Memory at which the kernel stands still until a test goes on
 * @uffd: The userfaultfd that tells
 * @page: What is missing, with a page before it that is not
 * @copy: What it is going to be, likewise
 */
struct missing_page {
	int uffd;
	void *page;
	void *copy;
};

/* A negative errno if this process can't have a userfaultfd. */
int __missing_page_init(struct missing_page *missing);
void missing_page_cleanup(struct missing_page *missing);

/* Wait until somebody stands still. */
void missing_page_wait(struct missing_page *missing);

/* Let them go on. */
void missing_page_provide(struct missing_page *missing);

#endif /* SELFTESTS_VFIO_LIBVFIO_MISSING_PAGE_H */
