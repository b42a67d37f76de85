/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All mutations are built into one kernel. mutation=NAME on its command line, or NAME in
 * /sys/module/kernel/parameters/mutation, turns one on. With none the kernel is as it
 * should be. scripts/mutate includes this in each file that has mutations, and defines
 * DEFINE_MUTATION in one of them.
 */
#include <linux/delay.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

extern char chosen_mutation[64];

#ifdef DEFINE_MUTATION
char chosen_mutation[64] = "none";
static const struct kparam_string chosen_mutation_param = {
	.maxlen = sizeof(chosen_mutation),
	.string = chosen_mutation,
};
__module_param_call("", mutation, &param_ops_string, .str = &chosen_mutation_param, 0644, -1, 0);
#endif

static inline bool mutated(const char *name)
{
	return !strcmp(chosen_mutation, name);
}
