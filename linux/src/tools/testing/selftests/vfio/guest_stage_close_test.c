// SPDX-License-Identifier: GPL-2.0-only
/*
 * Closing the device, its group and the container, in every order: the last close of
 * the device takes it from the guest, the last of the group takes it out of the
 * container. How the container itself is closed makes no difference.
 */
#include <libvfio/harness.h>

FIXTURE(guest_stage_close)
{
	struct vmm vmm;
};

FIXTURE_VARIANT(guest_stage_close)
{
	const char *kind;
	const struct guest_state *state;
};

FIXTURE_VARIANT_ADD(guest_stage_close, stage2)
{
	.state = &state_stage2,
};

FIXTURE_VARIANT_ADD(guest_stage_close, abort)
{
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_close, abort_nvme)
{
	.kind = "nvme",
	.state = &state_abort,
};

FIXTURE_VARIANT_ADD(guest_stage_close, translate)
{
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_close, translate_nvme)
{
	.kind = "nvme",
	.state = &state_translate,
};

FIXTURE_VARIANT_ADD(guest_stage_close, bypass)
{
	.state = &state_bypass,
};

FIXTURE_SETUP(guest_stage_close)
{
	SKIP_WITHOUT_KIND(return, variant->kind);
	vmm_init(&self->vmm, vfio_selftests_device(variant->kind));
	variant->state->enter(&self->vmm);
}

FIXTURE_TEARDOWN(guest_stage_close)
{
	vmm_cleanup(&self->vmm);
}

/* Whether the STE is what it shall be, by what is still open. */
static bool ste_is_right(struct vmm *vmm, const struct guest_state *bound)
{
	if (vmm->device.fd >= 0)
		return vmm_ste_is(vmm, bound);
	if (vmm->device.group_fd >= 0)
		return vmm_ste_is(vmm, &state_stage2);
	return vmm_ste_is_host(vmm);
}

TEST_F(guest_stage_close, every_order)
{
	static const char * const orders[] = {
		"dgc", "dcg", "gdc", "gcd", "cdg", "cgd",
	};
	struct vmm *vmm = &self->vmm;
	const char *which;
	unsigned int i;

	SKIP_WITHOUT_ORACLE(return);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (which = orders[i]; *which; which++) {
			vmm_close_one(vmm, *which);
			EXPECT_TRUE(ste_is_right(vmm, variant->state))
				TH_LOG("'%c' of '%s'", *which, orders[i]);
		}
		guest_ram_cleanup(&vmm->ram);
		vmm_init(vmm, vfio_selftests_device(variant->kind));
		variant->state->enter(vmm);
	}
}

/* Another descriptor for the same file: it wasn't the last close. */
TEST_F(guest_stage_close, duplicate_stays)
{
	struct vmm *vmm = &self->vmm;
	int other = dup(vmm->device.fd);

	ASSERT_LE(0, other);
	vfio_pci_device_put(&vmm->device);
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	close(other);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
}

/* A mapping of the device's registers keeps the device open. */
TEST_F(guest_stage_close, mapping_stays)
{
	struct vmm *vmm = &self->vmm;

	if (!vmm->device.bar0)
		SKIP(return, "no registers are mapped");
	close(vmm->device.fd);
	vmm->device.fd = -1;
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	vfio_pci_device_unmap_bar0(&vmm->device);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
}

/* Opened twice: two files, and the guest's until the last is closed. */
TEST_F(guest_stage_close, second_open)
{
	struct vmm *vmm = &self->vmm;
	struct vfio_pci_device second = vmm->device;

	second.fd = __vfio_group_get_device(vmm->device.group_fd,
					    vmm->device.bdf);
	ASSERT_LE(0, second.fd);
	vfio_pci_device_put(&vmm->device);
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	EXPECT_EQ(0, __guest_stage_translate(&second, &vmm->table));
	close(second.fd);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
}

