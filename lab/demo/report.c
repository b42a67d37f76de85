// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

void print_words(const char *key, const u64 *words)
{
	unsigned int i;

	printf(", \"%s\": \"", key);
	for (i = 0; i < WORDS; i++)
		printf("%s%016llx", i ? " " : "", (unsigned long long)words[i]);
	printf("\"");
}

void print_row(const char *name, const char *asked, u64 table)
{
	printf("{\"row\": \"%s\", \"asked\": \"%s\", \"table\": \"%#llx\"}\n", name,
	       asked, (unsigned long long)table);
}

void print_ste(const char *row, const char *device, u16 sid)
{
	struct ste ste;

	oracle_ste(sid, &ste);
	printf("{\"ste\": \"%s\", \"device\": \"%s\", \"sid\": \"%x\"", row, device, sid);
	print_words("words", ste.data);
	printf("}\n");
}
