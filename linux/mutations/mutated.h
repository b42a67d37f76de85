/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All mutations are built into one kernel. mutation=NAME on its command line turns one
 * on, and without it the kernel is as it should be. See scripts/mutate.
 */
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/string.h>

static char mutation[64];

static int __init set_mutation(char *name)
{
	strscpy(mutation, name, sizeof(mutation));
	return 0;
}
early_param("mutation", set_mutation);

static inline bool mutated(const char *name)
{
	return !strcmp(mutation, name);
}
