/*
 * QTest of a second SMMUv3, for the root bus of a pxb-pcie
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/pci/pci_regs.h"
#include "smmuv3-utils.h"
#include <libfdt.h>

#define PXB_BUS         0x40
#define PXB_PORT        (PXB_BUS << 8 | TEST_DEVFN)
#define PXB_BDF         ((PXB_BUS + 1) << 8)
#define PXB_SMMU        0x0c000000ULL       /* first on the platform bus */
#define PXB_STRTAB_LOG2 15

#define PXB             "-device pxb-pcie,id=pcie.1,bus_nr=0x40"
#define SMMU            " -device arm-smmuv3,primary-bus=pcie.1"

#define ARGS            "-device pasid-dma,addr=1 " \
                        "-device pxb-pcie,id=pcie.1,bus_nr=0x40,addr=2 " \
                        "-device pcie-root-port,bus=pcie.1,addr=1,id=rp " \
                        "-device pasid-dma,bus=rp " \
                        "-global arm-smmuv3.ssidsize=16 " \
                        "-device arm-smmuv3,primary-bus=pcie.1,stage=nested," \
                        "ssidsize=4,s2fwb=on"

#define LEN             64
#define IOVA            0x12345000ULL
#define BAR             0x18000000ULL

static uint32_t reg(TestSMMU *t, uint64_t base, uint32_t offset)
{
    return qtest_readl(t->qts, base + offset);
}

