// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest resets its device, or the VMM the bus, behind a virtual SMMU that stays as it
 * is: so what is bound stays bound, and the STE is the same, word for word.
 */
#include <linux/pci_regs.h>
#include <pthread.h>

#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

#define NR_RESETS	5

#define NVME_CC		0x14
#define NVME_CC_EN	BIT(0)

/* PCI_PM_CTRL_STATE_MASK */
#define D0		0
#define D3HOT		3

static u16 find_capability(struct vfio_pci_device *device, u8 id)
{
	u16 pos = vfio_pci_config_read(device, PCI_CAPABILITY_LIST) & 0xff;

	while (pos && (vfio_pci_config_read(device, pos) & 0xff) != id)
		pos = vfio_pci_config_read(device, pos) >> 8;
	VFIO_ASSERT(pos, "%s has no capability %#x", device->bdf, id);
	return pos;
}

static bool nvme_is_enabled(struct vfio_pci_device *device)
{
	return READ_ONCE(*(u32 *)(device->bar0 + NVME_CC)) & NVME_CC_EN;
}

/* A guest resets it so, without the VMM. VFIO doesn't say whether that was possible. */
static int reset_by_config(struct vfio_pci_device *device)
{
	u16 pos = find_capability(device, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL;
	u16 ctl = vfio_pci_config_read(device, pos);

	vfio_pci_config_write(device, pos, ctl | PCI_EXP_DEVCTL_BCR_FLR);
	return nvme_is_enabled(device) ? -EIO : 0;
}

FIXTURE(guest_stage_reset)
{
	struct vmm vmm;
	int (*reset)(struct vfio_pci_device *device);
};

FIXTURE_VARIANT(guest_stage_reset)
{
	const struct guest_state *state;
	int (*reset)(struct vfio_pci_device *device);
};

FIXTURE_VARIANT_ADD(guest_stage_reset, stage2_function)
{
	.state = &state_stage2,
	.reset = __vfio_pci_device_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, stage2_bus)
{
	.state = &state_stage2,
	.reset = __vfio_pci_device_hot_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, stage2_config)
{
	.state = &state_stage2,
	.reset = reset_by_config,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, abort_function)
{
	.state = &state_abort,
	.reset = __vfio_pci_device_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, abort_bus)
{
	.state = &state_abort,
	.reset = __vfio_pci_device_hot_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, abort_config)
{
	.state = &state_abort,
	.reset = reset_by_config,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, translate_function)
{
	.state = &state_translate,
	.reset = __vfio_pci_device_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, translate_bus)
{
	.state = &state_translate,
	.reset = __vfio_pci_device_hot_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, translate_config)
{
	.state = &state_translate,
	.reset = reset_by_config,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, bypass_function)
{
	.state = &state_bypass,
	.reset = __vfio_pci_device_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, bypass_bus)
{
	.state = &state_bypass,
	.reset = __vfio_pci_device_hot_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, bypass_config)
{
	.state = &state_bypass,
	.reset = reset_by_config,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, unbound_function)
{
	.state = &state_unbound,
	.reset = __vfio_pci_device_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, unbound_bus)
{
	.state = &state_unbound,
	.reset = __vfio_pci_device_hot_reset,
};

FIXTURE_VARIANT_ADD(guest_stage_reset, unbound_config)
{
	.state = &state_unbound,
	.reset = reset_by_config,
};

FIXTURE_SETUP(guest_stage_reset)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_KIND(return, "nvme");
	vmm_init(vmm, vfio_selftests_device("nvme"));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	ASSERT_TRUE(vfio_pci_device_can_reset(&vmm->device));
	EXPECT_TRUE(vmm_dma_by_ipa(vmm));
	variant->state->enter(vmm);
	self->reset = variant->reset;
}

FIXTURE_TEARDOWN(guest_stage_reset)
{
	vmm_cleanup(&self->vmm);
}

