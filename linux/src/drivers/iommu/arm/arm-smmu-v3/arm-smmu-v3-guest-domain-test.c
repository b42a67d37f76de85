// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which domains guest stages can be bound on top of, and what the driver invalidates
 * when the mappings of such a domain change
 */
#include <kunit/static_stub.h>
#include <linux/io-pgtable.h>

#include "arm-smmu-v3-guest-stage.h"
#include "arm-smmu-v3-guest-test.h"

/* What keeps a guest from making DMA incoherent */

static void guest_domain_test_coherency(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct arm_smmu_master *master = &t->devices[0].master;

	kunit_deactivate_static_stub(test, arm_smmu_guest_stage_coherency);
	/* The kernel's command line decides which of the two it is */
	if (arm_smmu_guest_stage_coherency(master) !=
	    IOMMU_GUEST_STAGE_COHERENCY_NONE)
		KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(master),
				IOMMU_GUEST_STAGE_COHERENCY_VOUCHED);
	t->devices[0].iommu.fwspec->flags |= IOMMU_FWSPEC_PCI_RC_CANWBS;
	KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(master),
			IOMMU_GUEST_STAGE_COHERENCY_DEVICE);
	/* Stage 2 also governs what the SMMU itself fetches, so it comes first */
	t->smmu.features |= ARM_SMMU_FEAT_S2FWB;
	KUNIT_EXPECT_EQ(test, arm_smmu_guest_stage_coherency(master),
			IOMMU_GUEST_STAGE_COHERENCY_STAGE2);
}

/* The attributes of the only page that is mapped, PTE[5:2] */
static u64 only_memattr(struct iommu_domain *domain)
{
	const struct io_pgtable_cfg *cfg =
		&io_pgtable_ops_to_pgtable(to_smmu_domain(domain)->pgtbl_ops)->cfg;
	const u64 *pte = phys_to_virt(cfg->arm_lpae_s2_cfg.vttbr);
	unsigned int level = 2 - cfg->arm_lpae_s2_cfg.vtcr.sl;

	for (;; level++) {
		while (!*pte)
			pte++;
		if (level == 3 || !(*pte & BIT(1)))
			return FIELD_GET(GENMASK(5, 2), *pte);
		pte = phys_to_virt(*pte & GENMASK_ULL(47, 12));
	}
}

static void expect_memattr(struct kunit *test, struct iommu_domain *domain,
			   int prot, u64 expected)
{
	KUNIT_ASSERT_EQ(test, iommu_map(domain, 0, 0, PAGE_SIZE, prot,
					GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, only_memattr(domain), expected);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, PAGE_SIZE), PAGE_SIZE);
}

static void guest_domain_test_alloc_s2fwb(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct iommu_domain *domain;
	struct arm_smmu_ste ste;

	expect_memattr(test, t->domain, IOMMU_READ | IOMMU_CACHE, 0xf);

	t->smmu.features |= ARM_SMMU_FEAT_S2FWB;
	domain = guest_test_alloc_domain(test);
	arm_smmu_make_s2_domain_ste(&ste, &t->devices[0].master,
				    to_smmu_domain(domain), false);
	KUNIT_EXPECT_TRUE(test, le64_to_cpu(ste.data[1]) & STRTAB_STE_1_S2FWB);
	expect_memattr(test, domain, IOMMU_READ | IOMMU_CACHE, 0x6);
	expect_memattr(test, domain, IOMMU_WRITE | IOMMU_MMIO, 0x1);
	expect_memattr(test, domain, IOMMU_READ, 0x5);
}

/* Which SMMUs nest */

static void guest_domain_test_alloc(struct kunit *test)
{
	struct guest_test *t = test->priv;

	KUNIT_EXPECT_TRUE(test, t->domain->nesting);
	KUNIT_EXPECT_EQ(test, to_smmu_domain(t->domain)->stage,
			ARM_SMMU_DOMAIN_S2);
	KUNIT_EXPECT_NE(test, t->vmid, 0);
}

/* An SMMU with an erratum, or one that can only stall, has stage 2 alone */
static void expect_alone(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct iommu_domain *domain = guest_test_alloc_domain(test);
	struct iommu_guest_command_smmuv3 cmd = {
		.cmd[0] = cpu_to_le64(CMDQ_OP_TLBI_NH_VA),
	};
	struct iommu_guest_commands commands = {
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.num = 1,
		.commands = &cmd,
	};

	KUNIT_EXPECT_FALSE(test, domain->nesting);
	KUNIT_EXPECT_EQ(test, to_smmu_domain(domain)->stage,
			ARM_SMMU_DOMAIN_S2);
	guest_test_map_and_unmap(test, domain, 1);
	guest_test_forget(t);

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			iommu_invalidate_guest_stage(domain, &commands));
	KUNIT_EXPECT_EQ(test, commands.done, 0);
	KUNIT_EXPECT_EQ(test, commands.error, IOMMU_GUEST_COMMAND_OK);
	EXPECT_TRACE(test);
}

