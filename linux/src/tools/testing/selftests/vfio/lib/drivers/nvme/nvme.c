// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing but the data goes to memory. The submission queues are in the controller's own
 * memory buffer. The completion queues are told to be full, so that nothing is ever
 * written to them: a controller whose completions are blocked would be in error, and
 * where nothing is mapped they can't be seen.
 *
 * So another command tells the end: a read into the controller's memory, which comes
 * after the others in their queue. Once that is seen the others have been started, and
 * to disable the controller waits for what was started. An enabled controller is a busy
 * one, and nobody has to remember anything.
 *
 * QEMU (10.0) doesn't survive the reset of a controller that has commands under way and
 * was told of others that it hasn't looked at. The process may be killed at any time, so
 * there is one doorbell for all commands, unless the caller promises otherwise.
 */
#include <asm/byteorder.h>
#include <linux/compiler.h>
#include <linux/sizes.h>
#include <time.h>

#include <libvfio/assert.h>
#include <libvfio/bar0.h>
#include <libvfio/dma.h>
#include <libvfio/vfio_pci_device.h>

#include "registers.h"

#define NSID		1
#define BLOCK_SIZE	512
/* The medium has the buffer, of which a command can have a page, and a block that isn't zero. */
#define BUFFER_SIZE	SZ_4K
#define STREAM_SIZE	SZ_64K
#define ECHO_BLOCK	200

/* Where the controller sees its memory, 1 MiB. Tests have nothing there. */
#define MEMORY		0x4000000000000000ULL
#define ADMIN_SQ	0x0
#define ECHO(q)		(0x1000 + (q) * BLOCK_SIZE)
#define IO_SQ(q)	(0x10000 + (q) * 0x20000)
/* Nothing is ever written there. */
#define NO_CQ		0x1000
#define NR_QUEUES	4
#define ADMIN_ENTRIES	64
#define IO_ENTRIES	2048
#define CQ_ENTRIES	2

#define ANSWER_SECONDS	60

static u64 *echo(struct vfio_pci_device *device, unsigned int q)
{
	return device->memory + ECHO(q);
}

/* Queues that don't exist have nothing more to do. */
static void clear_echoes(struct vfio_pci_device *device, unsigned int queues)
{
	unsigned int q;

	for (q = 0; q <= NR_QUEUES; q++)
		WRITE_ONCE(*echo(device, q), q > queues);
}

static bool all_echoed(struct vfio_pci_device *device)
{
	unsigned int q;

	for (q = 1; q <= NR_QUEUES; q++)
		if (!READ_ONCE(*echo(device, q)))
			return false;
	return true;
}

/* Where time stands for instructions, the answer comes from outside of time: don't sleep. */
static void wait_for_echo(struct vfio_pci_device *device, unsigned int q)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!READ_ONCE(*echo(device, q))) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		VFIO_ASSERT(now.tv_sec - start.tv_sec < ANSWER_SECONDS,
			    "%s doesn't answer", device->bdf);
	}
}

/* A queue begins where the doorbell of it is zero, and isn't used twice. */
static void put_command(struct vfio_pci_device *device, unsigned int q, u32 *tail,
			const struct nvme_command *cmd)
{
	u64 sq = q ? IO_SQ(q - 1) : ADMIN_SQ;
	u64 *to = device->memory + sq + *tail * sizeof(*cmd);
	const u64 *words = (const u64 *)cmd;
	unsigned int i;

	for (i = 0; i < sizeof(*cmd) / sizeof(u64); i++)
		WRITE_ONCE(to[i], words[i]);
	++*tail;
}

/* All up to @tail may be executed. */
static void ring(struct vfio_pci_device *device, unsigned int q, u32 tail)
{
	bar0_write32(device, NVME_SQ_TAIL(q), tail);
}

static void submit(struct vfio_pci_device *device, unsigned int q, u32 *tail,
		   const struct nvme_command *cmd)
{
	put_command(device, q, tail, cmd);
	ring(device, q, *tail);
}

static void keep_full(struct vfio_pci_device *device, unsigned int q)
{
	bar0_write32(device, NVME_CQ_HEAD(q), CQ_ENTRIES - 1);
}

