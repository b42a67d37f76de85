// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's stage 1 on top of a nesting domain of the host
 *
 * The guest chooses pasid_bits, base_ptr and the fields of
 * struct iommu_guest_stage_smmuv3. All other fields of the STE belong to the
 * host, and are the same as in the STE of the nesting domain alone.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>

#include "arm-smmu-v3-guest-fault.h"
#include "arm-smmu-v3-guest-stage.h"
#include "arm-smmu-v3-guest-stall.h"

#define CREATE_TRACE_POINTS
#include "arm-smmu-v3-guest-stage-trace.h"

static bool allow_unsafe_guest_stage;
module_param_named_unsafe(allow_unsafe_guest_stage, allow_unsafe_guest_stage,
			  bool, 0644);
MODULE_PARM_DESC(allow_unsafe_guest_stage,
		 "Let guests have a stage 1 that can make their device's accesses incoherent with the CPU's caches.");

/**
 * arm_smmu_guest_stage_coherency() - What keeps a guest's DMA coherent
 * @master: the device
 *
 * A guest's stage 1 can make accesses of its device non-cacheable. Such an
 * access reads what was in memory before the host cleaned the page, and so gives
 * the guest data of others. If neither stage 2 nor the device rules that out,
 * the administrator has to vouch for the platform.
 *
 * Stage 2 is named first, because it also governs the fetches of the SMMU
 * itself, which CANWBS does not.
 *
 * Return: the first that holds
 */
enum iommu_guest_stage_coherency
arm_smmu_guest_stage_coherency(const struct arm_smmu_master *master)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(master->dev);

	KUNIT_STATIC_STUB_REDIRECT(arm_smmu_guest_stage_coherency, master);

	if (master->smmu->features & ARM_SMMU_FEAT_S2FWB)
		return IOMMU_GUEST_STAGE_COHERENCY_STAGE2;
	if (fwspec->flags & IOMMU_FWSPEC_PCI_RC_CANWBS)
		return IOMMU_GUEST_STAGE_COHERENCY_DEVICE;
	return READ_ONCE(allow_unsafe_guest_stage) ?
		       IOMMU_GUEST_STAGE_COHERENCY_VOUCHED :
		       IOMMU_GUEST_STAGE_COHERENCY_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_stage_coherency);

/* The size of the linear or first-level table, which S1ContextPtr is aligned to */
static u64 arm_smmu_guest_table_size(u8 s1fmt, u32 pasid_bits)
{
	u32 l2_bits;

	switch (s1fmt) {
	case STRTAB_STE_0_S1FMT_4K_L2:
		l2_bits = 6;
		break;
	case STRTAB_STE_0_S1FMT_64K_L2:
		l2_bits = 10;
		break;
	default:
		return sizeof(struct arm_smmu_cd) << pasid_bits;
	}

	if (pasid_bits <= l2_bits)
		return sizeof(struct arm_smmu_cdtab_l1);
	return sizeof(struct arm_smmu_cdtab_l1) << (pasid_bits - l2_bits);
}

/*
 * The hardware checks none of this: reserved values of S1Fmt and S1DSS act as 0,
 * and the effect of a misaligned table is CONSTRAINED UNPREDICTABLE (IHI 0070,
 * 5.2 Stream Table Entry). If there are no PASIDs, it ignores both fields.
 */
VISIBLE_IF_KUNIT
int arm_smmu_check_guest_table(const struct arm_smmu_master *master,
			       const struct iommu_domain *domain,
			       const struct iommu_guest_stage_config *cfg)
{
	const struct iommu_guest_stage_smmuv3 *s1 = &cfg->smmuv3;
	u8 s1fmt = cfg->pasid_bits ? s1->s1fmt : STRTAB_STE_0_S1FMT_LINEAR;
	u64 size;

	if (cfg->pasid_bits > master->ssid_bits)
		return -EINVAL;
	if (s1fmt > STRTAB_STE_0_S1FMT_64K_L2)
		return -EINVAL;
	if (s1fmt != STRTAB_STE_0_S1FMT_LINEAR &&
	    !(master->smmu->features & ARM_SMMU_FEAT_2_LVL_CDTAB))
		return -EINVAL;
	if (cfg->pasid_bits && s1->s1dss > STRTAB_STE_1_S1DSS_SSID0)
		return -EINVAL;

	/* S1ContextPtr has no bits [5:0] */
	size = max(arm_smmu_guest_table_size(s1fmt, cfg->pasid_bits), 64ULL);
	if (!IS_ALIGNED(cfg->base_ptr, size))
		return -EINVAL;
	if (cfg->base_ptr > domain->geometry.aperture_end ||
	    size - 1 > domain->geometry.aperture_end - cfg->base_ptr)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_check_guest_table);

