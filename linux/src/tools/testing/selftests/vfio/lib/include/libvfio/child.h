/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_CHILD_H
#define SELFTESTS_VFIO_LIBVFIO_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct child - A process that a test starts
 * @pid: The process
 * @ready: Where it writes a byte once it got as far as the test wants
 */
struct child {
	pid_t pid;
	int ready;
};

/*
 * Run @fn in a child, which calls child_ready() and then stays until it is killed, or
 * returns to exit. It must leave the oracle alone while the test asks it.
 */
void child_start(struct child *child, void (*fn)(struct child *child, void *arg),
		 void *arg);

/* In the child: say so. */
void child_ready(struct child *child);

/* In the test: wait for that. */
void child_wait_ready(struct child *child);

/* End it with SIGKILL and wait until nothing is left of it. */
void child_kill(struct child *child);

/* Wait until it ends. Whether that was by returning from its function. */
bool child_wait(struct child *child);

/* Memory that the children started from now on share. */
void *child_shared(size_t size);

#endif /* SELFTESTS_VFIO_LIBVFIO_CHILD_H */
