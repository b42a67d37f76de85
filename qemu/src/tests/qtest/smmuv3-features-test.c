/*
 * QTest of the SMMUv3's ATS, S2FWB and MSI
 *
 * What is expected is Arm's IHI 0070, whose sections the tests name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-utils.h"

#define DEVICE          "-device pasid-dma,addr=1 "
#define GLOBAL(words)   DEVICE "-global arm-smmuv3." words

#define LEN             64
#define IOVA            0x12345000ULL
#define NO_MEMORY       (1ULL << 40)

#define CMD_ATC_INV     0x40
#define CMD_PRI_RESP    0x41
#define CMD_RESUME      0x44
#define CMD_STALL_TERM  0x45
#define CS_IRQ          (1 << 12)
#define CS_RESERVED     (3 << 12)

#define IRQ_CTRL_GERROR         BIT(0)
#define IRQ_CTRL_EVENTQ         BIT(2)
#define GERROR_MSI_CMDQ         BIT(4)
#define GERROR_MSI_EVENTQ       BIT(5)

static uint32_t reg(TestSMMU *t, uint32_t offset)
{
    return qtest_readl(t->qts, t->base + offset);
}

/* A stream of both stages that maps IOVA */
static void start(TestSMMU *t, const char *args)
{
    TestStage1 s1 = { .config = STE_CONFIG_NESTED };
    uint64_t table;

    test_start(t, true, "", args);
    smmuv3_use_stage2(t);
    table = stage1_table(t);
    stage1_map(t, table, IOVA, vm_alloc(t, TEST_PAGE));
    s1.table = cd_table(t, S1FMT_LINEAR, 0);
    cd_write(t, s1.table, table, 1);
    ste_install(t, &s1);
}

static void check_transfer(TestSMMU *t, uint8_t type)
{
    TestEvent e;

    g_assert_cmpuint(pasid_dma(t, true, IOVA, LEN, NO_PASID), ==,
                     type ? PASID_DMA_RESULT_ABORT : PASID_DMA_RESULT_OK);
    if (type) {
        g_assert_true(smmuv3_event(t, &e));
        g_assert_cmphex(e.type, ==, type);
    }
    smmuv3_no_event(t);
}

/* 6.3.1, 6.3.2, 6.3.4. With no property all is as it has been. */
static void test_id_registers(void)
{
    static const struct {
        const char *args;
        uint32_t idr0, idr1, idr3;
    } expected[] = {
        { DEVICE, 0, 0, 0 },
        { GLOBAL("ssidsize=0"), 0, 0, 0 },
        { GLOBAL("ssidsize=16"), BIT(19), 16 << 6, 0 },
        { GLOBAL("ats=on"), BIT(10) | BIT(11), 0, 0 },
        { GLOBAL("s2fwb=on"), 0, 0, BIT(8) },
        { GLOBAL("msi=on"), BIT(13), 0, 0 },
    };
    TestSMMU t;
    int i;

    for (i = 0; i < ARRAY_SIZE(expected); i++) {
        test_start(&t, true, "", expected[i].args);
        g_assert_cmphex(reg(&t, SMMU_IDR0), ==, 0x0d44101b | expected[i].idr0);
        g_assert_cmphex(reg(&t, SMMU_IDR1), ==, 0x02730010 | expected[i].idr1);
        g_assert_cmphex(reg(&t, SMMU_IDR3), ==, 0x1414 | expected[i].idr3);
        test_stop(&t);
    }
}

/* 5.2 EATS, with IDR0.NS1ATS and without IDR3.DPT */
static void test_eats(void)
{
    static const uint8_t events[] = { 0, 0, C_BAD_STE, 0 };
    TestSMMU t;
    int eats;

    start(&t, GLOBAL("ats=on"));
    for (eats = 0; eats < ARRAY_SIZE(events); eats++) {
        set_field(&t, ste_addr(&t, 1), 28, 2, eats);
        check_transfer(&t, events[eats]);
    }
    test_stop(&t);

    start(&t, DEVICE);
    for (eats = 0; eats < ARRAY_SIZE(events); eats++) {
        set_field(&t, ste_addr(&t, 1), 28, 2, eats);
        check_transfer(&t, 0);
    }
    test_stop(&t);
}