static bool arm_smmu_sh_valid(u8 sh)
{
	return sh == ARM_SMMU_SH_NSH || sh == ARM_SMMU_SH_OSH ||
	       sh == ARM_SMMU_SH_ISH;
}

VISIBLE_IF_KUNIT
int arm_smmu_check_guest_ste(const struct arm_smmu_master *master,
			     const struct iommu_domain *domain,
			     const struct iommu_guest_stage_config *cfg)
{
	const struct iommu_guest_stage_smmuv3 *s1 = &cfg->smmuv3;

	if (cfg->format != IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3)
		return -EOPNOTSUPP;
	if (cfg->state != IOMMU_GUEST_STAGE_TRANSLATE)
		return 0;

	/* A guest's STE has no room for such values, even if they are ignored */
	if (s1->s1fmt > FIELD_MAX(STRTAB_STE_0_S1FMT) ||
	    s1->s1dss > FIELD_MAX(STRTAB_STE_1_S1DSS) ||
	    s1->s1cir > FIELD_MAX(STRTAB_STE_1_S1CIR) ||
	    s1->s1cor > FIELD_MAX(STRTAB_STE_1_S1COR) ||
	    !arm_smmu_sh_valid(s1->s1csh))
		return -EINVAL;

	/* S1STALLD = 1 is ILLEGAL for an SMMU without stalls */
	if ((s1->flags & IOMMU_GUEST_STAGE_SMMUV3_S1STALLD) &&
	    !(master->smmu->features & ARM_SMMU_FEAT_STALLS))
		return -EINVAL;

	return arm_smmu_check_guest_table(master, domain, cfg);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_check_guest_ste);

/*
 * S1STALLD = 1 makes the guest's CD.S = 1 ILLEGAL. The host sets it if nobody would
 * resume what the guest stalls. S1STALLD = 1 itself is ILLEGAL if the SMMU has no
 * stalls.
 */
static bool arm_smmu_guest_s1stalld(struct arm_smmu_master *master,
				    const struct iommu_guest_stage_smmuv3 *s1)
{
	if (!(master->smmu->features & ARM_SMMU_FEAT_STALLS))
		return false;
	return !(s1->flags & IOMMU_GUEST_STAGE_SMMUV3_STALL) ||
	       (s1->flags & IOMMU_GUEST_STAGE_SMMUV3_S1STALLD);
}

/*
 * Makes the STE for a configuration that arm_smmu_check_guest_ste() has passed. The
 * guest's pointer is an IPA, so Config never turns stage 1 on without stage 2.
 */
VISIBLE_IF_KUNIT
void arm_smmu_make_guest_ste(struct arm_smmu_ste *target,
			     struct arm_smmu_master *master,
			     struct arm_smmu_domain *smmu_domain,
			     const struct iommu_guest_stage_config *cfg)
{
	const struct iommu_guest_stage_smmuv3 *s1 = &cfg->smmuv3;
	bool eats = cfg->state == IOMMU_GUEST_STAGE_TRANSLATE &&
		    (s1->flags & IOMMU_GUEST_STAGE_SMMUV3_EATS);
	u8 s1fmt = cfg->pasid_bits ? s1->s1fmt : 0;
	u8 s1dss = cfg->pasid_bits ? s1->s1dss : 0;

	if (cfg->state == IOMMU_GUEST_STAGE_ABORT) {
		arm_smmu_make_abort_ste(target);
		return;
	}

	arm_smmu_make_s2_domain_ste(target, master, smmu_domain, eats);
	if (cfg->state == IOMMU_GUEST_STAGE_BYPASS)
		return;

	target->data[0] = cpu_to_le64(
		STRTAB_STE_0_V |
		FIELD_PREP(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_NESTED) |
		FIELD_PREP(STRTAB_STE_0_S1FMT, s1fmt) |
		(cfg->base_ptr & STRTAB_STE_0_S1CTXPTR_MASK) |
		FIELD_PREP(STRTAB_STE_0_S1CDMAX, cfg->pasid_bits));

	target->data[1] |= cpu_to_le64(
		FIELD_PREP(STRTAB_STE_1_S1DSS, s1dss) |
		FIELD_PREP(STRTAB_STE_1_S1CIR, s1->s1cir) |
		FIELD_PREP(STRTAB_STE_1_S1COR, s1->s1cor) |
		FIELD_PREP(STRTAB_STE_1_S1CSH, s1->s1csh) |
		(arm_smmu_guest_s1stalld(master, s1) ? STRTAB_STE_1_S1STALLD :
						       0));
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_make_guest_ste);

