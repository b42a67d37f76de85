// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device is taken from vfio-pci, or off the bus, while a VMM has it. The kernel asks the
 * VMM for the device, and waits. Until the VMM lets go of the device, or is gone, the device
 * stays bound as it is. Then nothing is left of that, and the device can be used again.
 */
#include <libvfio/harness.h>

struct order {
	struct vmm *vmm;
	const struct guest_state *state;
	const char *bdf;
	bool (*take_away)(const char *bdf);
};

FIXTURE(guest_stage_remove)
{
	/* A child has it in some of the tests: the memory is shared. */
	struct vmm *vmm;
	struct order order;
	struct child vmm_child;
	struct child child;
	s64 pinned;
};

FIXTURE_VARIANT(guest_stage_remove)
{
	const char *kind;
	const struct guest_state *state;
	bool (*take_away)(const char *bdf);
};

/* An edu's driver and an NVMe controller are taken away in every state. */
FIXTURE_VARIANT_ADD(guest_stage_remove, driver_stage2)
{
	.state = &state_stage2, .take_away = host_device_release,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, driver_abort)
{
	.state = &state_abort, .take_away = host_device_release,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, driver_translate)
{
	.state = &state_translate,
	.take_away = host_device_release,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, driver_translate_nvme)
{
	.kind = "nvme",
	.state = &state_translate,
	.take_away = host_device_release,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, driver_bypass)
{
	.state = &state_bypass, .take_away = host_device_release,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, device_stage2_nvme)
{
	.kind = "nvme", .state = &state_stage2, .take_away = host_device_remove,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, device_abort_nvme)
{
	.kind = "nvme", .state = &state_abort, .take_away = host_device_remove,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, device_translate)
{
	.state = &state_translate,
	.take_away = host_device_remove,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, device_translate_nvme)
{
	.kind = "nvme",
	.state = &state_translate,
	.take_away = host_device_remove,
};

FIXTURE_VARIANT_ADD(guest_stage_remove, device_bypass_nvme)
{
	.kind = "nvme", .state = &state_bypass, .take_away = host_device_remove,
};

FIXTURE_SETUP(guest_stage_remove)
{
	SKIP_WITHOUT_KIND(return, variant->kind);
	self->vmm = child_shared(sizeof(*self->vmm));
	self->order.vmm = self->vmm;
	self->order.state = variant->state;
	self->order.take_away = variant->take_away;
	self->order.bdf = vfio_selftests_device(variant->kind);
	self->pinned = host_pinned_pages();
	/* Test and children have one connection, which is made before a child asks. */
	oracle_present();
}

/* The next VMM finds the device as if there had been none before. */
FIXTURE_TEARDOWN(guest_stage_remove)
{
	struct vmm *vmm = self->vmm;

	EXPECT_EQ(self->pinned, host_pinned_pages());
	host_devices_rescan();
	host_device_take(self->order.bdf);
	vmm_init(vmm, self->order.bdf);
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&vmm->device));
	EXPECT_TRUE(vmm_works(vmm));
	vmm_cleanup(vmm);
}

static void start_vmm(struct order *order)
{
	struct vmm *vmm = order->vmm;

	vmm_init(vmm, order->bdf);
	if (vmm->device.driver) {
		dma_wait(&vmm->device);
		VFIO_ASSERT(vmm_dma_by_ipa(vmm), "DMA in state 2");
	}
	order->state->enter(vmm);
}

static void start_transfer(struct order *order)
{
	struct vmm *vmm = order->vmm;

	if (vmm->device.driver)
		dma_write_start(&vmm->device, vmm_dst(vmm, order->state), DMA_SIZE);
}

/* The child closes the files that it inherited, which would keep the device open. */
static void take_away(struct child *child, void *arg)
{
	struct order *order = arg;
	struct vmm own = *order->vmm;

	if (own.device.container) {
		vfio_pci_device_close(&own.device);
		vfio_container_close(&own.container);
	}
	child_ready(child);
	if (!order->take_away(order->bdf))
		_exit(1);
}

/* Where there is no device, the SMMU lets nothing through. */
static bool ste_is_of_nobody(struct vmm *vmm)
{
	struct ste ste;

	if (!oracle_present())
		return true;
	oracle_ste(vmm->device.sid, &ste);
	return ste_config(&ste) == STE_CONFIG_ABORT;
}

static bool is_gone(struct order *order)
{
	if (order->take_away == host_device_remove)
		return !host_device_is_present(order->bdf) &&
		       ste_is_of_nobody(order->vmm);
	return !host_device_is_taken(order->bdf) && vmm_ste_is_host(order->vmm);
}

/* Start a VMM, and have the kernel ask it for the device. */
static bool start_and_ask(struct order *order, struct child *child)
{
	struct vmm *vmm = order->vmm;
	bool asked;
	int fd;

	start_vmm(order);
	fd = vfio_pci_device_request_eventfd(&vmm->device);
	child_start(child, take_away, order);
	child_wait_ready(child);
	asked = host_device_is_asked_for(fd);
	close(fd);
	return asked;
}

TEST_F(guest_stage_remove, given_back)
{
	struct vmm *vmm = self->vmm;

	EXPECT_TRUE(start_and_ask(&self->order, &self->child));
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	if (vmm->device.driver)
		EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
	start_transfer(&self->order);
	vmm_cleanup(vmm);
	EXPECT_TRUE(child_wait(&self->child));
	EXPECT_TRUE(is_gone(&self->order));
}

/* Closing the device is enough: the group leaves the container with its last device. */
TEST_F(guest_stage_remove, only_the_device_is_closed)
{
	struct vmm *vmm = self->vmm;

	EXPECT_TRUE(start_and_ask(&self->order, &self->child));
	start_transfer(&self->order);
	vfio_pci_device_put(&vmm->device);
	EXPECT_TRUE(child_wait(&self->child));
	EXPECT_TRUE(is_gone(&self->order));
	EXPECT_EQ(self->pinned, host_pinned_pages());
	vmm_cleanup(vmm);
}

static void start_and_stay(struct child *child, void *arg)
{
	struct order *order = arg;

	start_vmm(order);
	start_transfer(order);
	child_ready(child);
	pause();
}

/* This VMM doesn't listen. */
TEST_F(guest_stage_remove, vmm_is_killed)
{
	child_start(&self->vmm_child, start_and_stay, &self->order);
	child_wait_ready(&self->vmm_child);
	/* The other child has the files, so this one has none to close. */
	self->vmm->device.container = NULL;
	child_start(&self->child, take_away, &self->order);
	child_wait_ready(&self->child);
	usleep(10000);
	EXPECT_TRUE(vmm_ste_is(self->vmm, variant->state));
	EXPECT_TRUE(host_device_is_present(self->order.bdf));
	child_kill(&self->vmm_child);
	EXPECT_TRUE(child_wait(&self->child));
	EXPECT_TRUE(is_gone(&self->order));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
