// SPDX-License-Identifier: GPL-2.0-only
/* Runs one operation after the other, in random order. */
#include <linux/kernel.h>
#include <stdio.h>

#include <libvfio/fuzz_calls.h>
#include <libvfio/fuzz_faults.h>
#include <libvfio/fuzz_life.h>
#include <libvfio/fuzz_memory.h>
#include <libvfio/fuzz_pasids.h>
#include <libvfio/fuzz_rounds.h>
#include <libvfio/fuzz_smmu.h>
#include <libvfio/oracle.h>

/**
 * struct fuzz_op - A way that a VMM or its guest has to reach the kernel or the SMMU
 * @name: For whoever has to repeat it
 * @run: Do it once. Returns what is wrong, or NULL
 * @weight: How often, compared with the others
 * @memory: Needs a device that does DMA
 * @pasids: Needs &struct fuzz_guest.pasids
 */
struct fuzz_op {
	const char *name;
	const char *(*run)(struct fuzz_guest *f);
	unsigned int weight;
	bool memory;
	bool pasids;
};

/*
 * There is one for each way that a VMM or its guest has to reach the kernel or the SMMU: who
 * adds an ioctl or a file adds an operation. Those that need no DMA come first.
 */
static const struct fuzz_op ops[] = {
	{ .name = "bind", .run = fuzz_bind, .weight = 4 },
	{ .name = "unbind", .run = fuzz_unbind, .weight = 1 },
	{ .name = "ask what can be bound", .run = fuzz_ask, .weight = 1 },
	{ .name = "invalidate", .run = fuzz_invalidate, .weight = 2 },
	{ .name = "bind by another container", .run = fuzz_call_of_other, .weight = 1 },
	{ .name = "get the faults", .run = fuzz_get_faults, .weight = 1 },
	{ .name = "read faults", .run = fuzz_read_faults, .weight = 1 },
	{ .name = "answer faults", .run = fuzz_answer_faults, .weight = 1 },
	{ .name = "write a descriptor", .run = fuzz_write_cd, .weight = 2, .memory = true },
	{ .name = "write a first-level descriptor", .run = fuzz_write_l1, .weight = 2,
	  .memory = true, .pasids = true },
	{ .name = "write an entry of a table", .run = fuzz_write_entry, .weight = 4,
	  .memory = true },
	{ .name = "write words", .run = fuzz_write_words, .weight = 1, .memory = true },
	{ .name = "transfer", .run = fuzz_transfer, .weight = 3, .memory = true },
	{ .name = "transfer meanwhile", .run = fuzz_transfer_meanwhile, .weight = 2,
	  .memory = true },
	{ .name = "remap memory", .run = fuzz_remap_window, .weight = 1, .memory = true },
};

static unsigned int weight(struct fuzz_guest *f, const struct fuzz_op *op, bool memory)
{
	if ((op->memory && !memory) || (op->pasids && !f->pasids))
		return 0;
	return op->weight;
}

static const struct fuzz_op *random_op(struct fuzz_guest *f, bool memory)
{
	unsigned int i, sum = 0, n;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		sum += weight(f, &ops[i], memory);
	n = fuzz_below(sum);
	for (i = 0; n >= weight(f, &ops[i], memory); i++)
		n -= weight(f, &ops[i], memory);
	return &ops[i];
}

/* Fill the device's buffer with words of this round. */
static void load_device(struct fuzz_guest *f)
{
	struct dma_page *src = &f->vmm.src;

	fuzz_put_words(f, src->vaddr, GUEST_PAGE_SIZE);
	dma_read(&f->vmm.device, src->iova, 1024);
}

static const char *run_round(struct fuzz_guest *f, const char *test,
			     unsigned int round, bool memory)
{
	const struct fuzz_op *op;
	const char *problem = NULL;
	unsigned int i;

	fuzz_round(round);
	fuzz_operation(test, round, "start");
	if (oracle_present())
		oracle_mark();
	if (memory)
		load_device(f);
	fuzz_open_faults(f);
	if (f->pasids)
		fuzz_bind_pasids(f);
	for (i = 0; !problem && i < FUZZ_OPS_OF_ROUND; i++) {
		op = random_op(f, memory);
		fuzz_operation(test, round, op->name);
		problem = op->run(f);
	}
	if (!problem)
		problem = fuzz_check_faults(f);
	if (problem)
		return problem;
	fuzz_recover(f);
	return fuzz_check_commands(f) ?: fuzz_check_canaries(f) ?: fuzz_check_works(f);
}

const char *fuzz_rounds(struct fuzz_guest *f, const char *test, unsigned int rounds,
			bool memory)
{
	unsigned int round = fuzz_options.round;
	unsigned int end = round + (fuzz_options.rounds ?: rounds);
	const char *problem = NULL;

	printf("# %s: %u rounds, seed=%llu\n", test, end - round,
	       (unsigned long long)fuzz_options.seed);
	fflush(stdout);
	while (!problem && round != end)
		problem = run_round(f, test, round++, memory);
	if (problem)
		fuzz_print_replay(test, problem);
	fuzz_done();
	return problem;
}
