// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding while the device, the group or the memory goes away under it. What each
 * call returns depends on who is first. What counts is that the kernel survives, best
 * with KASAN and lockdep on, and that the device ends in the state of the last word.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include <libvfio/harness.h>

#define RACE_SECONDS	2
#define WINDOW_US	200000

static struct vmm vmm;
static bool stop;
static unsigned int bound;

/* Whether an error is what a call may meet when things go away under it. */
static bool is_expected(int error)
{
	return !error || error == -EBADF || error == -EINVAL ||
	       error == -ENODEV || error == -ENOENT;
}

/* Bind and unbind whatever is open, through descriptors that come and go. */
static void *bind_until_told(void *arg)
{
	long surprise = 0;

	while (!READ_ONCE(stop) && !surprise) {
		int ret = __guest_stage_translate(&vmm.device, &vmm.table);

		bound += !ret;
		if (is_expected(ret))
			ret = __guest_stage_unbind(&vmm.device);
		if (!is_expected(ret))
			surprise = ret;
	}
	return (void *)surprise;
}

static bool time_is_up(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec > RACE_SECONDS;
}

/* Do @disturb again and again while a thread binds. Returns what the thread met. */
static long race(void (*disturb)(void))
{
	struct timespec start;
	pthread_t thread;
	void *surprise;

	stop = false;
	VFIO_ASSERT(!pthread_create(&thread, NULL, bind_until_told, NULL),
		    "a thread");
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!time_is_up(&start))
		disturb();
	WRITE_ONCE(stop, true);
	pthread_join(thread, &surprise);
	return (long)surprise;
}

FIXTURE(guest_stage_race)
{
	int unused;
};

FIXTURE_SETUP(guest_stage_race)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(&vmm, vfio_selftests_bdf(0));
	/* A mapping of the registers would keep the device open. */
	vfio_pci_device_unmap_bar0(&vmm.device);
}

/* Whoever won: a clean device, that a new VMM can use. */
FIXTURE_TEARDOWN(guest_stage_race)
{
	vmm_cleanup(&vmm);
	EXPECT_TRUE(vmm_ste_is_host(&vmm));
	vmm_init(&vmm, vfio_selftests_bdf(0));
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&vmm.device));
	guest_stage_translate(&vmm.device, &vmm.table);
	if (vmm.device.driver)
		EXPECT_TRUE(vmm_dma_by_iova(&vmm));
	vmm_cleanup(&vmm);
}

static void reopen_device(void)
{
	close(vmm.device.fd);
	vmm.device.fd = __vfio_group_get_device(vmm.device.group_fd,
						vmm.device.bdf);
	VFIO_ASSERT(vmm.device.fd >= 0, "reopen the device: %d", vmm.device.fd);
}

TEST_F(guest_stage_race, with_the_device)
{
	EXPECT_EQ(0, race(reopen_device));
	EXPECT_NE(0, bound);
}

/* The container loses its last group, and with it all that it had, and gets another. */
static void reopen_group(void)
{
	int ret;

	close(vmm.device.fd);
	/* The thread's call may hold the device, and so its group, for a moment. */
	while (__vfio_group_unset_container(vmm.device.group_fd) == -EBUSY)
		sched_yield();
	ret = __vfio_group_set_container(vmm.device.group_fd, &vmm.container) ?:
	      __vfio_container_set_iommu(&vmm.container);
	VFIO_ASSERT(!ret, "the group, again: %d", ret);
	reopen_device();
}

TEST_F(guest_stage_race, with_the_group)
{
	EXPECT_EQ(0, race(reopen_group));
	EXPECT_NE(0, bound);
}

static void remap(void)
{
	guest_ram_unmap(&vmm.ram);
	guest_ram_map(&vmm.ram);
}

TEST_F(guest_stage_race, with_unmaps)
{
	EXPECT_EQ(0, race(remap));
	EXPECT_NE(0, bound);
}

static void bind_too(void)
{
	int ret = __guest_stage_translate(&vmm.device, &vmm.table);

	VFIO_ASSERT(is_expected(ret), "bind: %d", ret);
}

TEST_F(guest_stage_race, with_another_bind)
{
	EXPECT_EQ(0, race(bind_too));
	EXPECT_NE(0, bound);
}

/*
 * The same for sure and not by chance: a bind that stands still while the kernel reads
 * its argument, because the page it is in is missing until the test provides it.
 */
FIXTURE(guest_stage_held)
{
	struct missing_page arg;
	pthread_t binder;
	pthread_t closer;
};

FIXTURE_SETUP(guest_stage_held)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	if (__missing_page_init(&self->arg))
		SKIP(return, "no userfaultfd");
	vmm_init(&vmm, vfio_selftests_bdf(0));
	vfio_pci_device_unmap_bar0(&vmm.device);
}

FIXTURE_TEARDOWN(guest_stage_held)
{
	vmm_cleanup(&vmm);
	missing_page_cleanup(&self->arg);
	EXPECT_TRUE(vmm_ste_is_host(&vmm));
	vmm_init(&vmm, vfio_selftests_bdf(0));
	EXPECT_EQ(0, __guest_stage_translate(&vmm.device, &vmm.table));
	if (vmm.device.driver)
		EXPECT_TRUE(vmm_dma_by_iova(&vmm));
	vmm_cleanup(&vmm);
}

static void *bind_by_page(void *page)
{
	return (void *)(long)__guest_stage_bind_ioctl(&vmm.container, page);
}

