// SPDX-License-Identifier: GPL-2.0-only
/* One operation after the other, in random order. */
#include <linux/kernel.h>
#include <stdio.h>

#include <libvfio/fuzz_guest.h>
#include <libvfio/oracle.h>

#define OPS_OF_ROUND	16

/*
 * One for each way that a VMM or its guest has to reach the kernel or the SMMU: a
 * new ioctl or file goes here. Those that need no device that does DMA come first.
 */
static const struct fuzz_op ops[] = {
	{ "bind", fuzz_bind, 4 },
	{ "unbind", fuzz_unbind, 1 },
	{ "ask what can be bound", fuzz_ask, 1 },
	{ "invalidate", fuzz_invalidate, 2 },
	{ "bind by another container", fuzz_call_of_other, 1 },
	{ "get the faults", fuzz_get_faults, 1 },
	{ "read faults", fuzz_read_faults, 1 },
	{ "answer faults", fuzz_answer_faults, 1 },
	{ "write a descriptor", fuzz_write_cd, 2, true },
	{ "write a first-level descriptor", fuzz_write_l1, 2, true, true },
	{ "write an entry of a table", fuzz_write_entry, 4, true },
	{ "write words", fuzz_write_words, 1, true },
	{ "transfer", fuzz_transfer, 3, true },
	{ "transfer meanwhile", fuzz_transfer_meanwhile, 2, true },
	{ "remap memory", fuzz_remap_window, 1, true },
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

/* Let the device have words of this round in its buffer. */
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
	if (f->pasids)
		fuzz_bind_pasids(f);
	for (i = 0; !problem && i < OPS_OF_ROUND; i++) {
		op = random_op(f, memory);
		fuzz_operation(test, round, op->name);
		problem = op->run(f);
	}
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
