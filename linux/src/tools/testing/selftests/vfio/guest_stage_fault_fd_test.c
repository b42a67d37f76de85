// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file descriptor that a guest's faults are read from: what it takes to get one,
 * how it is read, and what becomes of it and of others that are closed.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

#define NO_IOVA		0x7000000000ULL
#define SIZE		sizeof(struct iommu_guest_fault)
#define ARG_SIZE	sizeof(struct vfio_iommu_type1_guest_fault_fd)
#define BEYOND		64

/* How many faults a transfer makes where the emulator is, and at least anywhere. */
#define TRANSFER	(DMA_SIZE / 4)

FIXTURE(guest_stage_fault_fd)
{
	struct vmm vmm;
	int fd;
	struct iommu_guest_fault faults[2 * TRANSFER];
};

FIXTURE_SETUP(guest_stage_fault_fd)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	guest_stage_translate(&self->vmm.device, &self->vmm.table);
	self->fd = guest_fault_fd(&self->vmm.container, O_NONBLOCK | O_CLOEXEC);
}

FIXTURE_TEARDOWN(guest_stage_fault_fd)
{
	if (self->fd >= 0)
		close(self->fd);
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

/* TRANSFER faults. */
static void cause_faults(struct vmm *vmm)
{
	dma_read(&vmm->device, NO_IOVA, DMA_SIZE);
}

TEST_F(guest_stage_fault_fd, too_small_to_read)
{
	char buf[SIZE];
	size_t size;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	cause_faults(&self->vmm);
	for (size = 0; size < SIZE; size++) {
		EXPECT_EQ(-1, read(self->fd, buf, size));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(TRANSFER, guest_faults_drain(self->fd));
}

/* Never a part of a record, and each once. */
TEST_F(guest_stage_fault_fd, whole_records)
{
	u64 sequence = 0;
	size_t extra, num;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	cause_faults(&self->vmm);
	for (num = 1; num <= 4; num++) {
		extra = (num * 13) % SIZE;
		ASSERT_EQ(num * SIZE, read(self->fd, self->faults,
					   num * SIZE + extra));
		EXPECT_EQ(sequence, self->faults[0].sequence);
		sequence += num;
		EXPECT_EQ(sequence - 1, self->faults[num - 1].sequence);
	}
	ASSERT_EQ(TRANSFER - sequence,
		  __guest_faults_read(self->fd, self->faults, 2 * TRANSFER));
	EXPECT_EQ(-EAGAIN, __guest_faults_read(self->fd, self->faults, 1));
}

/* What can't be written is not lost. */
TEST_F(guest_stage_fault_fd, unwritable)
{
	size_t page = getpagesize();
	u8 *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, mprotect(pages + page, page, PROT_NONE));
	cause_faults(&self->vmm);
	EXPECT_EQ(-1, read(self->fd, pages + page, SIZE));
	EXPECT_EQ(EFAULT, errno);
	/* Two and a half fit. */
	EXPECT_EQ(2 * SIZE, read(self->fd, pages + page - 5 * SIZE / 2,
				 4 * SIZE));
	EXPECT_EQ(TRANSFER - 2, __guest_faults_read(self->fd, self->faults,
						    2 * TRANSFER));
	EXPECT_EQ(2, self->faults[0].sequence);
	EXPECT_EQ(0, self->faults[0].lost);
}

TEST_F(guest_stage_fault_fd, poll)
{
	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	EXPECT_EQ(0, guest_faults_poll(self->fd, 0));
	EXPECT_EQ(-EAGAIN, __guest_faults_read(self->fd, self->faults, 1));
	dma_read_start(&self->vmm.device, NO_IOVA, DMA_SIZE);
	EXPECT_EQ(POLLIN, guest_faults_poll(self->fd, 10000));
	dma_wait(&self->vmm.device);
	EXPECT_EQ(POLLIN, guest_faults_poll(self->fd, 0));
	guest_faults_drain(self->fd);
	EXPECT_EQ(0, guest_faults_poll(self->fd, 0));
}

/* With edges, too: each fault is one. */
TEST_F(guest_stage_fault_fd, epoll)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	cause_faults(&self->vmm);
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 10000));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	cause_faults(&self->vmm);
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 10000));
	/* It may be closed while it is watched. */
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	close(epoll);
}

static void set_blocking(int fd)
{
	VFIO_ASSERT(!fcntl(fd, F_SETFL, 0), "fcntl");
}

