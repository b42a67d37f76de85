// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's stage 1 on top of a nesting domain of the host
 *
 * The guest chooses the fields of struct iommu_guest_stage_smmuv3 and its
 * companions, nothing else. All others of the STE are the host's, and are those
 * of the nesting domain's own STE.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>

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

/*
 * A guest's stage 1 can make accesses of its device non-cacheable. They would
 * then read what was in memory before the host cleaned a page, and hand the
 * guest data that aren't its own. If neither the device nor stage 2 rules that
 * out, the administrator has to vouch for the platform.
 */
enum iommu_guest_stage_coherency
arm_smmu_guest_stage_coherency(const struct arm_smmu_master *master)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(master->dev);

	KUNIT_STATIC_STUB_REDIRECT(arm_smmu_guest_stage_coherency, master);

	if (fwspec->flags & IOMMU_FWSPEC_PCI_RC_CANWBS)
		return IOMMU_GUEST_STAGE_COHERENCY_DEVICE;
	if (master->smmu->features & ARM_SMMU_FEAT_S2FWB)
		return IOMMU_GUEST_STAGE_COHERENCY_STAGE2;
	return READ_ONCE(allow_unsafe_guest_stage) ?
		       IOMMU_GUEST_STAGE_COHERENCY_VOUCHED :
		       IOMMU_GUEST_STAGE_COHERENCY_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_guest_stage_coherency);

/* The bytes that S1ContextPtr must be aligned to, of either table format */
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
 * The hardware doesn't catch any of these: reserved values of S1Fmt and S1DSS
 * act as 0, and what a misaligned table does is CONSTRAINED UNPREDICTABLE (IHI
 * 0070, 5.2 Stream Table Entry). Without PASIDs it ignores both fields.
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

	/* No guest can write what the field has no room for, ignored or not */
	if (s1->s1fmt > FIELD_MAX(STRTAB_STE_0_S1FMT) ||
	    s1->s1dss > FIELD_MAX(STRTAB_STE_1_S1DSS) ||
	    s1->s1cir > FIELD_MAX(STRTAB_STE_1_S1CIR) ||
	    s1->s1cor > FIELD_MAX(STRTAB_STE_1_S1COR) ||
	    !arm_smmu_sh_valid(s1->s1csh))
		return -EINVAL;

	/* ILLEGAL where the stall model can't be configured */
	if ((s1->flags & IOMMU_GUEST_STAGE_SMMUV3_S1STALLD) &&
	    !(master->smmu->features & ARM_SMMU_FEAT_STALLS))
		return -EINVAL;

	return arm_smmu_check_guest_table(master, domain, cfg);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_check_guest_ste);

/*
 * A guest whose stalls nobody would resume doesn't get any: its CD.S = 1 is ILLEGAL.
 * With an SMMU that has no stalls S1STALLD = 1 is.
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
 * The STE of a device with a guest stage, given by a configuration that
 * arm_smmu_check_guest_ste() has passed. The guest's pointer is an IPA, so
 * Config never says stage 1 without stage 2.
 */
