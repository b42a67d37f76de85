// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the core demands of a bind
 *
 * The driver and the devices only note what they are asked for. No driver at hand has
 * the host use PASIDs of a device that can be given to a guest.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/iommu.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "iommu-priv.h"

#define PASID 1
#define VSID 7

#define PASID_BITS 8
#define MAX_PASIDS BIT(PASID_BITS)

struct test_iommu {
	struct iommu_device iommu;
	/* Both are of one group */
	struct platform_device *devices[2];
	struct device *dev;
	struct device *other;
	struct iommu_domain *domain;
	/* The host's, for a PASID */
	struct iommu_domain *host;

	unsigned int binds;
	unsigned int pasids;
	int bind_result;
};

/* The driver is also asked about devices that are not the test's */
static struct test_iommu *current_iommu;

static int test_attach(struct iommu_domain *domain, struct device *dev)
{
	return 0;
}

static int test_set_pasid(struct iommu_domain *domain, struct device *dev,
			  ioasid_t pasid, struct iommu_domain *old)
{
	current_iommu->pasids++;
	return 0;
}

static void test_remove_pasid(struct device *dev, ioasid_t pasid,
			      struct iommu_domain *domain)
{
	current_iommu->pasids--;
}

static int test_bind(struct iommu_domain *domain, struct device *dev,
		     const struct iommu_guest_stage_config *cfg)
{
	current_iommu->binds++;
	return current_iommu->bind_result;
}

static void test_unbind(struct iommu_domain *domain, struct device *dev)
{
}

static void test_free(struct iommu_domain *domain)
{
	kfree(domain);
}

static const struct iommu_domain_ops nesting_ops = {
	.attach_dev = test_attach,
	.set_dev_pasid = test_set_pasid,
	.bind_guest_stage = test_bind,
	.unbind_guest_stage = test_unbind,
	.free = test_free,
};

static struct iommu_domain *test_alloc_nesting(struct device *dev)
{
	struct iommu_domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL);

	if (!domain)
		return ERR_PTR(-ENOMEM);

	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->ops = &nesting_ops;
	domain->nesting = true;
	return domain;
}

static const struct iommu_domain_ops identity_ops = {
	.attach_dev = test_attach,
};

static struct iommu_domain identity = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &identity_ops,
};

static int test_default_domain(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

/* The core offers all devices without an IOMMU, those of the machine included */
static struct iommu_device *test_probe(struct device *dev)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(current_iommu->devices); i++) {
		struct platform_device *pdev = current_iommu->devices[i];

		if (pdev && dev == &pdev->dev)
			return &current_iommu->iommu;
	}
	return ERR_PTR(-ENODEV);
}

static const struct iommu_ops test_ops = {
	.owner = THIS_MODULE,
	.identity_domain = &identity,
	.def_domain_type = test_default_domain,
	.domain_alloc_nesting = test_alloc_nesting,
	.probe_device = test_probe,
	.device_group = generic_single_device_group,
	.remove_dev_pasid = test_remove_pasid,
};

static const struct property_entry properties[] = {
	PROPERTY_ENTRY_U32("pasid-num-bits", PASID_BITS),
	{ }
};

static struct platform_device *test_add_device(int id)
{
	static const struct platform_device_info info = {
		.name = "guest-stage-test",
		.properties = properties,
	};
	struct platform_device_info numbered = info;

	numbered.id = id;
	return platform_device_register_full(&numbered);
}

static int test_init(struct kunit *test)
{
	struct test_iommu *t;
	int i;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;

	for (i = 0; i < ARRAY_SIZE(t->devices); i++) {
		struct platform_device *pdev = test_add_device(i);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pdev);
		t->devices[i] = pdev;
	}
	t->dev = &t->devices[0]->dev;
	t->other = &t->devices[1]->dev;

	KUNIT_ASSERT_EQ(test, iommu_device_sysfs_add(&t->iommu, NULL, NULL,
						     "guest-stage-test"), 0);
	t->iommu.max_pasids = MAX_PASIDS;
	current_iommu = t;
	KUNIT_ASSERT_EQ(test, iommu_device_register(&t->iommu, &test_ops, NULL), 0);
	KUNIT_ASSERT_NOT_NULL(test, t->dev->iommu_group);
	KUNIT_ASSERT_PTR_EQ(test, t->dev->iommu_group, t->other->iommu_group);

	t->domain = iommu_nesting_domain_alloc(t->dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->domain);
	t->host = iommu_nesting_domain_alloc(t->dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->host);
	KUNIT_ASSERT_EQ(test, iommu_attach_group(t->domain, t->dev->iommu_group), 0);
	return 0;
}

/* Also called if the init has failed anywhere */
static void test_exit(struct kunit *test)
{
	struct test_iommu *t = test->priv;
	int i;

	if (!t)
		return;

	if (!IS_ERR_OR_NULL(t->domain)) {
		iommu_unbind_guest_stage(t->domain, t->dev);
		iommu_unbind_guest_stage(t->domain, t->other);
		iommu_detach_group(t->domain, t->dev->iommu_group);
		iommu_domain_free(t->domain);
	}
	if (!IS_ERR_OR_NULL(t->host))
		iommu_domain_free(t->host);
	if (current_iommu) {
		iommu_device_unregister(&t->iommu);
		iommu_device_sysfs_remove(&t->iommu);
	}
	current_iommu = NULL;
	for (i = 0; i < ARRAY_SIZE(t->devices); i++) {
		if (t->devices[i])
			platform_device_unregister(t->devices[i]);
	}
}

