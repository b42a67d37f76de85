// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/child.h>

void child_start(struct child *child, void (*fn)(struct child *child, void *arg),
		 void *arg)
{
	int pipe_fds[2];

	VFIO_ASSERT(!pipe(pipe_fds), "a pipe");
	child->pid = fork();
	VFIO_ASSERT(child->pid >= 0, "a child");
	child->ready = pipe_fds[!child->pid];
	close(pipe_fds[!!child->pid]);
	if (child->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fn(child, arg);
	_exit(0);
}

void child_ready(struct child *child)
{
	VFIO_ASSERT(write(child->ready, "", 1) == 1, "the test is gone");
}

void child_wait_ready(struct child *child)
{
	char byte;

	VFIO_ASSERT(read(child->ready, &byte, 1) == 1, "the child is gone");
}

void child_kill(struct child *child)
{
	VFIO_ASSERT(!kill(child->pid, SIGKILL), "kill a child");
	child_wait(child);
}

bool child_wait(struct child *child)
{
	int status;

	VFIO_ASSERT(waitpid(child->pid, &status, 0) == child->pid, "a child");
	close(child->ready);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

void *child_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT(memory != MAP_FAILED, "shared memory");
	return memory;
}