VISIBLE_IF_KUNIT
void arm_smmu_make_guest_ste(struct arm_smmu_ste *target,
			     struct arm_smmu_master *master,
			     struct arm_smmu_domain *smmu_domain,
			     const struct iommu_guest_stage_config *cfg,
			     bool ats_enabled)
{
	const struct iommu_guest_stage_smmuv3 *s1 = &cfg->smmuv3;
	u8 s1fmt = cfg->pasid_bits ? s1->s1fmt : 0;
	u8 s1dss = cfg->pasid_bits ? s1->s1dss : 0;

	if (cfg->state == IOMMU_GUEST_STAGE_ABORT) {
		arm_smmu_make_abort_ste(target);
		return;
	}

	arm_smmu_make_s2_domain_ste(target, master, smmu_domain, ats_enabled);
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

/* Whether the entry writer needs V = 0: a new pointer along with new attributes */
static bool arm_smmu_guest_rebind_breaks(struct arm_smmu_master *master,
					 const struct arm_smmu_ste *ste)
{
	const struct arm_smmu_ste *cur =
		arm_smmu_get_step_for_sid(master->smmu, master->streams[0].id);

	return master->ste_nested &&
	       FIELD_GET(STRTAB_STE_0_CFG, le64_to_cpu(ste->data[0])) ==
		       STRTAB_STE_0_CFG_NESTED &&
	       cur->data[0] != ste->data[0] && cur->data[1] != ste->data[1];
}

/*
 * PCI ATS is never on while STE.EATS is off or the STE is invalid: a translation
 * request would be answered with an error. nr_ats_masters and
 * master->ats_enabled are set before a translation can enter the ATC, and reset
 * after the last is gone, so that no unmap in between skips an ATC_INV.
 *
 * The group's mutex keeps all of it together. arm_smmu_asid_lock, which each
 * SMMU's attach and SVA wait for, has nothing to protect here: no ASID of the
 * host is in use.
 */
static void arm_smmu_install_guest_ste(struct arm_smmu_master *master,
				       struct arm_smmu_domain *smmu_domain,
				       const struct arm_smmu_ste *ste,
				       bool ats_enabled, bool unbind)
{
	bool ats_was_enabled = master->ats_enabled;
	bool was_nested = master->ste_nested;
	bool ats_paused = ats_was_enabled &&
			  (!ats_enabled ||
			   arm_smmu_guest_rebind_breaks(master, ste));

	if (ats_enabled && !ats_was_enabled) {
		atomic_inc(&smmu_domain->nr_ats_masters);
		master->ats_enabled = true;
	}
	if (ats_paused) {
		/* Unless the device refused to enable it */
		if (to_pci_dev(master->dev)->ats_enabled)
			pci_disable_ats(to_pci_dev(master->dev));
		/* See arm_smmu_attach_prepare() */
		wmb();
	}

	arm_smmu_install_ste_for_dev(master, ste);
	trace_arm_smmu_guest_ste(master, ste);

	/*
	 * Before the ATC is emptied or filled anew. Other guest stages of the
	 * domain share the VMID: they just walk again.
	 */
	if (unbind)
		arm_smmu_tlb_inv_vmid_s1(master->smmu,
					 smmu_domain->s2_cfg.vmid);

	if (ats_enabled && (!ats_was_enabled || ats_paused))
		/* This empties the ATC first */
		arm_smmu_enable_ats(master);
	else if (ats_paused ||
		 (ats_was_enabled && !(was_nested && master->ste_nested)))
		/* From one guest table to another that is for the guest to do */
		arm_smmu_atc_inv_master(master, IOMMU_NO_PASID);

	if (!ats_enabled && ats_was_enabled) {
		master->ats_enabled = false;
		atomic_dec(&smmu_domain->nr_ats_masters);
	}
}

/* Features that a valid guest may want, and that the host hasn't got for it */
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

static void arm_smmu_terminate_guest_stalls(struct arm_smmu_master *master)
{
	arm_smmu_guest_stalls_terminate(master,
					arm_smmu_evtq_next(master->smmu));
}

/*
 * Without somebody who reads the guest's events there is nobody who could resume
 * what it stalls. Should they stop reading, the event thread does.
 */
static int arm_smmu_guest_stage_stalls(struct arm_smmu_master *master,
				       struct iommu_guest_stage_config *cfg)
{
	if (cfg->state != IOMMU_GUEST_STAGE_TRANSLATE ||
	    !(cfg->smmuv3.flags & IOMMU_GUEST_STAGE_SMMUV3_STALL))
		return 0;
	if (iommu_guest_faults_are_read(master->dev))
		return arm_smmu_guest_stalls_start(master, cfg->vsid);
	cfg->smmuv3.flags &= ~IOMMU_GUEST_STAGE_SMMUV3_STALL;
	return 0;
}

/* Before the guest's configuration can cause an event */
static int arm_smmu_guest_stage_start(struct arm_smmu_master *master,
				      struct iommu_guest_stage_config *cfg)
{
	int ret;

	ret = arm_smmu_guest_stage_stalls(master, cfg);
	if (ret)
		return ret;
	ret = arm_smmu_guest_events_start(master, cfg->vsid);
	/* The first bind: nothing waits */
	if (ret)
		arm_smmu_guest_stalls_stop(master);
	return ret;
}

int arm_smmu_bind_guest_stage(struct iommu_domain *domain, struct device *dev,
			      const struct iommu_guest_stage_config *wanted)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	struct iommu_guest_stage_config granted = *wanted, *cfg = &granted;
	bool ats_enabled = cfg->state == IOMMU_GUEST_STAGE_TRANSLATE &&
			   (cfg->smmuv3.flags & IOMMU_GUEST_STAGE_SMMUV3_EATS);
	struct arm_smmu_ste ste;
	int ret;

	iommu_group_mutex_assert(dev);

	if (!arm_smmu_guest_stage_supported(master, cfg))
		return -EOPNOTSUPP;
	ret = arm_smmu_check_guest_ste(master, domain, cfg);
	if (ret)
		return ret;
	if (arm_smmu_guest_stage_coherency(master) ==
	    IOMMU_GUEST_STAGE_COHERENCY_NONE) {
		dev_warn_ratelimited(dev,
				     "A guest stage can make DMA incoherent on this platform. Use the module param \"allow_unsafe_guest_stage\" to enable it\n");
		return -EPERM;
	}

	ret = arm_smmu_guest_stage_start(master, cfg);
	if (ret)
		return ret;

	arm_smmu_make_guest_ste(&ste, master, smmu_domain, cfg, ats_enabled);
	arm_smmu_install_guest_ste(master, smmu_domain, &ste, ats_enabled,
				   false);
	if (cfg->state == IOMMU_GUEST_STAGE_ABORT)
		arm_smmu_terminate_guest_stalls(master);
	return 0;
}

/* What waits for the guest is terminated while the STE lets nothing stall anew */
static void arm_smmu_end_guest_stalls(struct arm_smmu_master *master,
				      struct arm_smmu_domain *smmu_domain)
{
	struct arm_smmu_ste ste;

	if (!master->guest_stalls.slots)
		return;
	arm_smmu_make_abort_ste(&ste);
	arm_smmu_install_guest_ste(master, smmu_domain, &ste, false, false);
	arm_smmu_terminate_guest_stalls(master);
}

void arm_smmu_unbind_guest_stage(struct iommu_domain *domain,
				 struct device *dev)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_master *master = dev_iommu_priv_get(dev);
	bool ats_enabled = arm_smmu_ats_supported(master);
	struct arm_smmu_ste ste;

	iommu_group_mutex_assert(dev);

	arm_smmu_end_guest_stalls(master, smmu_domain);

	arm_smmu_make_s2_domain_ste(&ste, master, smmu_domain, ats_enabled);
	arm_smmu_install_guest_ste(master, smmu_domain, &ste, ats_enabled,
				   true);
	arm_smmu_guest_events_stop(master);
	arm_smmu_guest_stalls_stop(master);
}
