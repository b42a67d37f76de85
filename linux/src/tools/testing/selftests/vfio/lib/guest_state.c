// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

#include <libvfio/assert.h>
#include <libvfio/oracle.h>
#include <libvfio/vmm.h>

static void enter_stage2(struct vmm *vmm)
{
	int ret = __guest_stage_unbind(&vmm->device);

	VFIO_ASSERT(!ret || ret == -ENOENT, "unbind: %d", ret);
}

static void enter_abort(struct vmm *vmm)
{
	guest_stage_abort(&vmm->device);
}

static void enter_translate(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
}

static void enter_bypass(struct vmm *vmm)
{
	guest_stage_bypass(&vmm->device);
}

static void enter_unbound(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	guest_stage_unbind(&vmm->device);
}

const struct guest_state state_stage2 = {
	.name = "2, nothing bound",
	.enter = enter_stage2,
	.config = STE_CONFIG_S2_TRANS,
	.by_ipa = true,
};

const struct guest_state state_abort = {
	.name = "2a, ABORT",
	.enter = enter_abort,
	.config = STE_CONFIG_ABORT,
};

const struct guest_state state_translate = {
	.name = "3, TRANSLATE",
	.enter = enter_translate,
	.config = STE_CONFIG_NESTED,
	.by_iova = true,
};

const struct guest_state state_bypass = {
	.name = "3b, BYPASS",
	.enter = enter_bypass,
	.config = STE_CONFIG_S2_TRANS,
	.by_ipa = true,
};

const struct guest_state state_unbound = {
	.name = "4, unbound",
	.enter = enter_unbound,
	.config = STE_CONFIG_S2_TRANS,
	.by_ipa = true,
};

const struct guest_state *const guest_states[] = {
	&state_stage2,
	&state_abort,
	&state_translate,
	&state_bypass,
	&state_unbound,
};

const unsigned int nr_guest_states = ARRAY_SIZE(guest_states);

static bool write_blocked(struct vmm *vmm, u64 addr)
{
	return dma_write_blocked(&vmm->device, &vmm->ram, addr);
}

bool vmm_dma_is(struct vmm *vmm, const struct guest_state *state)
{
	bool ipa_ok = state->by_ipa ? vmm_dma_by_ipa(vmm) :
				      write_blocked(vmm, vmm->dst.ipa);
	bool iova_ok = state->by_iova ? vmm_dma_by_iova(vmm) :
					write_blocked(vmm, vmm->dst.iova);

	return ipa_ok && iova_ok;
}

static bool ste_is(struct vmm *vmm, const struct ste *expected)
{
	struct ste ste;

	if (!oracle_present())
		return true;
	oracle_ste(vmm->device.sid, &ste);
	return !memcmp(&ste, expected, sizeof(ste));
}

bool vmm_ste_is_host(struct vmm *vmm)
{
	return ste_is(vmm, &vmm->host_ste);
}

static struct ste abort_ste(void)
{
	return (struct ste) { .data[0] = STE_0_V };
}

/* A guest that doesn't ask for ATS has none, also where the host had it on. */
static struct ste stage2_ste_without_ats(struct vmm *vmm)
{
	struct ste ste = vmm->stage2_ste;

	ste.data[1] &= ~STE_1_EATS;
	return ste;
}

/* What belongs to the host, in all but the first quad-word, is as in state 2. */
static struct ste nested_ste(struct vmm *vmm)
{
	struct ste ste = stage2_ste_without_ats(vmm);

	ste.data[0] = STE_0_V | vmm->table.cd |
		      FIELD_PREP(STE_0_CONFIG, STE_CONFIG_NESTED);
	ste.data[1] |= FIELD_PREP(STE_1_S1CIR, S1C_WRITE_BACK) |
		       FIELD_PREP(STE_1_S1COR, S1C_WRITE_BACK) |
		       FIELD_PREP(STE_1_S1CSH, S1CSH_INNER);
	return ste;
}

bool vmm_ste_is(struct vmm *vmm, const struct guest_state *state)
{
	struct ste ste = vmm->stage2_ste;

	if (state->config == STE_CONFIG_ABORT)
		ste = abort_ste();
	else if (state->config == STE_CONFIG_NESTED)
		ste = nested_ste(vmm);
	else if (state == &state_bypass)
		ste = stage2_ste_without_ats(vmm);
	return ste_is(vmm, &ste);
}
