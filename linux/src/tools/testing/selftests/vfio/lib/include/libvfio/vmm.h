/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_VMM_H
#define SELFTESTS_VFIO_LIBVFIO_VMM_H

#include <libvfio/container.h>
#include <libvfio/dma.h>
#include <libvfio/guest_ram.h>
#include <libvfio/guest_stage.h>
#include <libvfio/guest_table.h>
#include <libvfio/smmuv3.h>
#include <libvfio/vfio_pci_device.h>

/*
 * Where a guest's tables show guest memory: @ipa at GUEST_IOVA(@ipa). It isn't
 * guest memory itself, so an address taken for the other kind is blocked.
 */
#define GUEST_IOVA_BASE		0x1234500000ULL
#define GUEST_IOVA(ipa)		(GUEST_IOVA_BASE + (ipa))

/* Neither guest memory, nor where GUEST_IOVA() shows any. */
#define UNMAPPED_IPA		0x60000000ULL

/**
 * struct vmm - What a virtual machine monitor has, with one device
 * @container: Of the nesting type
 * @device: In state 2: attached, nothing bound
 * @ram: The guest's memory
 * @table: The guest's tables, which show @src and @dst
 * @src: A page to move data from
 * @dst: A page to move data to
 * @host_ste: The device's STE in state 1, if there is an oracle
 * @stage2_ste: The device's STE in state 2, if there is an oracle
 */
struct vmm {
	struct vfio_container container;
	struct vfio_pci_device device;
	struct guest_ram ram;
	struct guest_table table;
	struct dma_page src;
	struct dma_page dst;
	struct ste host_ste;
	struct ste stage2_ste;
};

#define GUEST_ASID	1

void vmm_init(struct vmm *vmm, const char *bdf);
/* A container of another type: what is called stage 2 above is then stage 1. */
void vmm_init_type(struct vmm *vmm, const char *bdf, unsigned long type);
void vmm_cleanup(struct vmm *vmm);

/* Close the device, 'd', the group, 'g', or the container, 'c'. */
void vmm_close_one(struct vmm *vmm, char which);

/* A page of guest memory that @table shows at GUEST_IOVA(). */
void guest_page_alloc(struct dma_page *page, struct guest_table *table);

/* Whether transfers in both directions arrive, by addresses of the one kind. */
bool vmm_dma_by_ipa(struct vmm *vmm);
bool vmm_dma_by_iova(struct vmm *vmm);

/**
 * struct guest_state - One of the states a device in a nesting container can be in
 * @name: Of the state
 * @enter: Go there from any other
 * @config: STE.Config
 * @by_ipa: Whether transfers by IPA arrive
 * @by_iova: Whether transfers by the guest's addresses arrive
 */
struct guest_state {
	const char *name;
	void (*enter)(struct vmm *vmm);
	u64 config;
	bool by_ipa;
	bool by_iova;
};

/* The address by which the device reaches @vmm's dst in @state, if it reaches it at all. */
u64 vmm_dst(struct vmm *vmm, const struct guest_state *state);

/*
 * Whether a new VMM's device works in state 2 and then in state 3, where it is left. True if
 * no driver makes it do DMA.
 */
bool vmm_works(struct vmm *vmm);

extern const struct guest_state state_stage2;
extern const struct guest_state state_abort;
extern const struct guest_state state_translate;
extern const struct guest_state state_bypass;
extern const struct guest_state state_unbound;

/* All of them, and how many. */
extern const struct guest_state *const guest_states[];
extern const unsigned int nr_guest_states;

/*
 * By transfers, whether the device is in @state. A transfer that shall arrive is
 * tried in both directions, one that shall not only from the device: see struct
 * dma_marker for the other. The device's buffer must not be empty.
 */
bool vmm_dma_is(struct vmm *vmm, const struct guest_state *state);

/* By its STE, whether the device is in @state. True if there is no oracle. */
bool vmm_ste_is(struct vmm *vmm, const struct guest_state *state);

/* The same for state 1, outside of any container: as it was before vmm_init(). */
bool vmm_ste_is_host(struct vmm *vmm);

#endif /* SELFTESTS_VFIO_LIBVFIO_VMM_H */
