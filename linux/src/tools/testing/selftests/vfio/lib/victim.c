// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include <libvfio/dma.h>
#include <libvfio/victim.h>

static void start(struct victim *victim)
{
	vmm_init(victim->vmm, victim->bdf);
	victim->state->enter(victim->vmm);
}

void victim_start_transfer(struct victim *victim)
{
	struct vmm *vmm = victim->vmm;

	start(victim);
	if (!vmm->device.driver)
		return;
	/* If the device can't be reset, the VMM before may have left a transfer. */
	dma_wait(&vmm->device);
	dma_write_start(&vmm->device, vmm_dst(vmm, victim->state), DMA_SIZE);
}

static void stay(struct child *child)
{
	child_ready(child);
	pause();
}

void victim_stay(struct child *child, void *victim)
{
	start(victim);
	stay(child);
}

void victim_stay_with_transfer(struct child *child, void *victim)
{
	victim_start_transfer(victim);
	stay(child);
}
