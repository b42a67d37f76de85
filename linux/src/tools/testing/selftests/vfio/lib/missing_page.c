// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/missing_page.h>

static void *alloc_second_page(void)
{
	size_t size = getpagesize();
	void *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT(pages != MAP_FAILED, "two pages");
	return pages + size;
}

static void free_second_page(void *page)
{
	munmap(page - getpagesize(), 2 * getpagesize());
}

int __missing_page_init(struct missing_page *missing)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	missing->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (missing->uffd < 0)
		return -errno;
	missing->page = alloc_second_page();
	missing->copy = alloc_second_page();
	reg.range.start = (uintptr_t)missing->page;
	reg.range.len = getpagesize();
	VFIO_ASSERT(!ioctl(missing->uffd, UFFDIO_API, &api), "userfaultfd");
	VFIO_ASSERT(!ioctl(missing->uffd, UFFDIO_REGISTER, &reg), "userfaultfd");
	return 0;
}

void missing_page_cleanup(struct missing_page *missing)
{
	close(missing->uffd);
	free_second_page(missing->page);
	free_second_page(missing->copy);
}

void missing_page_wait(struct missing_page *missing)
{
	struct uffd_msg msg;

	VFIO_ASSERT(read(missing->uffd, &msg, sizeof(msg)) == sizeof(msg),
		    "userfaultfd");
}

void missing_page_provide(struct missing_page *missing)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)missing->page,
		.src = (uintptr_t)missing->copy,
		.len = getpagesize(),
	};

	VFIO_ASSERT(!ioctl(missing->uffd, UFFDIO_COPY, &copy), "userfaultfd");
}
