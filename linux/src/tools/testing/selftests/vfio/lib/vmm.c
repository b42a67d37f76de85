// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include <libvfio/oracle.h>
#include <libvfio/vmm.h>

static void remember_ste(u16 sid, struct ste *ste)
{
	if (oracle_present())
		oracle_ste(sid, ste);
}

void guest_page_alloc(struct dma_page *page, struct guest_table *table)
{
	page->ipa = guest_ram_alloc(table->ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	page->iova = GUEST_IOVA(page->ipa);
	page->vaddr = guest_ram_ptr(table->ram, page->ipa);
	guest_table_map(table, page->iova, page->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
}

void vmm_init_type(struct vmm *vmm, const char *bdf, unsigned long type)
{
	remember_ste(pci_requester_id(bdf), &vmm->host_ste);
	vfio_container_open(&vmm->container, type);
	vfio_pci_device_open(&vmm->device, bdf, &vmm->container);
	remember_ste(vmm->device.sid, &vmm->stage2_ste);
	guest_ram_init(&vmm->ram, &vmm->container, GUEST_RAM_IPA,
		       GUEST_RAM_SIZE);
	guest_table_init(&vmm->table, &vmm->ram, GUEST_ASID);
	guest_page_alloc(&vmm->src, &vmm->table);
	guest_page_alloc(&vmm->dst, &vmm->table);
}

void vmm_init(struct vmm *vmm, const char *bdf)
{
	vmm_init_type(vmm, bdf, VFIO_TYPE1_NESTING_IOMMU);
}

void vmm_cleanup(struct vmm *vmm)
{
	vfio_pci_device_close(&vmm->device);
	vfio_container_close(&vmm->container);
	guest_ram_cleanup(&vmm->ram);
}

void vmm_close_one(struct vmm *vmm, char which)
{
	switch (which) {
	case 'd':
		vfio_pci_device_put(&vmm->device);
		break;
	case 'g':
		close(vmm->device.group_fd);
		vmm->device.group_fd = -1;
		break;
	case 'c':
		vfio_container_close(&vmm->container);
		break;
	}
}

bool vmm_dma_by_ipa(struct vmm *vmm)
{
	return dma_arrives(&vmm->device, &vmm->ram, &vmm->src, vmm->src.ipa,
			   &vmm->dst, vmm->dst.ipa);
}

bool vmm_dma_by_iova(struct vmm *vmm)
{
	return dma_arrives(&vmm->device, &vmm->ram, &vmm->src, vmm->src.iova,
			   &vmm->dst, vmm->dst.iova);
}

u64 vmm_dst(struct vmm *vmm, const struct guest_state *state)
{
	return state->by_iova ? vmm->dst.iova : vmm->dst.ipa;
}

bool vmm_works(struct vmm *vmm)
{
	bool right;

	if (!vmm->device.driver)
		return true;
	dma_wait(&vmm->device);
	right = vmm_dma_by_ipa(vmm);
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm_dma_by_iova(vmm) && right;
}