/* Start a bind with that argument, and return once it stands still. */
static void hold(struct missing_page *missing, pthread_t *binder, void *arg)
{
	int ret = pthread_create(binder, NULL, bind_by_page, arg);

	VFIO_ASSERT(!ret, "a thread: %d", ret);
	missing_page_wait(missing);
}

/* Let it go on. Returns what it returns. */
static int release(struct missing_page *missing, pthread_t binder)
{
	void *ret;

	missing_page_provide(missing);
	pthread_join(binder, &ret);
	return (long)ret;
}

static void write_arg(void *page)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(&vmm.device, IOMMU_GUEST_STAGE_TRANSLATE,
				   vmm.table.cd);
	struct vfio_iommu_type1_bind_guest_stage arg =
		guest_stage_bind_arg(&vmm.device, &config);

	memcpy(page, &arg, sizeof(arg));
}

TEST_F(guest_stage_held, nothing_changes)
{
	write_arg(self->arg.copy);
	hold(&self->arg, &self->binder, self->arg.page);
	EXPECT_EQ(0, release(&self->arg, self->binder));
	EXPECT_TRUE(vmm_ste_is(&vmm, &state_translate));
}

static void *close_all(void *arg)
{
	close(vmm.device.fd);
	close(vmm.device.group_fd);
	return NULL;
}

/* Depending on what the bind holds by then, the closing waits for it or not. */
TEST_F(guest_stage_held, all_is_closed)
{
	int ret;

	write_arg(self->arg.copy);
	hold(&self->arg, &self->binder, self->arg.page);
	ASSERT_EQ(0, pthread_create(&self->closer, NULL, close_all, NULL));
	usleep(WINDOW_US);
	ret = release(&self->arg, self->binder);
	pthread_join(self->closer, NULL);
	vmm.device.fd = -1;
	vmm.device.group_fd = -1;
	EXPECT_TRUE(is_expected(ret));
	EXPECT_TRUE(vmm_ste_is_host(&vmm));
}

static void *replace_all(void *arg)
{
	int fd = vmm.device.fd, group = vmm.device.group_fd;

	close(fd);
	close(group);
	vfio_pci_device_attach(&vmm.device, vfio_selftests_bdf(0), &vmm.container);
	vfio_container_set_iommu(&vmm.container);
	vfio_pci_device_get(&vmm.device);
	vfio_pci_device_unmap_bar0(&vmm.device);
	if (vmm.device.fd != fd) {
		dup2(vmm.device.fd, fd);
		close(vmm.device.fd);
		vmm.device.fd = fd;
	}
	return NULL;
}

/* Of a container that was made anew: its stage 2 may be anywhere. */
static unsigned int config_now(void)
{
	struct ste ste;

	oracle_ste(vmm.device.sid, &ste);
	return ste_config(&ste);
}

/*
 * The argument names a device of this container again, but all that the container
 * had when the bind began is gone and made anew.
 */
TEST_F(guest_stage_held, all_is_replaced)
{
	int ret;

	write_arg(self->arg.copy);
	hold(&self->arg, &self->binder, self->arg.page);
	ASSERT_EQ(0, pthread_create(&self->closer, NULL, replace_all, NULL));
	usleep(WINDOW_US);
	ret = release(&self->arg, self->binder);
	pthread_join(self->closer, NULL);
	EXPECT_TRUE(is_expected(ret));
	SKIP_WITHOUT_ORACLE(return);
	/* On a busy machine the bind can still come before the closing. */
	if (ret || config_now() != STE_CONFIG_NESTED)
		EXPECT_EQ(STE_CONFIG_S2_TRANS, config_now());
}

/* The descriptor is a device's when the call begins, and no more when it is used. */
TEST_F(guest_stage_held, descriptor_is_replaced)
{
	int other;

	write_arg(self->arg.copy);
	hold(&self->arg, &self->binder, self->arg.page);
	other = dup(vmm.device.fd);
	ASSERT_EQ(vmm.device.fd, dup2(vmm.container.fd, vmm.device.fd));
	EXPECT_EQ(-EINVAL, release(&self->arg, self->binder));
	EXPECT_EQ(vmm.device.fd, dup2(other, vmm.device.fd));
	close(other);
	EXPECT_TRUE(vmm_ste_is(&vmm, &state_stage2));
}

/* The end of the argument is in the page that is missing, all before it is not. */
static struct vfio_iommu_type1_bind_guest_stage *
write_split_arg(void *missing, void *copy)
{
	size_t head = offsetof(struct vfio_iommu_type1_bind_guest_stage,
			       config.smmuv3);
	struct vfio_iommu_type1_bind_guest_stage *arg = missing - head;

	write_arg(copy);
	memcpy(arg, copy, head);
	memmove(copy, copy + head, sizeof(*arg) - head);
	return arg;
}

/* What was checked is what is used: sizes that change later make no difference. */
TEST_F(guest_stage_held, argument_changes)
{
	struct vfio_iommu_type1_bind_guest_stage *arg;

	arg = write_split_arg(self->arg.page, self->arg.copy);
	hold(&self->arg, &self->binder, arg);
	arg->argsz = ~0U;
	arg->config.argsz = ~0U;
	EXPECT_EQ(0, release(&self->arg, self->binder));
	EXPECT_TRUE(vmm_ste_is(&vmm, &state_translate));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
