// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <libvfio/options.h>

bool option_take(int *argc, char ***argv, const char *name, unsigned int *value)
{
	size_t len = strlen(name);

	if (*argc < 2 || strncmp((*argv)[1], name, len) || (*argv)[1][len] != '=')
		return false;
	*value = strtoul((*argv)[1] + len + 1, NULL, 0);
	(*argv)[1] = (*argv)[0];
	++*argv;
	--*argc;
	return true;
}