/* 4.5.1: what the trace says, which is all that there is of it */
static void test_atc_inv(void)
{
    g_autofree char *path = NULL, *args = NULL, *text = NULL;
    TestSMMU t;
    int fd = g_file_open_tmp("smmuv3-atc-inv.XXXXXX", &path, NULL);
    const uint64_t cmd = CMD_ATC_INV | (uint64_t)TEST_SID << 32;

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    args = g_strdup_printf("%s -global arm-smmuv3.ats=on -D %s "
                           "-trace smmuv3_cmdq_atc_inv",
                           GLOBAL("ssidsize=16"), path);
    start(&t, args);
    smmuv3_cmd(&t, cmd, 0x12345000);
    smmuv3_cmd(&t, cmd | 5 << 12 | 1 << 9, 0x12345000 | 4);
    smmuv3_cmd(&t, cmd | 5 << 12 | 1 << 11, 0x12345000 | 52);
    smmuv3_cmd(&t, cmd | 0xfffffULL << 12 | 1 << 11 | 1 << 9, 51);
    qtest_writel(t.qts, t.base + SMMU_CR0, 0xc);
    smmuv3_cmd(&t, cmd, 0xbad000);      /* ignored while the SMMU is off */
    smmuv3_cmd_illegal(&t, cmd, 53);
    test_stop(&t);

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    unlink(path);
    g_assert_nonnull(strstr(text, "sid=0x8 ssv=0 ssid=0x0 global=0 "
                            "addr=0x12345000 size=0x1000\n"));
    g_assert_nonnull(strstr(text, "sid=0x8 ssv=0 ssid=0x0 global=0 "
                            "addr=0x12340000 size=0x10000\n"));
    g_assert_nonnull(strstr(text, "sid=0x8 ssv=1 ssid=0x5 global=0 "
                            "addr=0x0 size=0x0\n"));
    g_assert_nonnull(strstr(text, "sid=0x8 ssv=1 ssid=0xfffff global=1 "
                            "addr=0x0 size=0x8000000000000000\n"));
    g_assert_null(strstr(text, "bad000"));
}

/*
 * 5.2 S2FWB. It is accepted; besides IDR3.FWB there is nothing to see of it,
 * since there are no caches.
 */
static void test_s2fwb(void)
{
    TestSMMU t;

    start(&t, GLOBAL("s2fwb=on"));
    set_field(&t, ste_addr(&t, 1), 25, 1, 1);
    check_transfer(&t, 0);
    test_stop(&t);
}

/*
 * With no property, commands of what IDR0 says isn't there are ignored. The
 * architecture has CERROR_ILL for them, but this is what there has always been.
 */
static void test_default_commands(void)
{
    static const uint64_t commands[] = {
        CMD_ATC_INV, CMD_PRI_RESP, CMD_RESUME, CMD_STALL_TERM,
    };
    TestSMMU t;
    int i;

    start(&t, DEVICE);
    for (i = 0; i < ARRAY_SIZE(commands); i++) {
        smmuv3_cmd(&t, commands[i] | (uint64_t)TEST_SID << 32, 53);
    }
    check_transfer(&t, 0);
    test_stop(&t);
}

static void sync_irq(TestSMMU *t, uint64_t addr, uint32_t data)
{
    smmuv3_cmd(t, CMD_SYNC | CS_IRQ | (uint64_t)data << 32, addr);
}

/* 4.7.3 */
static void test_msi_sync(void)
{
    uint64_t addr;
    TestSMMU t;

    start(&t, GLOBAL("msi=on"));
    addr = test_alloc(&t, TEST_PAGE);
    qtest_writeq(t.qts, addr, -1ULL);
    smmuv3_cmd(&t, CMD_SYNC | 0x1234ULL << 32, addr);
    sync_irq(&t, 0, 0x5678);
    g_assert_cmphex(qtest_readq(t.qts, addr), ==, -1ULL);
    sync_irq(&t, addr, 0);
    g_assert_cmphex(qtest_readq(t.qts, addr), ==, 0xffffffff00000000ULL);
    sync_irq(&t, addr + 4, 0x9abc);
    g_assert_cmphex(qtest_readq(t.qts, addr), ==, 0x9abc00000000ULL);
    smmuv3_no_event(&t);
    sync_irq(&t, NO_MEMORY, 1);
    g_assert_cmphex(reg(&t, SMMU_GERROR), ==, GERROR_MSI_CMDQ);
    test_stop(&t);

    /* MSIAddress is ignored if there are none. */
    start(&t, DEVICE);
    addr = test_alloc(&t, TEST_PAGE);
    sync_irq(&t, addr, 0x1234);
    g_assert_cmphex(qtest_readq(t.qts, addr), ==, 0);
    test_stop(&t);
}