static void enable(struct vfio_pci_device *device)
{
	bar0_write32(device, NVME_CC, 0);
	bar0_write64(device, NVME_CMBMSC,
		     MEMORY | NVME_CMBMSC_CMSE | NVME_CMBMSC_CRE);
	bar0_write32(device, NVME_AQA,
		     (CQ_ENTRIES - 1) << 16 | (ADMIN_ENTRIES - 1));
	bar0_write64(device, NVME_ASQ, MEMORY + ADMIN_SQ);
	bar0_write64(device, NVME_ACQ, NO_CQ);
	bar0_write32(device, NVME_CC, NVME_CC_EN | NVME_CC_IOSQES_64 |
				    NVME_CC_IOCQES_16);
	VFIO_ASSERT(bar0_read32(device, NVME_CSTS) == NVME_CSTS_RDY,
		    "%s isn't ready", device->bdf);
	bar0_write32(device, NVME_INTMS, ~0U);
	keep_full(device, 0);
}

static void create_queues(struct vfio_pci_device *device, unsigned int q,
			  u64 cq_addr, u32 cq_flags, u32 *tail)
{
	struct nvme_command cq = {
		.opcode = __cpu_to_le32(NVME_ADMIN_CREATE_CQ),
		.prp1 = __cpu_to_le64(cq_addr),
		.cdw10 = __cpu_to_le32((CQ_ENTRIES - 1) << 16 | q),
		.cdw11 = __cpu_to_le32(NVME_QUEUE_CONTIGUOUS | cq_flags),
	};
	struct nvme_command sq = {
		.opcode = __cpu_to_le32(NVME_ADMIN_CREATE_SQ),
		.prp1 = __cpu_to_le64(MEMORY + IO_SQ(q - 1)),
		.cdw10 = __cpu_to_le32((IO_ENTRIES - 1) << 16 | q),
		.cdw11 = __cpu_to_le32(q << 16 | NVME_QUEUE_CONTIGUOUS),
	};

	submit(device, 0, tail, &cq);
	submit(device, 0, tail, &sq);
}

/* Admin commands are executed one after the other: all before this have been. */
static void wait_for_admin(struct vfio_pci_device *device, u32 *tail)
{
	struct nvme_command identify = {
		.opcode = __cpu_to_le32(NVME_ADMIN_IDENTIFY),
		.prp1 = __cpu_to_le64(MEMORY + ECHO(0)),
		.cdw10 = __cpu_to_le32(NVME_IDENTIFY_CTRL),
	};

	WRITE_ONCE(*echo(device, 0), 0);
	submit(device, 0, tail, &identify);
	wait_for_echo(device, 0);
}

static void start_controller(struct vfio_pci_device *device, unsigned int queues)
{
	unsigned int q;
	u32 tail = 0;

	enable(device);
	for (q = 1; q <= queues; q++)
		create_queues(device, q, NO_CQ, 0, &tail);
	wait_for_admin(device, &tail);
	for (q = 1; q <= queues; q++)
		keep_full(device, q);
	clear_echoes(device, queues);
}

static struct nvme_command transfer(u32 opcode, u64 addr, u64 block, size_t size)
{
	u64 second = (addr | (SZ_4K - 1)) + 1;

	return (struct nvme_command) {
		.opcode = __cpu_to_le32(opcode),
		.nsid = __cpu_to_le32(NSID),
		.prp1 = __cpu_to_le64(addr),
		.prp2 = __cpu_to_le64(addr + size > second ? second : 0),
		.cdw10 = __cpu_to_le32(block),
		.cdw12 = __cpu_to_le32(size / BLOCK_SIZE - 1),
	};
}

static struct nvme_command echo_command(unsigned int q)
{
	return transfer(NVME_IO_READ, MEMORY + ECHO(q), ECHO_BLOCK, BLOCK_SIZE);
}

static bool nvme_match(u16 vendor, u16 device)
{
	return vendor == NVME_VENDOR_ID && device == NVME_DEVICE_ID;
}

static bool nvme_busy(struct vfio_pci_device *device)
{
	if (!(bar0_read32(device, NVME_CC) & NVME_CC_EN))
		return false;
	if (!all_echoed(device))
		return true;
	bar0_write32(device, NVME_CC, 0);
	return false;
}

