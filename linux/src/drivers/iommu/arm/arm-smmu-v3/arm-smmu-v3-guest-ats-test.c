// SPDX-License-Identifier: GPL-2.0-only
/*
 * How ATS of a device is switched on and off when guest stages are bound
 *
 * While PCI ATS of a device is on, its STEs have EATS on and are valid, and whoever
 * unmaps memory of the domain knows that the device has an ATC. Each test looks at
 * the order of config writes, changes of STEs, and invalidations.
 */
#include "arm-smmu-v3-guest-stage.h"
#include "arm-smmu-v3-guest-test.h"

/* Binds device @i with @state, and with EATS on or off */
static void bind_as(struct kunit *test, unsigned int i, u32 state, bool eats)
{
	struct guest_test *t = test->priv;

	t->cfg.state = state;
	t->cfg.smmuv3.flags = eats ? IOMMU_GUEST_STAGE_SMMUV3_EATS : 0;
	guest_test_bind(test, i);
}

static void bind_eats(struct kunit *test, unsigned int i, bool eats)
{
	bind_as(test, i, IOMMU_GUEST_STAGE_TRANSLATE, eats);
}

/* Attaches and binds device 0. The trace begins after that. */
static void start_as(struct kunit *test, u32 state, bool eats)
{
	guest_test_attach_before(test, 0);
	bind_as(test, 0, state, eats);
	guest_test_forget(test->priv);
}

/* ATS is on, or off, in the device, in its STEs, and for those who unmap memory */

static int ats_masters(struct guest_test *t)
{
	return atomic_read(&to_smmu_domain(t->domain)->nr_ats_masters);
}

static void expect_ats(struct kunit *test, bool on)
{
	struct guest_test *t = test->priv;
	struct guest_test_device *device = &t->devices[0];

	KUNIT_EXPECT_EQ(test, on, (bool)device->pdev.ats_enabled);
	KUNIT_EXPECT_EQ(test, on, (bool)device->master.ats_enabled);
	KUNIT_EXPECT_EQ(test, on, ats_masters(t));

	guest_test_map_and_unmap(test, t->domain, 1);
	if (on)
		EXPECT_TRACE(test, s2_ipa(t->vmid, IPA), cmd_sync(),
			     nh_all(t->vmid), cmd_sync(),
			     atc_inv_all(SID), cmd_sync());
	else
		EXPECT_TRACE(test, s2_ipa(t->vmid, IPA), cmd_sync(),
			     nh_all(t->vmid), cmd_sync());
}

static void guest_ats_test_attach(struct kunit *test)
{
	guest_test_attach(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

static void guest_ats_test_switched(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);

	bind_eats(test, 0, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);

	bind_eats(test, 0, false);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);

	bind_eats(test, 0, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);

	guest_test_unbind(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);
}

/* The host's own STE has EATS on, whatever the guest's last one had */
static void guest_ats_test_unbind_without_ats(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, false);

	guest_test_unbind(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

static void guest_ats_test_abort(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);

	t->cfg.state = IOMMU_GUEST_STAGE_ABORT;
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

/* The ATC loses what the former table left there, as it does in an attach */
static void guest_ats_test_rebind_table(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);

	t->cfg.base_ptr = GUEST_TABLE_B;
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);
}

