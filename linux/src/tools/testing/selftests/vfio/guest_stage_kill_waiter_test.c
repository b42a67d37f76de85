// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that waits for a lock can be killed, even if whoever holds the lock stands
 * still for ever: at a page that userspace serves itself, and does not serve.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include <libvfio/child.h>
#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

#define WINDOW_US	200000
#define PATIENCE_S	5
#define NO_IOVA		0x7000000000ULL

FIXTURE(guest_stage_kill_waiter)
{
	struct vmm vmm;
	struct missing_page missing;
	pthread_t holder;
	int fault_fd;
};

FIXTURE_SETUP(guest_stage_kill_waiter)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	if (__missing_page_init(&self->missing))
		SKIP(return, "no userfaultfd");
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	self->fault_fd = guest_fault_fd(&self->vmm.container, O_CLOEXEC);
}

FIXTURE_TEARDOWN(guest_stage_kill_waiter)
{
	close(self->fault_fd);
	vmm_cleanup(&self->vmm);
	missing_page_cleanup(&self->missing);
}

/* Holds the lock of the backend until the page is there. */
static void *get_dirty_bitmap(void *arg)
{
	FIXTURE_DATA(guest_stage_kill_waiter) * self = arg;

	return (void *)(long)__vfio_dirty_bitmap(&self->vmm.container, self->vmm.ram.ipa,
						 self->vmm.ram.size, self->missing.page);
}

/* Holds the lock of the readers until the page is there. */
static void *read_into_missing_page(void *arg)
{
	FIXTURE_DATA(guest_stage_kill_waiter) * self = arg;

	return (void *)(long)__guest_faults_read(self->fault_fd, self->missing.page, 1);
}

static void bind(struct child *child, void *arg)
{
	FIXTURE_DATA(guest_stage_kill_waiter) * self = arg;

	child_ready(child);
	__guest_stage_translate(&self->vmm.device, &self->vmm.table);
}

static void ask(struct child *child, void *arg)
{
	FIXTURE_DATA(guest_stage_kill_waiter) * self = arg;
	struct iommu_guest_stage_info info;

	child_ready(child);
	guest_stage_info(&self->vmm.device, &info);
}

static void read_fault(struct child *child, void *arg)
{
	FIXTURE_DATA(guest_stage_kill_waiter) * self = arg;
	struct iommu_guest_fault fault;

	child_ready(child);
	__guest_faults_read(self->fault_fd, &fault, 1);
}

FIXTURE_VARIANT(guest_stage_kill_waiter)
{
	void *(*hold)(void *arg);
	void (*wait)(struct child *child, void *arg);
	bool needs_fault;
};

FIXTURE_VARIANT_ADD(guest_stage_kill_waiter, bind)
{
	.hold = get_dirty_bitmap,
	.wait = bind,
};

FIXTURE_VARIANT_ADD(guest_stage_kill_waiter, info)
{
	.hold = get_dirty_bitmap,
	.wait = ask,
};

FIXTURE_VARIANT_ADD(guest_stage_kill_waiter, read)
{
	.hold = read_into_missing_page,
	.wait = read_fault,
	.needs_fault = true,
};

static bool has_ended(struct child *child)
{
	return waitpid(child->pid, NULL, WNOHANG) == child->pid;
}

/* Whether the child is gone in time. Reaps it in any case: @release lets it go on. */
static bool dies_in_time(struct child *child, struct missing_page *release)
{
	unsigned int i;

	kill(child->pid, SIGKILL);
	for (i = 0; i < PATIENCE_S * 100; i++) {
		if (has_ended(child))
			return true;
		usleep(10000);
	}
	missing_page_provide(release);
	waitpid(child->pid, NULL, 0);
	return false;
}

TEST_F(guest_stage_kill_waiter, dies)
{
	struct child child;
	bool died;

	if (variant->needs_fault) {
		SKIP_WITHOUT_DMA(return, &self->vmm.device);
		guest_stage_translate(&self->vmm.device, &self->vmm.table);
		dma_read(&self->vmm.device, NO_IOVA, DMA_SIZE);
	}
	ASSERT_EQ(0, pthread_create(&self->holder, NULL, variant->hold, self));
	missing_page_wait(&self->missing);
	child_start(&child, variant->wait, self);
	child_wait_ready(&child);
	usleep(WINDOW_US);
	EXPECT_FALSE(has_ended(&child));

	died = dies_in_time(&child, &self->missing);
	EXPECT_TRUE(died);
	if (died)
		missing_page_provide(&self->missing);
	close(child.ready);
	pthread_join(self->holder, NULL);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