static bool is_bound(const struct guest_state *state)
{
	return state != &state_stage2 && state != &state_unbound;
}

TEST_F(guest_stage_reset, stays_bound)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	for (i = 0; i < NR_RESETS; i++) {
		EXPECT_EQ(0, self->reset(&vmm->device));
		EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	}
	EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
	EXPECT_EQ(is_bound(variant->state) ? 0 : -ENOENT,
		  __guest_stage_unbind(&vmm->device));
	EXPECT_TRUE(vmm_dma_is(vmm, &state_stage2));
}

/* The SMMU is told nothing, because what it has cached of the guest is as good as before. */
TEST_F(guest_stage_reset, no_commands)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_ORACLE(return);
	oracle_mark();
	EXPECT_EQ(0, self->reset(&vmm->device));
	EXPECT_EQ(0, oracle_count_commands("CFGI"));
	EXPECT_EQ(0, oracle_count_commands("TLBI"));
}

/* The transfers that were under way are over, and went nowhere else. */
TEST_F(guest_stage_reset, during_a_stream)
{
	struct vmm *vmm = &self->vmm;
	u64 addr = vmm_dst(vmm, variant->state);
	unsigned int i;

	for (i = 0; i < NR_RESETS; i++) {
		guest_ram_snapshot(&vmm->ram);
		dma_stream_start(&vmm->device, addr, GUEST_PAGE_SIZE,
				 DMA_STREAM_WRITE);
		if (i % 2)
			usleep(1);
		EXPECT_EQ(0, self->reset(&vmm->device));
		EXPECT_FALSE(dma_busy(&vmm->device));
		EXPECT_TRUE(guest_ram_kept_but(&vmm->ram, vmm->dst.ipa,
					       GUEST_PAGE_SIZE));
		EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	}
	EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
}

/* The host gives the device its interrupts back, at the same doorbell. */
TEST_F(guest_stage_reset, interrupts)
{
	bool reached = variant->state->by_ipa || variant->state->by_iova;
	struct iommu_guest_stage_info info;
	struct vmm *vmm = &self->vmm;
	struct vfio_pci_irqs irqs;
	u64 addr = vmm_dst(vmm, variant->state);

	guest_stage_info(&vmm->device, &info);
	guest_table_map(&vmm->table, info.msi_base, info.msi_base, info.msi_size,
			GUEST_WRITE);
	vfio_pci_irqs_enable(&irqs, &vmm->device, &vmm->dst);
	EXPECT_EQ(0, self->reset(&vmm->device));
	EXPECT_EQ(reached, vfio_pci_irq_send(&irqs, 0, addr));
	EXPECT_EQ(reached, vfio_pci_irq_arrives(&irqs, 0));
}

struct rebinder {
	struct vmm *vmm;
	bool stop;
	int error;
};

static void *rebind_until_told(void *arg)
{
	struct rebinder *rebinder = arg;
	struct vmm *vmm = rebinder->vmm;

	while (!READ_ONCE(rebinder->stop) && !rebinder->error)
		rebinder->error =
			__guest_stage_translate(&vmm->device, &vmm->table);
	return NULL;
}

TEST_F(guest_stage_reset, while_rebinding)
{
	struct rebinder rebinder = { &self->vmm };
	struct vmm *vmm = &self->vmm;
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, rebind_until_told, &rebinder));
	for (i = 0; i < NR_RESETS; i++)
		EXPECT_EQ(0, self->reset(&vmm->device));
	WRITE_ONCE(rebinder.stop, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, rebinder.error);
	guest_stage_translate(&vmm->device, &vmm->table);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_translate));
	EXPECT_TRUE(vmm_dma_is(vmm, &state_translate));
}

/* This is the first device, of whatever kind. The other tests have one that can do streams. */
FIXTURE(guest_stage_reset_first)
{
	struct vmm vmm;
};