/* Two quad-words change, so the STE goes through V = 0 while PCI ATS is off */
static void guest_ats_test_rebind_breaks(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);

	t->cfg.base_ptr = GUEST_TABLE_B;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, ats_off(SID), ste_invalid(SID), cfgi_ste(SID), cmd_sync(),
		     ste_invalid(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

/*
 * Changes between the guest's states. None of them goes through V = 0. If EATS is the
 * same before and after, PCI ATS isn't touched.
 */

static void guest_ats_test_s2_to_translate(struct kunit *test)
{
	guest_test_attach_before(test, 0);
	bind_eats(test, 0, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);
}

static void guest_ats_test_s2_to_translate_without_eats(struct kunit *test)
{
	guest_test_attach_before(test, 0);
	bind_eats(test, 0, false);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

static void guest_ats_test_s2_to_bypass(struct kunit *test)
{
	guest_test_attach_before(test, 0);
	bind_as(test, 0, IOMMU_GUEST_STAGE_BYPASS, false);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

static void guest_ats_test_s2_to_abort(struct kunit *test)
{
	guest_test_attach_before(test, 0);
	bind_as(test, 0, IOMMU_GUEST_STAGE_ABORT, false);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

static void guest_ats_test_translate_to_bypass(struct kunit *test)
{
	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);
	bind_as(test, 0, IOMMU_GUEST_STAGE_BYPASS, false);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

static void guest_ats_test_bypass_to_translate(struct kunit *test)
{
	start_as(test, IOMMU_GUEST_STAGE_BYPASS, false);
	bind_eats(test, 0, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

static void guest_ats_test_bypass_to_abort(struct kunit *test)
{
	start_as(test, IOMMU_GUEST_STAGE_BYPASS, false);
	bind_as(test, 0, IOMMU_GUEST_STAGE_ABORT, false);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync());
	expect_ats(test, false);
}

static void guest_ats_test_abort_to_bypass(struct kunit *test)
{
	start_as(test, IOMMU_GUEST_STAGE_ABORT, false);
	bind_as(test, 0, IOMMU_GUEST_STAGE_BYPASS, false);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync());
	expect_ats(test, false);
}

static void guest_ats_test_abort_to_translate(struct kunit *test)
{
	start_as(test, IOMMU_GUEST_STAGE_ABORT, false);
	bind_eats(test, 0, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

static void guest_ats_test_table_and_eats_on(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, false);
	t->cfg.base_ptr = GUEST_TABLE_B;
	bind_eats(test, 0, true);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync(), ats_on(SID));
	expect_ats(test, true);
}

static void guest_ats_test_table_and_eats_off(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);
	t->cfg.base_ptr = GUEST_TABLE_B;
	bind_eats(test, 0, false);
	EXPECT_TRACE(test, ats_off(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

static void guest_ats_test_attributes(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);
}

/* A guest may write the STE again that it has */
static void guest_ats_test_same(struct kunit *test)
{
	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, atc_inv_all(SID), cmd_sync());
	expect_ats(test, true);
}

/* Without ATS, another table with other attributes goes through V = 0, too */
static void guest_ats_test_breaks_without_eats(struct kunit *test)
{
	struct guest_test *t = test->priv;

	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, false);
	t->cfg.base_ptr = GUEST_TABLE_B;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, ste_invalid(SID), cfgi_ste(SID), cmd_sync(),
		     ste_invalid(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync());
	expect_ats(test, false);
}

/* A virtual function, whose physical one has ATS with pages of another size */
static void refuse_ats(struct guest_test *t)
{
	struct pci_dev *pdev = &t->devices[0].pdev;

	pdev->is_virtfn = 1;
	pdev->physfn = &t->devices[1].pdev;
}

static void guest_ats_test_refused(struct kunit *test)
{
	refuse_ats(test->priv);
	guest_test_attach(test, 0);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());

	bind_eats(test, 0, false);
	EXPECT_TRACE(test, cfgi_ste(SID), cmd_sync(), cfgi_ste(SID), cmd_sync(),
		     atc_inv_all(SID), cmd_sync());
	expect_ats(test, false);
}

/* ATS isn't on, so it isn't switched off either, which would warn */
static void guest_ats_test_refused_breaks(struct kunit *test)
{
	struct guest_test *t = test->priv;

	refuse_ats(t);
	start_as(test, IOMMU_GUEST_STAGE_TRANSLATE, true);
	t->cfg.base_ptr = GUEST_TABLE_B;
	t->cfg.smmuv3.s1csh = ARM_SMMU_SH_OSH;
	guest_test_bind(test, 0);
	EXPECT_TRACE(test, ste_invalid(SID), cfgi_ste(SID), cmd_sync(),
		     ste_invalid(SID), cfgi_ste(SID), cmd_sync(),
		     cfgi_ste(SID), cmd_sync(), atc_inv_all(SID), cmd_sync());
	KUNIT_EXPECT_FALSE(test, t->devices[0].pdev.ats_enabled);
}

/* ATS of one device is not that of the others */
static void guest_ats_test_of_one(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 0);
	guest_test_attach_before(test, 1);
	bind_eats(test, 0, false);
	guest_test_forget(t);

	guest_test_map_and_unmap(test, t->domain, 1);
	EXPECT_TRACE(test, s2_ipa(t->vmid, IPA), cmd_sync(),
		     nh_all(t->vmid), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync());
}

/* A device with several streams, two of them the same */

static void guest_ats_test_streams_bind(struct kunit *test)
{
	struct guest_test *t = test->priv;

	guest_test_attach_before(test, 1);
	bind_eats(test, 1, false);
	EXPECT_TRACE(test, ats_off(SID_A),
		     cfgi_ste(SID_A), cmd_sync(), cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_B), cmd_sync(), cfgi_ste(SID_B), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync());

	bind_eats(test, 1, true);
	EXPECT_TRACE(test, cfgi_ste(SID_A), cmd_sync(),
		     cfgi_ste(SID_B), cmd_sync(),
		     atc_inv_all(SID_A), atc_inv_all(SID_B), atc_inv_all(SID_A),
		     cmd_sync(), ats_on(SID_A));
	KUNIT_EXPECT_MEMEQ(test, &t->strtab[SID_A], &t->strtab[SID_B],
			   sizeof(t->strtab[0]));
}