/* After the last close the container still translates for the device. */
TEST_F(guest_stage_close, reopen)
{
	struct vmm *vmm = &self->vmm;

	vfio_pci_device_put(&vmm->device);
	vfio_pci_device_get(&vmm->device);
	EXPECT_TRUE(vmm_ste_is(vmm, &state_stage2));
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&vmm->device));
	vmm->device.vsid++;
	EXPECT_EQ(0, __guest_stage_translate(&vmm->device, &vmm->table));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	EXPECT_TRUE(vmm_dma_by_iova(vmm));
}

/* An open device keeps its group in the container, and the container alive. */
TEST_F(guest_stage_close, group_cannot_leave)
{
	struct vmm *vmm = &self->vmm;

	EXPECT_EQ(-EBUSY, __vfio_group_unset_container(vmm->device.group_fd));
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	vfio_pci_device_put(&vmm->device);
	EXPECT_EQ(0, __vfio_group_unset_container(vmm->device.group_fd));
	EXPECT_TRUE(vmm_ste_is_host(vmm));
}

/* Without the container's file there is nothing to ask, but DMA goes on. */
TEST_F(guest_stage_close, dma_without_container)
{
	struct vmm *vmm = &self->vmm;

	SKIP_WITHOUT_DMA(return, &vmm->device);
	if (variant->state->by_iova) {
		vfio_container_close(&vmm->container);
		vmm_close_one(vmm, 'g');
		EXPECT_TRUE(vmm_dma_by_iova(vmm));
		return;
	}
	EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
	vfio_container_close(&vmm->container);
	vmm_close_one(vmm, 'g');
	EXPECT_TRUE(vmm_dma_is(vmm, variant->state));
}

/* The group joins another container, which knows nothing of the first. */
TEST_F(guest_stage_close, next_container)
{
	struct vmm *vmm = &self->vmm;

	vmm_cleanup(vmm);
	vmm_init(vmm, vfio_selftests_device(variant->kind));
	EXPECT_EQ(-ENOENT, __guest_stage_unbind(&vmm->device));
	SKIP_WITHOUT_DMA(return, &vmm->device);
	EXPECT_TRUE(vmm_dma_by_ipa(vmm));
}

/* Every page that was pinned is given back, however the device was left. */
TEST_F(guest_stage_close, pinned_pages)
{
	struct vmm *vmm = &self->vmm;
	u64 locked = host_status_kb("VmLck");
	s64 pinned = host_pinned_pages();

	EXPECT_LE(vmm->ram.size / 1024, locked);
	vfio_pci_device_close(&vmm->device);
	vfio_container_close(&vmm->container);
	EXPECT_EQ(locked - vmm->ram.size / 1024, host_status_kb("VmLck"));
	EXPECT_GE(pinned - vmm->ram.size / getpagesize(), host_pinned_pages());
}

TEST_F(guest_stage_close, pinned_pages_of_an_unmap)
{
	struct vmm *vmm = &self->vmm;
	u64 locked = host_status_kb("VmLck");
	s64 pinned = host_pinned_pages();

	guest_ram_unmap(&vmm->ram);
	EXPECT_EQ(locked - vmm->ram.size / 1024, host_status_kb("VmLck"));
	EXPECT_EQ(pinned - vmm->ram.size / getpagesize(), host_pinned_pages());
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
}

/* Whatever a container takes, of VMIDs and of memory, it gives back. */
TEST_F(guest_stage_close, again_and_again)
{
	struct vmm *vmm = &self->vmm;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		vmm_cleanup(vmm);
		vmm_init(vmm, vfio_selftests_device(variant->kind));
		variant->state->enter(vmm);
	}
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
}

/* A guest resets its device behind a virtual SMMU that stays as it is. */
TEST_F(guest_stage_close, device_reset)
{
	struct vmm *vmm = &self->vmm;

	if (!vfio_pci_device_can_reset(&vmm->device))
		SKIP(return, "%s has no function-level reset", vmm->device.bdf);
	EXPECT_EQ(0, __vfio_pci_device_reset(&vmm->device));
	EXPECT_TRUE(vmm_ste_is(vmm, variant->state));
	EXPECT_EQ(variant->state == &state_stage2 ? -ENOENT : 0,
		  __guest_stage_unbind(&vmm->device));
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