static int bind(struct test_iommu *t, struct device *dev, u32 vsid)
{
	const struct iommu_guest_stage_config cfg = {
		.argsz = sizeof(cfg),
		.format = IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
		.state = IOMMU_GUEST_STAGE_ABORT,
		.vsid = vsid,
	};

	return iommu_bind_guest_stage(t->domain, dev, &cfg);
}

static int use_pasid(struct test_iommu *t, struct device *dev)
{
	return iommu_attach_device_pasid(t->host, dev, PASID, NULL);
}

static void drop_pasid(struct test_iommu *t, struct device *dev)
{
	iommu_detach_device_pasid(t->host, dev, PASID);
}

/* A PASID of the host is one of all devices of the group */
static void test_bind_with_pasids_of_the_host(struct kunit *test)
{
	struct test_iommu *t = test->priv;

	KUNIT_ASSERT_EQ(test, use_pasid(t, t->dev), 0);
	KUNIT_EXPECT_EQ(test, bind(t, t->dev, VSID), -EBUSY);
	KUNIT_EXPECT_EQ(test, bind(t, t->other, VSID), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->binds, 0);

	drop_pasid(t, t->dev);
	KUNIT_EXPECT_EQ(test, bind(t, t->dev, VSID), 0);
	KUNIT_EXPECT_EQ(test, t->binds, 1);
}

static void test_pasids_of_the_host_when_bound(struct kunit *test)
{
	struct test_iommu *t = test->priv;

	KUNIT_ASSERT_EQ(test, bind(t, t->dev, VSID), 0);
	KUNIT_EXPECT_EQ(test, use_pasid(t, t->dev), -EBUSY);
	KUNIT_EXPECT_EQ(test, use_pasid(t, t->other), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->pasids, 0);

	KUNIT_ASSERT_EQ(test, iommu_unbind_guest_stage(t->domain, t->dev), 0);
	KUNIT_ASSERT_EQ(test, use_pasid(t, t->dev), 0);
	/* One for each device of the group */
	KUNIT_EXPECT_EQ(test, t->pasids, 2);
	drop_pasid(t, t->dev);
	KUNIT_EXPECT_EQ(test, t->pasids, 0);
}

/* A device that the driver has refused is not bound */
static void test_pasids_of_the_host_after_a_failure(struct kunit *test)
{
	struct test_iommu *t = test->priv;

	t->bind_result = -ENOMEM;
	KUNIT_EXPECT_EQ(test, bind(t, t->dev, VSID), -ENOMEM);
	KUNIT_EXPECT_EQ(test, iommu_unbind_guest_stage(t->domain, t->dev), -ENOENT);
	KUNIT_ASSERT_EQ(test, use_pasid(t, t->dev), 0);
	drop_pasid(t, t->dev);
}

/* A device whose new configuration the driver has refused stays bound */
static void test_rebind_after_a_failure(struct kunit *test)
{
	struct test_iommu *t = test->priv;

	KUNIT_ASSERT_EQ(test, bind(t, t->dev, VSID), 0);
	t->bind_result = -EINVAL;
	KUNIT_EXPECT_EQ(test, bind(t, t->dev, VSID + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->binds, 2);
	KUNIT_EXPECT_EQ(test, use_pasid(t, t->dev), -EBUSY);
	KUNIT_EXPECT_EQ(test, iommu_unbind_guest_stage(t->domain, t->dev), 0);
}

static void test_bind_elsewhere(struct kunit *test)
{
	struct test_iommu *t = test->priv;
	struct iommu_domain *attached = t->domain;

	t->domain = t->host;
	KUNIT_EXPECT_EQ(test, bind(t, t->dev, VSID), -ENODEV);
	KUNIT_EXPECT_EQ(test, iommu_unbind_guest_stage(t->host, t->dev), -ENODEV);
	t->domain = attached;

	attached->nesting = false;
	KUNIT_EXPECT_EQ(test, bind(t, t->dev, VSID), -EOPNOTSUPP);
	attached->nesting = true;
	KUNIT_EXPECT_EQ(test, t->binds, 0);
}

static struct kunit_case guest_stage_cases[] = {
	KUNIT_CASE(test_bind_with_pasids_of_the_host),
	KUNIT_CASE(test_pasids_of_the_host_when_bound),
	KUNIT_CASE(test_pasids_of_the_host_after_a_failure),
	KUNIT_CASE(test_rebind_after_a_failure),
	KUNIT_CASE(test_bind_elsewhere),
	{ }
};

static struct kunit_suite guest_stage_suite = {
	.name = "iommu-guest-stage",
	.init = test_init,
	.exit = test_exit,
	.test_cases = guest_stage_cases,
};

kunit_test_suite(guest_stage_suite);

MODULE_DESCRIPTION("KUnit tests of guest stages in the IOMMU core");
MODULE_LICENSE("GPL");