/* The domain's list of devices stays as it is, so a bind needs no memory for it */

static void *first_listed(struct guest_test *t)
{
	return to_smmu_domain(t->domain)->devices.next;
}

static void expect_listed_once(struct kunit *test, void *listed)
{
	struct guest_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, 1, t->min_listed);
	KUNIT_EXPECT_EQ(test, 1, t->max_listed);
	KUNIT_EXPECT_PTR_EQ(test, listed, first_listed(t));
	KUNIT_EXPECT_TRUE(test, list_is_singular(&to_smmu_domain(t->domain)->devices));
}

static void guest_ats_test_listed_once(struct kunit *test)
{
	struct guest_test *t = test->priv;
	void *listed;

	guest_test_attach_before(test, 0);
	listed = first_listed(t);
	t->min_listed = UINT_MAX;
	t->max_listed = 0;

	bind_eats(test, 0, true);
	expect_listed_once(test, listed);
	t->cfg.base_ptr = GUEST_TABLE_B;
	bind_eats(test, 0, false);
	expect_listed_once(test, listed);
	bind_eats(test, 0, true);
	expect_listed_once(test, listed);
	guest_test_unbind(test, 0);
	expect_listed_once(test, listed);
}

static struct kunit_case guest_ats_test_cases[] = {
	KUNIT_CASE(guest_ats_test_attach),
	KUNIT_CASE(guest_ats_test_switched),
	KUNIT_CASE(guest_ats_test_unbind_without_ats),
	KUNIT_CASE(guest_ats_test_abort),
	KUNIT_CASE(guest_ats_test_rebind_table),
	KUNIT_CASE(guest_ats_test_rebind_breaks),
	KUNIT_CASE(guest_ats_test_s2_to_translate),
	KUNIT_CASE(guest_ats_test_s2_to_translate_without_eats),
	KUNIT_CASE(guest_ats_test_s2_to_bypass),
	KUNIT_CASE(guest_ats_test_s2_to_abort),
	KUNIT_CASE(guest_ats_test_translate_to_bypass),
	KUNIT_CASE(guest_ats_test_bypass_to_translate),
	KUNIT_CASE(guest_ats_test_bypass_to_abort),
	KUNIT_CASE(guest_ats_test_abort_to_bypass),
	KUNIT_CASE(guest_ats_test_abort_to_translate),
	KUNIT_CASE(guest_ats_test_table_and_eats_on),
	KUNIT_CASE(guest_ats_test_table_and_eats_off),
	KUNIT_CASE(guest_ats_test_attributes),
	KUNIT_CASE(guest_ats_test_same),
	KUNIT_CASE(guest_ats_test_breaks_without_eats),
	KUNIT_CASE(guest_ats_test_refused),
	KUNIT_CASE(guest_ats_test_refused_breaks),
	KUNIT_CASE(guest_ats_test_of_one),
	KUNIT_CASE(guest_ats_test_streams_bind),
	KUNIT_CASE(guest_ats_test_listed_once),
	{},
};

static int guest_ats_test_init(struct kunit *test)
{
	struct guest_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	guest_test_init(test, t, ARM_SMMU_FEAT_ATS);
	return 0;
}

static struct kunit_suite guest_ats_test_suite = {
	.name = "arm-smmu-v3-guest-ats",
	.init = guest_ats_test_init,
	.test_cases = guest_ats_test_cases,
};

kunit_test_suite(guest_ats_test_suite);