/* The device on the other bus and its SMMU, with as much as is used here */
static void other_side(TestSMMU *t, TestSMMU *other)
{
    uint64_t config = test_config(PXB_BDF), port = test_config(PXB_PORT);

    *other = *t;
    other->base = PXB_SMMU;
    other->cmdq_prod = 0;
    other->eventq_cons = 0;
    other->strtab = test_alloc(t, 64ULL << PXB_STRTAB_LOG2);
    other->cmdq = test_alloc(t, TEST_PAGE);
    other->eventq = test_alloc(t, TEST_PAGE * 2);

    qtest_writel(t->qts, port + PCI_PRIMARY_BUS,
                 (PXB_BUS + 1) << 16 | (PXB_BUS + 1) << 8 | PXB_BUS);
    qtest_writel(t->qts, port + PCI_MEMORY_BASE,
                 (BAR + 0x100000) | BAR >> 16);
    qtest_writew(t->qts, port + PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

    g_assert_cmphex(qtest_readl(t->qts, config), ==,
                    PASID_DMA_DEVICE_ID << 16 | PASID_DMA_VENDOR_ID);
    other->regs = BAR;
    qtest_writel(t->qts, config + PCI_BASE_ADDRESS_0, BAR);
    qtest_writel(t->qts, config + PCI_BASE_ADDRESS_2, BAR + 0x100000);
    qtest_writew(t->qts, config + PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

    qtest_writeq(t->qts, PXB_SMMU + SMMU_STRTAB_BASE, other->strtab);
    qtest_writel(t->qts, PXB_SMMU + SMMU_STRTAB_BASE_CFG, PXB_STRTAB_LOG2);
    qtest_writeq(t->qts, PXB_SMMU + SMMU_CMDQ_BASE, other->cmdq | 8);
    qtest_writeq(t->qts, PXB_SMMU + SMMU_EVENTQ_BASE, other->eventq | 8);
    qtest_writel(t->qts, PXB_SMMU + SMMU_CR0, 0xd);
}

static void check(TestSMMU *t, uint32_t sid, uint8_t type)
{
    TestEvent e;

    g_assert_cmpuint(pasid_dma(t, true, IOVA, LEN, NO_PASID), ==,
                     type ? PASID_DMA_RESULT_ABORT : PASID_DMA_RESULT_OK);
    if (type) {
        g_assert_true(smmuv3_event(t, &e));
        g_assert_cmphex(e.type, ==, type);
        g_assert_cmphex(e.sid, ==, sid);
    }
    smmuv3_no_event(t);
}

static void install_stream(TestSMMU *t)
{
    TestStage1 s1 = { .config = STE_CONFIG_S1 };
    uint64_t table = stage1_table(t);

    stage1_map(t, table, IOVA, test_alloc(t, TEST_PAGE));
    s1.table = cd_table(t, S1FMT_LINEAR, 0);
    cd_write(t, s1.table, table, 1);
    ste_install(t, &s1);
}

static void copy_stream(TestSMMU *t, TestSMMU *other)
{
    qtest_writeq(t->qts, other->strtab + PXB_BDF * 64,
                 qtest_readq(t->qts, ste_addr(t, 0)));
    smmuv3_invalidate_all(other);
}

static void test_second(void)
{
    TestSMMU t, other;

    test_start(&t, true, "", ARGS);
    g_assert_cmpuint(extract32(reg(&t, t.base, SMMU_IDR1), 6, 5), ==, 16);
    g_assert_cmpuint(extract32(reg(&t, t.base, SMMU_IDR3), 8, 1), ==, 0);
    g_assert_cmpuint(extract32(reg(&t, PXB_SMMU, SMMU_IDR1), 6, 5), ==, 4);
    g_assert_cmpuint(extract32(reg(&t, PXB_SMMU, SMMU_IDR3), 8, 1), ==, 1);
    g_assert_cmpuint(extract32(reg(&t, PXB_SMMU, SMMU_IDR0), 0, 2), ==, 3);
    other_side(&t, &other);

    /* Each device has its own SMMU to complain to. */
    check(&other, PXB_BDF, C_BAD_STE);
    smmuv3_no_event(&t);
    check(&t, TEST_SID, C_BAD_STE);
    smmuv3_no_event(&other);

    /* A stream of the one isn't one of the other. */
    install_stream(&t);
    check(&t, TEST_SID, 0);
    check(&other, PXB_BDF, C_BAD_STE);

    copy_stream(&t, &other);
    check(&other, PXB_BDF, 0);

    /* Nor are its invalidations. */
    qtest_writeq(t.qts, other.strtab + PXB_BDF * 64, 0);
    smmuv3_invalidate_all(&t);
    check(&other, PXB_BDF, 0);
    smmuv3_invalidate_all(&other);
    check(&other, PXB_BDF, C_BAD_STE);
    check(&t, TEST_SID, 0);
    test_stop(&t);
}

/* Each SMMU gets its own state. */
static void test_migration(void)
{
    TestSMMU t, other;
    QTestState *to;

    test_start(&t, true, "", ARGS);
    other_side(&t, &other);
    install_stream(&t);
    copy_stream(&t, &other);
    check(&t, TEST_SID, 0);
    check(&other, PXB_BDF, 0);

    to = test_migrate(&t, ARGS);
    smmuv3_compare(&t, to);
    smmuv3_compare(&other, to);
    test_stop(&t);

    t.qts = to;
    other.qts = to;
    check(&t, TEST_SID, 0);
    check(&other, PXB_BDF, 0);
    qtest_writeq(t.qts, other.strtab + PXB_BDF * 64, 0);
    smmuv3_invalidate_all(&other);
    check(&other, PXB_BDF, C_BAD_STE);
    check(&t, TEST_SID, 0);
    test_stop(&t);
}

/* The device tree as a guest gets it */
static void *get_fdt(const char *machine, const char *args)
{
    QTestState *qts = qtest_initf("-machine virt,%s %s", machine, args);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("smmuv3-pxb.XXXXXX", &path, NULL);
    char *fdt;
    gsize size;

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    qtest_qmp_assert_success(qts, "{ 'execute': 'dumpdtb',"
                             " 'arguments': { 'filename': %s } }", path);
    qtest_quit(qts);
    g_assert_true(g_file_get_contents(path, &fdt, &size, NULL));
    unlink(path);
    g_assert_cmpint(fdt_check_header(fdt), ==, 0);
    return fdt;
}

/* The host bridge of a PCI domain */
static int find_bridge(const void *fdt, uint32_t domain)
{
    uint32_t cell = cpu_to_fdt32(domain);
    int node = fdt_node_offset_by_prop_value(fdt, -1, "linux,pci-domain", &cell,
                                             sizeof(cell));

    g_assert_cmpint(node, >=, 0);
    return node;
}

static uint32_t get_cell(const void *fdt, int node, const char *name, int i)
{
    int len;
    const fdt32_t *cells = fdt_getprop(fdt, node, name, &len);

    g_assert_nonnull(cells);
    g_assert_cmpint(len, >, i * 4);
    return fdt32_to_cpu(cells[i]);
}

static void check_buses(const void *fdt, int node, uint32_t first,
                        uint32_t last)
{
    const uint64_t size = (uint64_t)(last - first + 1) << 20;

    g_assert_cmphex(get_cell(fdt, node, "bus-range", 0), ==, first);
    g_assert_cmphex(get_cell(fdt, node, "bus-range", 1), ==, last);
    g_assert_cmphex(get_cell(fdt, node, "reg", 1), ==, 0x10000000 +
                    (first << 20));
    g_assert_cmphex(get_cell(fdt, node, "reg", 2), ==, size >> 32);
    g_assert_cmphex(get_cell(fdt, node, "reg", 3), ==, (uint32_t)size);
}

static void test_device_tree(void)
{
    g_autofree void *fdt = get_fdt("iommu=smmuv3", PXB SMMU ",ats=on");
    int machine = find_bridge(fdt, 0), pxb = find_bridge(fdt, 1);
    int smmu;

    check_buses(fdt, machine, 0, PXB_BUS - 1);
    check_buses(fdt, pxb, PXB_BUS, 0xff);

    /* To each its own */
    smmu = fdt_node_offset_by_phandle(fdt, get_cell(fdt, machine, "iommu-map",
                                                    1));
    g_assert_cmphex(get_cell(fdt, smmu, "reg", 1), ==, 0x09050000);
    g_assert_null(fdt_getprop(fdt, machine, "ats-supported", NULL));
    smmu = fdt_node_offset_by_phandle(fdt, get_cell(fdt, pxb, "iommu-map", 1));
    g_assert_cmphex(get_cell(fdt, smmu, "reg", 1), ==, PXB_SMMU);
    g_assert_nonnull(fdt_getprop(fdt, pxb, "ats-supported", NULL));
}

/* What bypasses an SMMU isn't said to be behind it. */
static void test_bypass(void)
{
    g_autofree void *fdt = get_fdt("iommu=smmuv3",
                                   PXB ",bypass_iommu=on" SMMU ",ats=on");
    int pxb = find_bridge(fdt, 1);

    check_buses(fdt, pxb, PXB_BUS, 0xff);
    g_assert_null(fdt_getprop(fdt, pxb, "iommu-map", NULL));
    g_assert_null(fdt_getprop(fdt, pxb, "ats-supported", NULL));
    g_assert_nonnull(fdt_getprop(fdt, find_bridge(fdt, 0), "iommu-map", NULL));
}

static void check_accepted(const char *args)
{
    qtest_quit(qtest_init(args));
}

/* QEMU says what is wrong, and that is that. Otherwise it exits with 0. */
static void check_refused(const char *args)
{
    g_autofree char *all = g_strdup_printf("%s -machine dumpdtb=/dev/null",
                                           args);
    QTestState *qts = qtest_init_with_env_and_capabilities(NULL, all, NULL,
                                                           false);

    qtest_set_expected_status(qts, EXIT_FAILURE);
    qtest_wait_qemu(qts);
    qtest_quit(qts);
}

/* A bus that there is no configuration space for, and the last that has it */
static void test_bus_number(void)
{
    check_refused("-machine virt,highmem-ecam=off "
                  "-device pxb-pcie,id=pcie.1,bus_nr=16" SMMU);
    check_accepted("-machine virt,highmem-ecam=off "
                   "-device pxb-pcie,id=pcie.1,bus_nr=15" SMMU);
}

/* Firmware would hand on ACPI tables that name the wrong SMMU. */
static void test_acpi(void)
{
    g_autofree char *path = NULL, *with = NULL, *without = NULL;
    int fd = g_file_open_tmp("smmuv3-pxb.XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, 4096), ==, 0);
    close(fd);
    with = g_strdup_printf("-machine virt -cpu cortex-a57 -bios %s " PXB SMMU,
                           path);
    without = g_strdup_printf("%s -machine acpi=off", with);
    check_refused(with);
    check_accepted(without);
    unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/smmuv3/pxb/bus-number", test_bus_number);
    qtest_add_func("/smmuv3/pxb/acpi", test_acpi);
    qtest_add_func("/smmuv3/pxb/device-tree", test_device_tree);
    qtest_add_func("/smmuv3/pxb/bypass", test_bypass);
    qtest_add_func("/smmuv3/pxb/second", test_second);
    qtest_add_func("/smmuv3/pxb/migration", test_migration);

    return g_test_run();
}
