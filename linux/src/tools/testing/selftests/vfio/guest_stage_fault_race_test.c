// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that come while their reader, their device or their container goes away.
 * Nothing is used that is gone, and nothing stays: the kernel that watches itself
 * tells. Faults come all the time, of a transfer that is always in progress.
 */
#include <pthread.h>
#include <time.h>

#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

#define SECONDS		2
#define NO_IOVA		0x7000000000ULL
/* At least so often, however slow the machine is. */
#define NR_OPENED	100

static bool stop;

FIXTURE(guest_stage_fault_race)
{
	struct vmm vmm;
	pthread_t device;
};

FIXTURE_SETUP(guest_stage_fault_race)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	guest_stage_translate(&self->vmm.device, &self->vmm.table);
}

FIXTURE_TEARDOWN(guest_stage_fault_race)
{
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	VFIO_ASSERT(!pthread_create(thread, NULL, fn, arg), "a thread");
}

static long join(pthread_t thread)
{
	void *ret;

	pthread_join(thread, &ret);
	return (long)ret;
}

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* A transfer takes 100 ms: it faults at its end, and the next one is started. */
static void *fault_until_told(void *arg)
{
	struct vmm *vmm = arg;

	while (!READ_ONCE(stop))
		dma_read(&vmm->device, NO_IOVA,
			 vmm->device.driver->buffer_size);
	return NULL;
}

static void start_faults(FIXTURE_DATA(guest_stage_fault_race) * self)
{
	WRITE_ONCE(stop, false);
	start(&self->device, fault_until_told, &self->vmm);
}

static void stop_faults(FIXTURE_DATA(guest_stage_fault_race) * self)
{
	WRITE_ONCE(stop, true);
	join(self->device);
}

/* Until the descriptor ends. How many there were. */
static void *read_to_the_end(void *arg)
{
	struct iommu_guest_fault faults[16];
	long num, all = 0;

	while ((num = __guest_faults_read((long)arg, faults, 16)) > 0)
		all += num;
	close((long)arg);
	return (void *)(num < 0 ? num : all);
}

/* Closed while they arrive, and opened again: each has those of its time. */
TEST_F(guest_stage_fault_race, with_the_descriptor)
{
	u64 started = now_ms();
	struct iommu_guest_fault fault;
	unsigned long opened = 0, seen = 0;
	int fd;

	start_faults(self);
	do {
		fd = guest_fault_fd(&self->vmm.container, O_NONBLOCK);
		if (__guest_faults_read(fd, &fault, 1) == 1) {
			EXPECT_EQ(0, fault.sequence);
			seen++;
		}
		close(fd);
		opened++;
	} while (now_ms() - started < SECONDS * 1000 || !seen ||
		 opened < NR_OPENED);
	stop_faults(self);
}

/* Once it is unbound, none comes any more. */
TEST_F(guest_stage_fault_race, with_the_binding)
{
	int fd = guest_fault_fd(&self->vmm.container, O_NONBLOCK);
	struct iommu_guest_fault faults[IOMMU_GUEST_FAULTS_MAX];
	unsigned long seen = 0;
	u64 started = now_ms();
	int num;

	start_faults(self);
	do {
		guest_stage_unbind(&self->vmm.device);
		while ((num = __guest_faults_read(fd, faults,
						  IOMMU_GUEST_FAULTS_MAX)) > 0)
			seen += num;
		usleep(1000);
		EXPECT_EQ(0, guest_faults_poll(fd, 0));
		guest_stage_translate(&self->vmm.device, &self->vmm.table);
		usleep(1000);
	} while (now_ms() - started < SECONDS * 1000 || !seen);
	stop_faults(self);
	close(fd);
}

/* A reader that waits sees everything close behind its back. */
TEST_F(guest_stage_fault_race, with_the_container)
{
	u64 started = now_ms();
	pthread_t reader;
	struct vmm other;
	long fd;

	vmm_cleanup(&self->vmm);
	do {
		vmm_init(&other, vfio_selftests_bdf(0));
		dma_wait(&other.device);
		fd = guest_fault_fd(&other.container, 0);
		start(&reader, read_to_the_end, (void *)fd);
		guest_stage_translate(&other.device, &other.table);
		dma_read_start(&other.device, NO_IOVA,
			       other.device.driver->buffer_size);
		/* Just when it is about to fault */
		usleep(99000 + now_ms() % 3000);
		vmm_cleanup(&other);
		EXPECT_LE(0, join(reader));
	} while (now_ms() - started < SECONDS * 1000);
}

struct victim {
	struct vmm *vmm;
	const char *bdf;
};

/* Three threads of it are in the kernel when it is killed. */
static void faulting_process(struct child *child, void *arg)
{
	struct victim *victim = arg;
	pthread_t threads[2];
	long fd;

	vmm_init(victim->vmm, victim->bdf);
	/* Of the one before, which was killed. */
	dma_wait(&victim->vmm->device);
	fd = guest_fault_fd(&victim->vmm->container, 0);
	start(&threads[0], read_to_the_end, (void *)fd);
	start(&threads[1], fault_until_told, victim->vmm);
	child_ready(child);
	for (;;) {
		guest_stage_translate(&victim->vmm->device,
				      &victim->vmm->table);
		guest_stage_unbind(&victim->vmm->device);
	}
}

TEST_F(guest_stage_fault_race, with_kill)
{
	struct victim victim = {
		.vmm = calloc(1, sizeof(*victim.vmm)),
		.bdf = vfio_selftests_bdf(0),
	};
	u64 started = now_ms();
	struct child child;

	vmm_cleanup(&self->vmm);
	WRITE_ONCE(stop, false);
	do {
		child_start(&child, faulting_process, &victim);
		child_wait_ready(&child);
		usleep(99000 + now_ms() % 5000);
		child_kill(&child);
	} while (now_ms() - started < SECONDS * 1000);
	free(victim.vmm);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