/* A reserved completion signal is none, and no message is written: 4.7.3 */
static void test_sync_reserved(void)
{
    uint64_t addr;
    TestSMMU t;

    start(&t, GLOBAL("msi=on"));
    addr = test_alloc(&t, TEST_PAGE);
    smmuv3_cmd_illegal(&t, CMD_SYNC | CS_RESERVED | 0x1234ULL << 32, addr);
    g_assert_cmphex(qtest_readl(t.qts, addr), ==, 0);
    check_transfer(&t, 0);
    test_stop(&t);
}

/* 3.18.2 */
static void test_msi_registers(void)
{
    uint64_t addr;
    TestSMMU t;

    start(&t, GLOBAL("msi=on"));
    addr = test_alloc(&t, TEST_PAGE);
    qtest_writeq(t.qts, t.base + SMMU_EVENTQ_IRQ_CFG0, addr);
    qtest_writel(t.qts, t.base + SMMU_EVENTQ_IRQ_CFG1, 0x11);
    qtest_writeq(t.qts, t.base + SMMU_GERROR_IRQ_CFG0, addr + 8);
    qtest_writel(t.qts, t.base + SMMU_GERROR_IRQ_CFG1, 0x22);
    g_assert_cmphex(qtest_readq(t.qts, t.base + SMMU_EVENTQ_IRQ_CFG0), ==,
                    addr);
    g_assert_cmphex(reg(&t, SMMU_EVENTQ_IRQ_CFG0), ==, addr);
    g_assert_cmphex(reg(&t, SMMU_EVENTQ_IRQ_CFG0 + 4), ==, 0);
    g_assert_cmphex(reg(&t, SMMU_EVENTQ_IRQ_CFG1), ==, 0x11);
    qtest_writel(t.qts, t.base + SMMU_EVENTQ_IRQ_CFG2, 0x33);
    g_assert_cmphex(reg(&t, SMMU_EVENTQ_IRQ_CFG2), ==, 0x33);
    qtest_writel(t.qts, t.base + SMMU_EVENTQ_IRQ_CFG0 + 4, 0x44);
    g_assert_cmphex(reg(&t, SMMU_EVENTQ_IRQ_CFG0 + 4), ==, 0x44);
    qtest_writel(t.qts, t.base + SMMU_EVENTQ_IRQ_CFG0 + 4, 0);

    set_field(&t, ste_addr(&t, 0), 0, 1, 0);
    check_transfer(&t, C_BAD_STE);
    g_assert_cmphex(qtest_readq(t.qts, addr), ==, 0);

    qtest_writel(t.qts, t.base + SMMU_IRQ_CTRL,
                 IRQ_CTRL_GERROR | IRQ_CTRL_EVENTQ);
    check_transfer(&t, C_BAD_STE);
    g_assert_cmphex(qtest_readq(t.qts, addr), ==, 0x11);
    g_assert_cmphex(qtest_readq(t.qts, addr + 8), ==, 0);

    qtest_writeq(t.qts, t.base + SMMU_EVENTQ_IRQ_CFG0, NO_MEMORY);
    g_assert_cmpuint(pasid_dma(&t, true, IOVA, LEN, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_cmphex(reg(&t, SMMU_GERROR), ==, GERROR_MSI_EVENTQ);
    g_assert_cmphex(qtest_readq(t.qts, addr + 8), ==, 0x22);
    test_stop(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/smmuv3/features/id-registers", test_id_registers);
    qtest_add_func("/smmuv3/features/default-commands", test_default_commands);
    qtest_add_func("/smmuv3/features/eats", test_eats);
    qtest_add_func("/smmuv3/features/atc-inv", test_atc_inv);
    qtest_add_func("/smmuv3/features/s2fwb", test_s2fwb);
    qtest_add_func("/smmuv3/features/msi-sync", test_msi_sync);
    qtest_add_func("/smmuv3/features/sync-reserved", test_sync_reserved);
    qtest_add_func("/smmuv3/features/msi-registers", test_msi_registers);

    return g_test_run();
}