/* Commands of @piece bytes each, from one queue after the other. */
static void start(struct vfio_pci_device *device, u32 opcode, u64 addr, size_t size,
		  size_t piece, unsigned int queues)
{
	unsigned int i, q, n = size / piece;
	u32 tails[NR_QUEUES + 1] = {};

	VFIO_ASSERT(n && size % piece == 0 && piece % BLOCK_SIZE == 0,
		    "%zu bytes are not blocks", size);
	VFIO_ASSERT(!nvme_busy(device), "%s is busy", device->bdf);
	start_controller(device, queues);
	for (i = 0; i < n; i++) {
		u64 offset = i * piece;
		struct nvme_command data = transfer(opcode, addr + offset,
						    offset / BLOCK_SIZE, piece);

		q = 1 + i % queues;
		put_command(device, q, &tails[q], &data);
		if (queues > 1)
			ring(device, q, tails[q]);
	}
	for (q = 1; q <= queues; q++) {
		struct nvme_command last = echo_command(q);

		put_command(device, q, &tails[q], &last);
		ring(device, q, tails[q]);
	}
}

static void nvme_read_start(struct vfio_pci_device *device, u64 addr, size_t size)
{
	VFIO_ASSERT(size <= BUFFER_SIZE, "the buffer has %d bytes", BUFFER_SIZE);
	start(device, NVME_IO_WRITE, addr, size, size, 1);
}

static void nvme_write_start(struct vfio_pci_device *device, u64 addr, size_t size)
{
	VFIO_ASSERT(size <= BUFFER_SIZE, "the buffer has %d bytes", BUFFER_SIZE);
	start(device, NVME_IO_READ, addr, size, size, 1);
}

static void nvme_stream_start(struct vfio_pci_device *device, u64 addr, size_t size,
			      unsigned int flags)
{
	VFIO_ASSERT(size <= STREAM_SIZE, "the buffer has %d bytes", STREAM_SIZE);
	start(device, flags & DMA_STREAM_WRITE ? NVME_IO_READ : NVME_IO_WRITE,
	      addr, size, BLOCK_SIZE, flags & DMA_STREAM_PACED ? NR_QUEUES : 1);
}

/*
 * A completion that is written is followed by the interrupt of its queue, and both are
 * done before the controller is disabled. One that can't be written is the end of the
 * controller.
 */
static bool wait_for_completion(struct vfio_pci_device *device,
				struct nvme_completion *completion)
{
	u32 status;

	do {
		status = bar0_read32(device, NVME_CSTS);
	} while (!(status & NVME_CSTS_CFS) &&
		 !(__le16_to_cpu(READ_ONCE(completion->status)) & NVME_STATUS_PHASE));
	bar0_write32(device, NVME_CC, 0);
	return !(status & NVME_CSTS_CFS);
}

/* The admin queue has the first interrupt, and the others those with their numbers. */
static bool nvme_send_irq(struct vfio_pci_device *device, unsigned int i, u64 addr,
			  void *vaddr)
{
	unsigned int q = 1 + i;
	struct nvme_command cmd = echo_command(q);
	u32 tail = 0;

	memset(vaddr, 0, sizeof(struct nvme_completion));
	VFIO_ASSERT(!nvme_busy(device), "%s is busy", device->bdf);
	enable(device);
	create_queues(device, q, addr, q << 16 | NVME_CQ_INTERRUPT, &tail);
	wait_for_admin(device, &tail);
	tail = 0;
	submit(device, q, &tail, &cmd);
	return wait_for_completion(device, vaddr);
}

const struct vfio_pci_driver_ops nvme_ops = {
	.name = "nvme",
	.buffer_size = BUFFER_SIZE,
	.memory_bar = 2,
	.match = nvme_match,
	.read_start = nvme_read_start,
	.write_start = nvme_write_start,
	.busy = nvme_busy,
	.stream_size = STREAM_SIZE,
	.stream_start = nvme_stream_start,
	.irq_index = VFIO_PCI_MSIX_IRQ_INDEX,
	.first_irq = 1,
	.nr_irqs = NR_QUEUES,
	.send_irq = nvme_send_irq,
};

VFIO_PCI_DRIVER(nvme_ops)