static void *read_one(void *arg)
{
	FIXTURE_DATA(guest_stage_fault_fd) * self = arg;

	return (void *)(long)__guest_faults_read(self->fd, self->faults, 1);
}

TEST_F(guest_stage_fault_fd, blocking_read)
{
	pthread_t thread;
	void *ret;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	set_blocking(self->fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_one, self));
	usleep(50000);
	cause_faults(&self->vmm);
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(1, (long)ret);
	EXPECT_EQ(0, self->faults[0].sequence);
}

static void on_alarm(int signal)
{
}

TEST_F(guest_stage_fault_fd, interrupted_read)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value.tv_usec = 50000 };

	set_blocking(self->fd);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
	EXPECT_EQ(-EINTR, __guest_faults_read(self->fd, self->faults, 1));
}

TEST_F(guest_stage_fault_fd, flags)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(O_RDWR | O_NONBLOCK,
		  fcntl(self->fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	close(self->fd);
	self->fd = guest_fault_fd(&self->vmm.container, 0);
	EXPECT_EQ(0, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
}

TEST_F(guest_stage_fault_fd, other_flags)
{
	unsigned int bit;

	close(self->fd);
	self->fd = -1;
	for (bit = 0; bit < 32; bit++) {
		if ((1U << bit) & (O_CLOEXEC | O_NONBLOCK))
			continue;
		EXPECT_EQ(-EINVAL, __guest_fault_fd(&self->vmm.container,
						    1U << bit));
		EXPECT_EQ(-EINVAL, __guest_fault_fd(&self->vmm.container,
						    1U << bit | O_CLOEXEC));
	}
}

TEST_F(guest_stage_fault_fd, argsz)
{
	union {
		struct vfio_iommu_type1_guest_fault_fd arg;
		u8 bytes[ARG_SIZE + BEYOND];
	} get = { .arg = guest_fault_fd_arg(O_CLOEXEC) };
	u32 argsz;
	int fd;

	close(self->fd);
	self->fd = -1;
	memset(get.bytes + ARG_SIZE, 0xff, BEYOND);
	for (argsz = 0; argsz < ARG_SIZE; argsz++) {
		get.arg.argsz = argsz;
		EXPECT_EQ(-EINVAL, __guest_fault_fd_ioctl(&self->vmm.container,
							  &get));
	}
	for (; argsz <= sizeof(get); argsz++) {
		get.arg.argsz = argsz;
		fd = __guest_fault_fd_ioctl(&self->vmm.container, &get);
		ASSERT_LE(0, fd);
		close(fd);
	}
	get.arg.argsz = ARG_SIZE;
	get.arg.__reserved = 1ULL << 40;
	EXPECT_EQ(-EINVAL, __guest_fault_fd_ioctl(&self->vmm.container, &get));
	EXPECT_EQ(-EFAULT, __guest_fault_fd_ioctl(&self->vmm.container, NULL));
}

/* What a second one would take away is not given away, nor is it after a fork. */
TEST_F(guest_stage_fault_fd, one_at_a_time)
{
	int other = dup(self->fd);

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	EXPECT_EQ(-EBUSY, __guest_fault_fd(&self->vmm.container, 0));
	close(self->fd);
	EXPECT_EQ(-EBUSY, __guest_fault_fd(&self->vmm.container, 0));
	cause_faults(&self->vmm);
	close(other);
	/* The next one starts anew. */
	self->fd = guest_fault_fd(&self->vmm.container, O_NONBLOCK);
	EXPECT_EQ(0, guest_faults_poll(self->fd, 0));
	cause_faults(&self->vmm);
	guest_faults_expect(self->fd, self->faults, TRANSFER);
	EXPECT_EQ(0, self->faults[0].sequence);
	EXPECT_EQ(0, self->faults[0].lost);
}

TEST_F(guest_stage_fault_fd, too_many_files)
{
	struct rlimit limit = { .rlim_cur = 0, .rlim_max = 1024 };

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, __guest_fault_fd(&self->vmm.container, 0));
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	self->fd = guest_fault_fd(&self->vmm.container, 0);
}

/* A VMM may have it before it has anything else. */
TEST_F(guest_stage_fault_fd, of_an_empty_container)
{
	struct vfio_container empty;
	int fd;

	vfio_container_open(&empty, VFIO_TYPE1_NESTING_IOMMU);
	fd = guest_fault_fd(&empty, O_NONBLOCK);
	EXPECT_EQ(0, guest_faults_poll(fd, 0));
	vfio_container_close(&empty);
	EXPECT_EQ(POLLHUP, guest_faults_poll(fd, 0));
	EXPECT_EQ(0, __guest_faults_read(fd, self->faults, 1));
	close(fd);
}

/* Whether the device is bound before or after, and however often. */
TEST_F(guest_stage_fault_fd, before_the_bind)
{
	unsigned int i;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	for (i = 0; i < 3; i++) {
		guest_stage_unbind(&self->vmm.device);
		cause_faults(&self->vmm);
		EXPECT_EQ(0, guest_faults_drain(self->fd));
		guest_stage_translate(&self->vmm.device, &self->vmm.table);
		cause_faults(&self->vmm);
		EXPECT_EQ(TRANSFER, guest_faults_drain(self->fd));
	}
}

/* A bind that fails has changed nothing about it. */
TEST_F(guest_stage_fault_fd, failed_binds)
{
	struct iommu_guest_stage_config config;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	config = guest_stage_config(&self->vmm.device,
				    IOMMU_GUEST_STAGE_TRANSLATE, 1);
	EXPECT_EQ(-EINVAL, __guest_stage_bind(&self->vmm.device, &config));
	cause_faults(&self->vmm);
	EXPECT_EQ(TRANSFER, guest_faults_drain(self->fd));
	guest_stage_unbind(&self->vmm.device);
	EXPECT_EQ(-EINVAL, __guest_stage_bind(&self->vmm.device, &config));
	cause_faults(&self->vmm);
	EXPECT_EQ(0, guest_faults_drain(self->fd));
}

/* In every order: what was queued is read, then it ends. */
TEST_F(guest_stage_fault_fd, outlives_the_container)
{
	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	cause_faults(&self->vmm);
	vfio_container_close(&self->vmm.container);
	EXPECT_EQ(POLLIN, guest_faults_poll(self->fd, 0));
	cause_faults(&self->vmm);
	/* The group still has the container. */
	vfio_pci_device_close(&self->vmm.device);
	EXPECT_EQ(POLLIN | POLLHUP, guest_faults_poll(self->fd, 0));
	EXPECT_EQ(2 * TRANSFER, __guest_faults_read(self->fd, self->faults,
						    2 * TRANSFER));
	EXPECT_EQ(POLLHUP, guest_faults_poll(self->fd, 0));
	EXPECT_EQ(0, __guest_faults_read(self->fd, self->faults, 1));
	set_blocking(self->fd);
	EXPECT_EQ(0, __guest_faults_read(self->fd, self->faults, 1));
}

static void *close_container(void *arg)
{
	FIXTURE_DATA(guest_stage_fault_fd) * self = arg;

	usleep(50000);
	vmm_cleanup(&self->vmm);
	return NULL;
}

/* A reader that waits is told too. */
TEST_F(guest_stage_fault_fd, container_goes_while_read)
{
	pthread_t thread;

	set_blocking(self->fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_container, self));
	EXPECT_EQ(0, __guest_faults_read(self->fd, self->faults, 1));
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

/* Lines in which the kernel reports an event of the device, since the last call. */
static unsigned int reported_events(int kmsg, u16 sid)
{
	char record[1024], word[64];
	unsigned int num = 0;
	ssize_t len;

	snprintf(word, sizeof(word), "0x%08x", sid);
	while ((len = read(kmsg, record, sizeof(record) - 1)) > 0 ||
	       (len < 0 && errno == EPIPE)) {
		record[len < 0 ? 0 : len] = '\0';
		num += !!strstr(record, word);
	}
	return num;
}

/*
 * The events of a device without a reader are in the log, as raw as they are for all
 * devices. With a reader they are not.
 */
TEST_F(guest_stage_fault_fd, log)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	u16 sid = self->vmm.device.sid;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	if (kmsg < 0)
		SKIP(return, "no /dev/kmsg");
	/* The limit is for 5 seconds. */
	usleep(6000000);
	reported_events(kmsg, sid);
	cause_faults(&self->vmm);
	EXPECT_EQ(TRANSFER, guest_faults_drain(self->fd));
	EXPECT_EQ(0, reported_events(kmsg, sid));

	close(self->fd);
	self->fd = -1;
	cause_faults(&self->vmm);
	usleep(100000);
	EXPECT_EQ(10, reported_events(kmsg, sid));
	/* There is one for each device: those that aren't bound share another. */
	guest_stage_unbind(&self->vmm.device);
	cause_faults(&self->vmm);
	usleep(100000);
	EXPECT_EQ(10, reported_events(kmsg, sid));
	close(kmsg);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