static void guest_domain_test_alloc_erratum(struct kunit *test)
{
	struct guest_test *t = test->priv;

	t->smmu.features &= ~ARM_SMMU_FEAT_NESTING;
	expect_alone(test);
}

static void guest_domain_test_alloc_stall_force(struct kunit *test)
{
	struct guest_test *t = test->priv;

	t->smmu.features |= ARM_SMMU_FEAT_STALLS | ARM_SMMU_FEAT_STALL_FORCE;
	expect_alone(test);
}

static void guest_domain_test_alloc_without_s2(struct kunit *test)
{
	struct guest_test *t = test->priv;
	struct device *dev = guest_test_dev(t, 0);

	t->smmu.features &= ~ARM_SMMU_FEAT_TRANS_S2;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR_OR_ZERO(arm_smmu_domain_alloc_nesting(dev)));
}

/* An unmap invalidates stage 2, then what the TLB has of both stages, then the ATC */

static void guest_domain_test_unmap(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	guest_test_map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(t->vmid, IPA), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
}

/* The whole ATC is invalidated, of all streams of all devices of the domain */
static void guest_domain_test_unmap_all_streams(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	guest_test_attach_before(test, 1);
	t->cfg.smmuv3.flags = IOMMU_GUEST_STAGE_SMMUV3_EATS;
	guest_test_bind_before(test, 1);

	guest_test_map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(t->vmid, IPA), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     atc_inv_all(SID), cmd_sync());
}

/* A range of 512 pages of 4 KB, at any level */
static struct guest_trace_entry s2_table_of_2m(u16 vmid, u64 ipa)
{
	return tlbi(CMDQ_OP_TLBI_S2_IPA | FIELD_PREP(CMDQ_TLBI_0_SCALE, 9), vmid,
		    ipa | FIELD_PREP(CMDQ_TLBI_1_TG, 1));
}

/* A table is removed with all that it maps. This ends in tlb_flush_walk(). */
static void guest_domain_test_unmap_table(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	guest_test_map(test, t->domain, SZ_2M / SZ_4K);
	KUNIT_EXPECT_EQ(test, SZ_2M,
			t->domain->ops->unmap_pages(t->domain, IPA, SZ_2M, 1,
						    NULL));
	EXPECT_TRACE(test, s2_table_of_2m(t->vmid, IPA), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
}

static void guest_domain_test_flush_all(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	t->domain->ops->flush_iotlb_all(t->domain);
	EXPECT_TRACE(test, tlbi(CMDQ_OP_TLBI_S12_VMALL, t->vmid, 0), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
}

/* Without nesting, the device's addresses are those of stage 2 */
static void guest_domain_test_unmap_plain(struct kunit *test)
{
	struct guest_test *t = test->priv;
	u16 vmid;

	t->smmu.features &= ~ARM_SMMU_FEAT_NESTING;
	t->domain = guest_test_alloc_domain(test);
	vmid = to_smmu_domain(t->domain)->s2_cfg.vmid;
	guest_test_attach_before(test, 0);

	guest_test_map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(vmid, IPA), cmd_sync(),
		     entry_of(CMDQ_OP_ATC_INV, SID, IPA), cmd_sync());
}

static struct kunit_case guest_domain_test_cases[] = {
	KUNIT_CASE(guest_domain_test_coherency),
	KUNIT_CASE(guest_domain_test_alloc_s2fwb),
	KUNIT_CASE(guest_domain_test_alloc),
	KUNIT_CASE(guest_domain_test_alloc_erratum),
	KUNIT_CASE(guest_domain_test_alloc_stall_force),
	KUNIT_CASE(guest_domain_test_alloc_without_s2),
	KUNIT_CASE(guest_domain_test_unmap),
	KUNIT_CASE(guest_domain_test_unmap_all_streams),
	KUNIT_CASE(guest_domain_test_unmap_table),
	KUNIT_CASE(guest_domain_test_flush_all),
	KUNIT_CASE(guest_domain_test_unmap_plain),
	{},
};

static int guest_domain_test_init(struct kunit *test)
{
	struct guest_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	guest_test_init(test, t, ARM_SMMU_FEAT_ATS);
	return 0;
}

static struct kunit_suite guest_domain_test_suite = {
	.name = "arm-smmu-v3-guest-domain",
	.init = guest_domain_test_init,
	.test_cases = guest_domain_test_cases,
};

kunit_test_suite(guest_domain_test_suite);