FIXTURE_SETUP(guest_stage_reset_first)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DEVICES(return, 1);
	vmm_init(vmm, vfio_selftests_bdf(0));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	if (!vfio_pci_device_can_reset(&vmm->device) ||
	    __vfio_pci_device_hot_reset(&vmm->device))
		SKIP(return, "%s can't be reset, or not with its bus", vmm->device.bdf);
}

FIXTURE_TEARDOWN(guest_stage_reset_first)
{
	vmm_cleanup(&self->vmm);
}

/* A transfer is under way, which may be the only thing that goes on. */
static bool reset_during_transfer(struct vmm *vmm, const struct guest_state *state,
				  int (*reset)(struct vfio_pci_device *device))
{
	u64 addr = vmm_dst(vmm, state);

	state->enter(vmm);
	guest_ram_snapshot(&vmm->ram);
	dma_write_start(&vmm->device, addr, vmm->device.driver->buffer_size);
	if (reset(&vmm->device))
		return false;
	dma_wait(&vmm->device);
	return guest_ram_kept_but(&vmm->ram, vmm->dst.ipa, GUEST_PAGE_SIZE) &&
	       vmm_ste_is(vmm, state) && vmm_dma_is(vmm, state);
}

TEST_F(guest_stage_reset_first, stays_bound)
{
	unsigned int i;

	for (i = 0; i < nr_guest_states; i++) {
		EXPECT_TRUE(reset_during_transfer(&self->vmm, guest_states[i],
						  __vfio_pci_device_reset));
		EXPECT_TRUE(reset_during_transfer(&self->vmm, guest_states[i],
						  __vfio_pci_device_hot_reset));
	}
}

FIXTURE(guest_stage_sleep)
{
	struct vmm vmm;
	u16 pm_ctrl;
};

FIXTURE_SETUP(guest_stage_sleep)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_KIND(return, "nvme");
	vmm_init(vmm, vfio_selftests_device("nvme"));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	self->pm_ctrl = find_capability(&vmm->device, PCI_CAP_ID_PM) + PCI_PM_CTRL;
}

FIXTURE_TEARDOWN(guest_stage_sleep)
{
	vmm_cleanup(&self->vmm);
}

static void set_power_state(FIXTURE_DATA(guest_stage_sleep) * self, u16 state)
{
	struct vfio_pci_device *device = &self->vmm.device;
	u16 ctrl = vfio_pci_config_read(device, self->pm_ctrl);

	vfio_pci_config_write(device, self->pm_ctrl, (ctrl & ~PCI_PM_CTRL_STATE_MASK) | state);
	ctrl = vfio_pci_config_read(device, self->pm_ctrl);
	VFIO_ASSERT((ctrl & PCI_PM_CTRL_STATE_MASK) == state, "%s is in D%u", device->bdf,
		    ctrl & PCI_PM_CTRL_STATE_MASK);
}

/* A device that sleeps keeps what is bound, too. */
TEST_F(guest_stage_sleep, stays_bound)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	for (i = 0; i < nr_guest_states; i++) {
		guest_states[i]->enter(vmm);
		set_power_state(self, D3HOT);
		EXPECT_TRUE(vmm_ste_is(vmm, guest_states[i]));
		set_power_state(self, D0);
		EXPECT_TRUE(vmm_ste_is(vmm, guest_states[i]));
		EXPECT_TRUE(vmm_dma_is(vmm, guest_states[i]));
	}
}

/* What changes while the device sleeps counts when it wakes up. */
TEST_F(guest_stage_sleep, is_changed)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	for (i = 0; i < nr_guest_states; i++) {
		set_power_state(self, D3HOT);
		guest_states[i]->enter(vmm);
		EXPECT_TRUE(vmm_ste_is(vmm, guest_states[i]));
		set_power_state(self, D0);
		EXPECT_TRUE(vmm_dma_is(vmm, guest_states[i]));
	}
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
