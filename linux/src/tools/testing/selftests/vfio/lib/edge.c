// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/edge.h>

void *edge_copy(const void *data, size_t size)
{
	size_t page = getpagesize(), room = (size + page - 1) / page * page;
	void *pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT(pages != MAP_FAILED, "pages");
	VFIO_ASSERT(!mprotect(pages + room, page, PROT_NONE), "an edge");
	memcpy(pages + room - size, data, size);
	return pages + room - size;
}

void *edge_copy_read_only(const void *data, size_t size)
{
	void *copy = edge_copy(data, size);
	size_t page = getpagesize();
	void *first = (void *)((uintptr_t)copy / page * page);

	VFIO_ASSERT(!mprotect(first, copy + size - first, PROT_READ), "read only");
	return copy;
}