/*
 * Installs @ste, whose EATS is 1 only if arm_smmu_ats_supported(). The mutex of the
 * group keeps other changes of the device's STEs away. @unbind says that the
 * guest's tables are not in use any more.
 *
 * After an unbind, what the TLB holds of the guest's tables has to go before the ATC
 * is emptied or filled anew. Other guest stages of the domain have the same VMID.
 * They lose their TLB entries as well, and the SMMU walks their tables again.
 */
static void arm_smmu_install_guest_ste(struct arm_smmu_master *master,
				       struct arm_smmu_domain *smmu_domain,
				       const struct arm_smmu_ste *ste,
				       bool unbind)
{
	struct arm_smmu_attach_state state = {
		.master = master,
		.old_domain = &smmu_domain->domain,
		.same_domain = true,
		.ssid = IOMMU_NO_PASID,
		.no_ats = !arm_smmu_ste_has_ats(ste),
	};

	mutex_lock(&arm_smmu_asid_lock);
	if (master->ats_enabled)
		state.ste_breaks = arm_smmu_ste_breaks(master, ste);
	/* Needs no memory and can't fail, as the domain stays */
	arm_smmu_attach_prepare(&state, &smmu_domain->domain);
	arm_smmu_install_ste_for_dev(master, ste);
	trace_arm_smmu_guest_ste(master, ste);
	if (unbind)
		arm_smmu_tlb_inv_vmid_s1(master->smmu,
					 smmu_domain->s2_cfg.vmid);
	arm_smmu_attach_commit(&state);
	mutex_unlock(&arm_smmu_asid_lock);
}

/* Whether the host can provide the features that a valid guest may ask for */
static bool
arm_smmu_guest_stage_supported(struct arm_smmu_master *master,
			       const struct iommu_guest_stage_config *cfg)
{
	u32 flags = cfg->smmuv3.flags;

	if (cfg->state != IOMMU_GUEST_STAGE_TRANSLATE)
		return true;
	if ((flags & IOMMU_GUEST_STAGE_SMMUV3_EATS) &&
	    !arm_smmu_ats_supported(master))
		return false;
	return !(flags & IOMMU_GUEST_STAGE_SMMUV3_STALL) ||
	       arm_smmu_guest_can_stall(master);
}

/*
 * Lets the guest's transactions stall, if it asks for that and somebody reads its
 * faults. If they stop reading later, the event thread aborts what stalls.
 */
static int arm_smmu_guest_allow_stalls(struct arm_smmu_master *master,
				       struct iommu_guest_stage_config *cfg)
{
	if (cfg->state != IOMMU_GUEST_STAGE_TRANSLATE ||
	    !(cfg->smmuv3.flags & IOMMU_GUEST_STAGE_SMMUV3_STALL))
		return 0;
	if (iommu_guest_faults_are_read(master->dev))
		return arm_smmu_guest_alloc_stalls(master);
	cfg->smmuv3.flags &= ~IOMMU_GUEST_STAGE_SMMUV3_STALL;
	return 0;
}

/*
 * Prepares for events and stalls of the guest, before the guest's STE is installed. If
 * nobody reads the guest's faults, this clears STALL in @cfg, and the STE gets
 * S1STALLD = 1.
 */
