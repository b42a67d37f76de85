// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must not wait for the backend of the container, which is busy for as long as
 * userspace likes: it pins memory, or writes a bitmap of dirty pages, with its lock
 * held. A first bind waits for that lock, and nobody else may wait for the bind.
 */
#include <pthread.h>

#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

#define WINDOW_US	200000
#define PATIENCE_S	5

FIXTURE(guest_stage_busy)
{
	/* The container, with a device that isn't bound, and one that is. */
	struct vmm vmm;
	struct vfio_pci_device second;
	struct missing_page bitmap;
	pthread_t backend;
	pthread_t binder;
};

FIXTURE_SETUP(guest_stage_busy)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	if (__missing_page_init(&self->bitmap))
		SKIP(return, "no userfaultfd");
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	vfio_pci_device_open(&self->second, vfio_selftests_bdf(1),
			     &self->vmm.container);
	/* A mapping of the registers would keep the device open. */
	vfio_pci_device_unmap_bar0(&self->second);
	guest_stage_abort(&self->second);
}

FIXTURE_TEARDOWN(guest_stage_busy)
{
	vfio_pci_device_close(&self->second);
	vmm_cleanup(&self->vmm);
	missing_page_cleanup(&self->bitmap);
}

static void *thread_result(int ret)
{
	return (void *)(long)ret;
}

/* A page for the bits is more than this memory needs. */
static void *get_dirty_bitmap(void *arg)
{
	FIXTURE_DATA(guest_stage_busy) * self = arg;

	return thread_result(__vfio_dirty_bitmap(&self->vmm.container, self->vmm.ram.ipa,
						 self->vmm.ram.size, self->bitmap.page));
}

static void *bind_first(void *arg)
{
	FIXTURE_DATA(guest_stage_busy) * self = arg;

	return thread_result(__guest_stage_translate(&self->vmm.device,
						     &self->vmm.table));
}

static int join(pthread_t thread)
{
	void *ret;

	pthread_join(thread, &ret);
	return (long)ret;
}

/* Returns once a first bind waits for the backend: whether it does. */
static bool keep_busy(FIXTURE_DATA(guest_stage_busy) * self)
{
	VFIO_ASSERT(!pthread_create(&self->backend, NULL, get_dirty_bitmap, self),
		    "a thread");
	missing_page_wait(&self->bitmap);
	VFIO_ASSERT(!pthread_create(&self->binder, NULL, bind_first, self),
		    "a thread");
	usleep(WINDOW_US);
	return vmm_ste_is(&self->vmm, &state_stage2) &&
	       pthread_tryjoin_np(self->binder, NULL) == EBUSY;
}

/* Whether @fn comes back while the backend is busy; then that ends. */
static bool is_done_in_time(FIXTURE_DATA(guest_stage_busy) * self,
			    void *(*fn)(void *arg), int *ret)
{
	struct timespec deadline;
	pthread_t thread;
	void *result;
	bool done;

	VFIO_ASSERT(!pthread_create(&thread, NULL, fn, self), "a thread");
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += PATIENCE_S;
	done = !pthread_timedjoin_np(thread, &result, &deadline);
	missing_page_provide(&self->bitmap);
	if (!done)
		pthread_join(thread, &result);
	*ret = (long)result;
	return done;
}

/* With the lock of its device set held, which other containers may share. */
static void *close_second(void *arg)
{
	FIXTURE_DATA(guest_stage_busy) * self = arg;

	vfio_pci_device_put(&self->second);
	return thread_result(0);
}

static void *rebind_second(void *arg)
{
	FIXTURE_DATA(guest_stage_busy) * self = arg;
	struct iommu_guest_stage_config config =
		guest_stage_config(&self->second, IOMMU_GUEST_STAGE_BYPASS, 0);

	return thread_result(__guest_stage_bind(&self->second, &config));
}

static void *unbind_second(void *arg)
{
	FIXTURE_DATA(guest_stage_busy) * self = arg;

	return thread_result(__guest_stage_unbind(&self->second));
}

/* What a guest does all the time. */
static void *invalidate(void *arg)
{
	FIXTURE_DATA(guest_stage_busy) * self = arg;
	struct iommu_guest_command_smmuv3 cmds[] = {
		guest_cmd_cfgi_cd(self->second.vsid),
		guest_cmd_tlbi_asid(GUEST_ASID),
	};
	struct vfio_iommu_type1_invalidate_guest_stage done;

	return thread_result(__guest_commands(&self->vmm.container, cmds,
					      ARRAY_SIZE(cmds), &done));
}

FIXTURE_VARIANT(guest_stage_busy)
{
	void *(*call)(void *arg);
};

FIXTURE_VARIANT_ADD(guest_stage_busy, last_close)
{
	.call = close_second,
};

FIXTURE_VARIANT_ADD(guest_stage_busy, rebind)
{
	.call = rebind_second,
};

FIXTURE_VARIANT_ADD(guest_stage_busy, unbind)
{
	.call = unbind_second,
};

FIXTURE_VARIANT_ADD(guest_stage_busy, invalidation)
{
	.call = invalidate,
};

TEST_F(guest_stage_busy, is_not_waited_for)
{
	int ret;

	ASSERT_TRUE(keep_busy(self));
	EXPECT_TRUE(is_done_in_time(self, variant->call, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, join(self->backend));
	EXPECT_EQ(0, join(self->binder));
	EXPECT_TRUE(vmm_ste_is(&self->vmm, &state_translate));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