VISIBLE_IF_KUNIT
int arm_smmu_guest_prepare(struct arm_smmu_master *master,
			   struct iommu_guest_stage_config *cfg,
			   enum iommu_guest_stage_coherency coherency)
{
	int ret;

	ret = arm_smmu_guest_allow_stalls(master, cfg);
	if (ret)
		return ret;
	/* CANWBS says nothing of what the SMMU itself fetches */
	ret = arm_smmu_guest_start_events(
		master, cfg->vsid,
		coherency != IOMMU_GUEST_STAGE_COHERENCY_DEVICE);
	/* That fails at the first bind only, before any transaction could stall */
	if (ret)
		arm_smmu_guest_free_stalls(master);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_prepare);

/**
 * arm_smmu_bind_guest_stage() - Bind a device, or change what it is bound to
 * @domain: the nesting domain that @dev is attached to
 * @dev: the device, with the mutex of its group held
 * @wanted: the guest's configuration. The core has checked what holds for every
 *	    IOMMU.
 *
 * Return: 0, or an error as described at iommu_bind_guest_stage(). @dev is then
 * what it was before.
 */
int arm_smmu_bind_guest_stage(struct iommu_domain *domain, struct device *dev,
			      const struct iommu_guest_stage_config *wanted)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	struct iommu_guest_stage_config granted = *wanted, *cfg = &granted;
	enum iommu_guest_stage_coherency coherency;
	struct arm_smmu_ste ste __uninitialized;
	int ret;

	iommu_group_mutex_assert(dev);

	/* Invalidations and faults name the device by its vSID */
	if (master->guest.bound && master->guest.vsid != cfg->vsid)
		return -EINVAL;
	if (!arm_smmu_guest_stage_supported(master, cfg))
		return -EOPNOTSUPP;
	ret = arm_smmu_check_guest_ste(master, domain, cfg);
	if (ret)
		return ret;
	coherency = arm_smmu_guest_stage_coherency(master);
	if (coherency == IOMMU_GUEST_STAGE_COHERENCY_NONE) {
		dev_warn_ratelimited(dev,
				     "A guest stage can make DMA incoherent on this platform. Use the module param \"allow_unsafe_guest_stage\" to enable it\n");
		return -EPERM;
	}

	ret = arm_smmu_guest_prepare(master, cfg, coherency);
	if (ret)
		return ret;

	arm_smmu_make_guest_ste(&ste, master, smmu_domain, cfg);
	arm_smmu_install_guest_ste(master, smmu_domain, &ste, false);
	if (cfg->state == IOMMU_GUEST_STAGE_ABORT)
		arm_smmu_guest_term_stalls(master,
					   arm_smmu_evtq_next(master->smmu));
	return 0;
}

/* CMD_STALL_TERM works only under an STE that lets nothing stall anew */
static void arm_smmu_guest_stage_end_stalls(struct arm_smmu_master *master,
					    struct arm_smmu_domain *smmu_domain)
{
	struct arm_smmu_ste ste;

	if (!master->guest.stalls)
		return;
	arm_smmu_make_abort_ste(&ste);
	arm_smmu_install_guest_ste(master, smmu_domain, &ste, false);
	arm_smmu_guest_term_stalls(master, arm_smmu_evtq_next(master->smmu));
}

/**
 * arm_smmu_unbind_guest_stage() - Have the nesting domain alone translate again
 * @domain: the nesting domain that @dev is bound on top of
 * @dev: the device, with the mutex of its group held
 */
void arm_smmu_unbind_guest_stage(struct iommu_domain *domain,
				 struct device *dev)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	struct arm_smmu_ste ste __uninitialized;

	iommu_group_mutex_assert(dev);

	arm_smmu_guest_stage_end_stalls(master, smmu_domain);

	arm_smmu_make_s2_domain_ste(&ste, master, smmu_domain,
				    arm_smmu_ats_supported(master));
	arm_smmu_install_guest_ste(master, smmu_domain, &ste, true);
	arm_smmu_guest_stop_events(master);
	arm_smmu_guest_free_stalls(master);
}
