/*
 * QTest of the pasid-dma device alone, without an IOMMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "smmuv3-utils.h"

#define DEVICE      "-device pasid-dma,addr=1"

#define PATTERN     0x1122334455667788ULL
#define OTHER       0xa5a5a5a5a5a5a5a5ULL

static uint64_t config(int offset)
{
    return test_config(TEST_DEVFN) + offset;
}

static uint8_t find_cap(TestSMMU *t, uint8_t id)
{
    uint8_t pos = qtest_readb(t->qts, config(PCI_CAPABILITY_LIST));

    while (pos && qtest_readb(t->qts, config(pos)) != id) {
        pos = qtest_readb(t->qts, config(pos + PCI_CAP_LIST_NEXT));
    }
    g_assert_cmpuint(pos, !=, 0);
    return pos;
}

static void flr(TestSMMU *t)
{
    uint8_t exp = find_cap(t, PCI_CAP_ID_EXP);
    uint32_t devcap = qtest_readl(t->qts, config(exp + PCI_EXP_DEVCAP));
    int i, bars[6];

    g_assert_cmphex(devcap & PCI_EXP_DEVCAP_FLR, !=, 0);
    for (i = 0; i < ARRAY_SIZE(bars); i++) {
        bars[i] = qtest_readl(t->qts, config(PCI_BASE_ADDRESS_0 + i * 4));
    }
    qtest_writew(t->qts, config(exp + PCI_EXP_DEVCTL), PCI_EXP_DEVCTL_BCR_FLR);
    for (i = 0; i < ARRAY_SIZE(bars); i++) {
        qtest_writel(t->qts, config(PCI_BASE_ADDRESS_0 + i * 4), bars[i]);
    }
    qtest_writew(t->qts, config(PCI_COMMAND),
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void test_registers(void)
{
    static const struct {
        uint32_t reg, written, read;
    } regs[] = {
        { PASID_DMA_ID, 0, PASID_DMA_ID_VALUE },
        { PASID_DMA_FEATURES, 0, 4 << 16 | 16 << 8 | 16 },
        { PASID_DMA_IOVA, 0x89abcdef, 0x89abcdef },
        { PASID_DMA_IOVA + 4, 0x01234567, 0x01234567 },
        { PASID_DMA_OFFSET, UINT32_MAX, UINT32_MAX },
        { PASID_DMA_LENGTH, UINT32_MAX, UINT32_MAX },
        { PASID_DMA_PASID, UINT32_MAX,
          PASID_DMA_PASID_VALID | PASID_DMA_PASID_MASK },
        { PASID_DMA_VECTOR, UINT32_MAX, UINT32_MAX },
        { PASID_DMA_PERIOD, 0, 1 },
        { PASID_DMA_REQUEST, 0, 4 },
        { PASID_DMA_REQUEST, UINT32_MAX, 4096 },
        { PASID_DMA_REQUEST, 1023, 512 },
        { PASID_DMA_COMMAND, ~PASID_DMA_COMMAND_START,
          PASID_DMA_COMMAND_MASK & ~PASID_DMA_COMMAND_START },
        { PASID_DMA_RESULT, 1, PASID_DMA_RESULT_NONE },
        { PASID_DMA_DONE, 1, 0 },
        { PASID_DMA_SUCCEEDED, 1, 0 },
        { PASID_DMA_FAILED, 1, 0 },
        { PASID_DMA_TRANSLATION, 1, 0 },
        { PASID_DMA_TRANSLATION + 4, 1, 0 },
        { PASID_DMA_GRANT, 1, 0 },
        { PASID_DMA_REGS_SIZE - 4, 1, 0 },
    };
    TestSMMU t;
    int i;

    test_start(&t, false, "", DEVICE);
    for (i = 0; i < ARRAY_SIZE(regs); i++) {
        pasid_dma_set(&t, regs[i].reg, regs[i].written);
        g_assert_cmphex(pasid_dma_reg(&t, regs[i].reg), ==, regs[i].read);
    }
    qtest_writeq(t.qts, t.regs + PASID_DMA_IOVA, PATTERN);
    g_assert_cmphex(qtest_readq(t.qts, t.regs + PASID_DMA_IOVA), ==, PATTERN);
    test_stop(&t);
}

static void test_capabilities(void)
{
    TestSMMU t;
    uint16_t pos;

    test_start(&t, false, "", DEVICE);
    pos = test_ext_cap(&t, TEST_DEVFN, PCI_EXT_CAP_ID_PASID);
    g_assert_cmpuint(pos, !=, 0);
    g_assert_cmphex(qtest_readw(t.qts, config(pos + PCI_PASID_CAP)), ==,
                    16 << 8);
    qtest_writew(t.qts, config(pos + PCI_PASID_CTRL), 0xffff);
    g_assert_cmphex(qtest_readw(t.qts, config(pos + PCI_PASID_CTRL)), ==,
                    PCI_PASID_CTRL_ENABLE);
    g_assert_cmpuint(test_ext_cap(&t, TEST_DEVFN, PCI_EXT_CAP_ID_ATS), ==, 0);
    test_stop(&t);

    test_start(&t, false, "", DEVICE ",pasid-width=0,ats=on");
    g_assert_cmpuint(test_ext_cap(&t, TEST_DEVFN, PCI_EXT_CAP_ID_PASID), ==, 0);
    pos = test_ext_cap(&t, TEST_DEVFN, PCI_EXT_CAP_ID_ATS);
    g_assert_cmpuint(pos, !=, 0);
    qtest_writew(t.qts, config(pos + PCI_ATS_CTRL), PCI_ATS_CTRL_ENABLE);
    g_assert_cmphex(qtest_readw(t.qts, config(pos + PCI_ATS_CTRL)), ==,
                    PCI_ATS_CTRL_ENABLE);
    flr(&t);
    g_assert_cmphex(qtest_readw(t.qts, config(pos + PCI_ATS_CTRL)), ==, 0);
    test_stop(&t);
}

static void test_transfer(void)
{
    uint64_t mem;
    TestSMMU t;
    int i;

    test_start(&t, false, "", DEVICE);
    mem = test_alloc(&t, PASID_DMA_BUFFER_SIZE * 2) + 0xff8;

    for (i = 0; i < PASID_DMA_BUFFER_SIZE; i += 8) {
        qtest_writeq(t.qts, t.buffer + i, PATTERN + i);
    }
    g_assert_cmpuint(pasid_dma(&t, true, mem, PASID_DMA_BUFFER_SIZE, NO_PASID),
                     ==, PASID_DMA_RESULT_OK);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_DONE), ==,
                    PASID_DMA_BUFFER_SIZE);
    g_assert_cmphex(qtest_readq(t.qts, mem - 8), ==, 0);
    for (i = 0; i < PASID_DMA_BUFFER_SIZE; i += 8) {
        g_assert_cmphex(qtest_readq(t.qts, mem + i), ==, PATTERN + i);
    }
    g_assert_cmphex(qtest_readq(t.qts, mem + i), ==, 0);

    qtest_writeq(t.qts, mem, OTHER);
    pasid_dma_set(&t, PASID_DMA_OFFSET, 0x1234);
    g_assert_cmpuint(pasid_dma(&t, false, mem, 7, NO_PASID), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readl(t.qts, t.buffer + 0x1234), ==,
                    (uint32_t)OTHER);
    g_assert_cmphex(qtest_readb(t.qts, t.buffer + 0x123a), ==, 0xa5);
    g_assert_cmphex(qtest_readb(t.qts, t.buffer + 0x123b), ==,
                    extract64(PATTERN + 0x1238, 24, 8));
    g_assert_cmpuint(pasid_dma_reg(&t, PASID_DMA_SUCCEEDED), ==, 2);
    g_assert_cmpuint(pasid_dma_reg(&t, PASID_DMA_FAILED), ==, 0);
    test_stop(&t);
}

/* The last page of the machine's memory, and nothing after it */
static void test_abort(void)
{
    uint64_t last = 0x40000000 + 0x10000000 - 0x1000;
    TestSMMU t;

    test_start(&t, false, "", DEVICE);
    g_assert_cmpuint(pasid_dma(&t, true, last, 0x3000, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_DONE), ==, 0x1000);
    g_assert_cmpuint(pasid_dma_reg(&t, PASID_DMA_FAILED), ==, 1);

    /* The other way round, in many requests: the second half succeeds. */
    pasid_dma_set(&t, PASID_DMA_REQUEST, 64);
    qtest_writeq(t.qts, t.regs + PASID_DMA_IOVA, 0x40000000 - 0x1000);
    pasid_dma_set(&t, PASID_DMA_LENGTH, 0x2000);
    pasid_dma_set(&t, PASID_DMA_COMMAND,
                  PASID_DMA_COMMAND_START | PASID_DMA_COMMAND_GO_ON);
    g_assert_cmpuint(pasid_dma_reg(&t, PASID_DMA_RESULT), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_DONE), ==, 0x1000);

    qtest_writew(t.qts, config(PCI_COMMAND), PCI_COMMAND_MEMORY);
    g_assert_cmpuint(pasid_dma(&t, false, last, 8, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_DONE), ==, 0);
    test_stop(&t);
}

static void test_bounds(void)
{
    static const struct {
        uint64_t iova;
        uint32_t offset, length, result;
    } tries[] = {
        { 0x41000000, 0, 0, PASID_DMA_RESULT_BAD_RANGE },
        { 0x41000000, 0, 0x10001, PASID_DMA_RESULT_BAD_RANGE },
        { 0x41000000, 1, 0x10000, PASID_DMA_RESULT_BAD_RANGE },
        { 0x41000000, 0x10000, 1, PASID_DMA_RESULT_BAD_RANGE },
        { 0x41000000, 0xffff, 2, PASID_DMA_RESULT_BAD_RANGE },
        { 0x41000000, UINT32_MAX, 2, PASID_DMA_RESULT_BAD_RANGE },
        { 0x41000000, 2, UINT32_MAX, PASID_DMA_RESULT_BAD_RANGE },
        { UINT64_MAX, 0, 2, PASID_DMA_RESULT_BAD_RANGE },
        { UINT64_MAX - 0xffff, 0, 0x10000, PASID_DMA_RESULT_ABORT },
        { UINT64_MAX, 0xffff, 1, PASID_DMA_RESULT_ABORT },
        { 0x41000000, 0xffff, 1, PASID_DMA_RESULT_OK },
        { 0x41000000, 0, 0x10000, PASID_DMA_RESULT_OK },
    };
    TestSMMU t;
    int i, dir;

    test_start(&t, false, "", DEVICE);
    for (i = 0; i < ARRAY_SIZE(tries); i++) {
        for (dir = 0; dir < 2; dir++) {
            pasid_dma_set(&t, PASID_DMA_OFFSET, tries[i].offset);
            g_assert_cmpuint(pasid_dma(&t, dir, tries[i].iova, tries[i].length,
                                       NO_PASID), ==, tries[i].result);
        }
    }
    test_stop(&t);
}

static void test_pasid(void)
{
    uint64_t mem;
    TestSMMU t;

    test_start(&t, false, "", DEVICE ",pasid-width=12");
    mem = test_alloc(&t, TEST_PAGE);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 1), ==,
                     PASID_DMA_RESULT_PASID_OFF);
    test_enable_pasid(&t, true);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 0), ==, PASID_DMA_RESULT_OK);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 0xfff), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 0x1000), ==,
                     PASID_DMA_RESULT_BAD_PASID);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 0xfffff), ==,
                     PASID_DMA_RESULT_BAD_PASID);
    test_enable_pasid(&t, false);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 0), ==,
                     PASID_DMA_RESULT_PASID_OFF);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, NO_PASID), ==,
                     PASID_DMA_RESULT_OK);
    test_stop(&t);

    test_start(&t, false, "", DEVICE ",pasid-width=0");
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 0), ==,
                     PASID_DMA_RESULT_PASID_OFF);
    test_stop(&t);
}

/* What needs ATS is refused without. Where there is no IOMMU, there is none. */
static void test_ats(void)
{
    uint64_t mem;
    TestSMMU t;

    test_start(&t, false, "", DEVICE);
    mem = test_alloc(&t, TEST_PAGE);
    g_assert_cmpuint(pasid_dma_translate(&t, true, mem, NO_PASID), ==,
                     PASID_DMA_RESULT_ATS_OFF);
    g_assert_cmpuint(pasid_dma_translated(&t, true, mem, 8, NO_PASID), ==,
                     PASID_DMA_RESULT_ATS_OFF);
    test_stop(&t);

    test_start(&t, false, "", DEVICE ",ats=on");
    g_assert_cmpuint(pasid_dma_translate(&t, true, mem, NO_PASID), ==,
                     PASID_DMA_RESULT_ATS_OFF);
    g_assert_cmpuint(pasid_dma_translated(&t, true, mem, 8, NO_PASID), ==,
                     PASID_DMA_RESULT_ATS_OFF);
    test_enable_ats(&t, true);
    g_assert_cmpuint(pasid_dma_translate(&t, true, mem, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_GRANT), ==, 0);
    g_assert_cmpuint(pasid_dma_translate(&t, true, mem, 1), ==,
                     PASID_DMA_RESULT_PASID_OFF);
    g_assert_cmpuint(pasid_dma_translated(&t, true, mem, 8, NO_PASID), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmpuint(pasid_dma_translated(&t, true, mem, 0, NO_PASID), ==,
                     PASID_DMA_RESULT_BAD_RANGE);
    flr(&t);
    g_assert_cmpuint(pasid_dma_translate(&t, true, mem, NO_PASID), ==,
                     PASID_DMA_RESULT_ATS_OFF);
    test_stop(&t);
}

static void test_flr(void)
{
    uint64_t mem;
    TestSMMU t;

    test_start(&t, false, "", DEVICE);
    mem = test_alloc(&t, TEST_PAGE);
    test_enable_pasid(&t, true);
    qtest_writeq(t.qts, t.buffer, PATTERN);
    pasid_dma_set(&t, PASID_DMA_PERIOD, 7);
    pasid_dma_set(&t, PASID_DMA_LENGTH, 8);
    qtest_writeq(t.qts, t.regs + PASID_DMA_IOVA, mem);
    pasid_dma_set(&t, PASID_DMA_COMMAND, PASID_DMA_COMMAND_START |
                  PASID_DMA_COMMAND_TO_MEMORY | PASID_DMA_COMMAND_REPEAT);
    g_assert_cmphex(qtest_readq(t.qts, mem), ==, PATTERN);

    flr(&t);
    qtest_writeq(t.qts, mem, OTHER);
    qtest_clock_step(t.qts, 1000000);
    g_assert_cmphex(qtest_readq(t.qts, mem), ==, OTHER);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_COMMAND), ==, 0);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_RESULT), ==,
                    PASID_DMA_RESULT_NONE);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_IOVA), ==, 0);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_PERIOD), ==,
                    PASID_DMA_DEFAULT_PERIOD);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_SUCCEEDED), ==, 0);
    g_assert_cmphex(qtest_readq(t.qts, t.buffer), ==, 0);
    g_assert_cmpuint(pasid_dma(&t, true, mem, 8, 0), ==,
                     PASID_DMA_RESULT_PASID_OFF);
    test_stop(&t);
}

static void msix_setup(TestSMMU *t, uint64_t mem)
{
    uint8_t msix = find_cap(t, PCI_CAP_ID_MSIX);
    int i;

    g_assert_cmpuint(qtest_readw(t->qts, config(msix + PCI_MSIX_FLAGS)) &
                     PCI_MSIX_FLAGS_QSIZE, ==, PASID_DMA_VECTORS - 1);
    for (i = 0; i < PASID_DMA_VECTORS; i++) {
        uint64_t entry = t->msix + i * PCI_MSIX_ENTRY_SIZE;

        qtest_writeq(t->qts, entry + PCI_MSIX_ENTRY_LOWER_ADDR, mem + i * 4);
        qtest_writel(t->qts, entry + PCI_MSIX_ENTRY_DATA, 0x100 + i);
        qtest_writel(t->qts, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    }
    qtest_writew(t->qts, config(msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
}

/* A message is a write, which is to land in memory here. */
static void test_msix(void)
{
    uint64_t mem;
    TestSMMU t;
    int i, vector;

    test_start(&t, false, "", DEVICE);
    mem = test_alloc(&t, TEST_PAGE);
    msix_setup(&t, mem);

    for (vector = 0; vector < PASID_DMA_VECTORS + 2; vector++) {
        qtest_memset(t.qts, mem, 0, TEST_PAGE);
        pasid_dma_set(&t, PASID_DMA_INTERRUPT, vector);
        for (i = 0; i < PASID_DMA_VECTORS; i++) {
            g_assert_cmphex(qtest_readl(t.qts, mem + i * 4), ==,
                            i == vector ? 0x100 + i : 0);
        }
    }

    pasid_dma_set(&t, PASID_DMA_VECTOR, 2);
    g_assert_cmpuint(pasid_dma(&t, true, mem + 0x800, 8, NO_PASID), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readl(t.qts, mem + 8), ==, 0);
    pasid_dma_set(&t, PASID_DMA_COMMAND,
                  PASID_DMA_COMMAND_START | PASID_DMA_COMMAND_INTERRUPT);
    g_assert_cmphex(qtest_readl(t.qts, mem + 8), ==, 0x102);

    qtest_writel(t.qts, mem + 8, 0);
    pasid_dma_set(&t, PASID_DMA_VECTOR, UINT32_MAX);
    pasid_dma_set(&t, PASID_DMA_COMMAND,
                  PASID_DMA_COMMAND_START | PASID_DMA_COMMAND_INTERRUPT);
    pasid_dma_set(&t, PASID_DMA_INTERRUPT, UINT32_MAX);
    for (i = 0; i < PASID_DMA_VECTORS; i++) {
        g_assert_cmphex(qtest_readl(t.qts, mem + i * 4), ==, 0);
    }
    test_stop(&t);
}

/* The bottom half runs some time after the clock was stepped. */
static uint32_t step_until(TestSMMU *t, uint32_t reg, uint32_t least)
{
    int i;

    qtest_clock_step(t->qts, 10000);
    for (i = 0; i < 10000 && pasid_dma_reg(t, reg) < least; i++) {
        g_usleep(100);
    }
    return pasid_dma_reg(t, reg);
}

static void test_repeat(void)
{
    uint64_t mem;
    TestSMMU t;
    uint32_t n;

    test_start(&t, false, "", DEVICE);
    mem = test_alloc(&t, TEST_PAGE);
    qtest_writeq(t.qts, t.regs + PASID_DMA_IOVA, mem);
    pasid_dma_set(&t, PASID_DMA_LENGTH, 8);
    pasid_dma_set(&t, PASID_DMA_PERIOD, 10);
    pasid_dma_set(&t, PASID_DMA_COMMAND, PASID_DMA_COMMAND_START |
                  PASID_DMA_COMMAND_TO_MEMORY | PASID_DMA_COMMAND_REPEAT);
    for (n = 1; n < 5; n++) {
        g_assert_cmpuint(pasid_dma_reg(&t, PASID_DMA_SUCCEEDED), ==, n);
        qtest_writeq(t.qts, t.buffer, PATTERN + n);
        g_assert_cmpuint(step_until(&t, PASID_DMA_SUCCEEDED, n + 1), ==, n + 1);
        g_assert_cmphex(qtest_readq(t.qts, mem), ==, PATTERN + n);
    }

    pasid_dma_set(&t, PASID_DMA_LENGTH, 16);
    g_assert_cmpuint(pasid_dma_reg(&t, PASID_DMA_LENGTH), ==, 8);
    qtest_writew(t.qts, config(PCI_COMMAND), PCI_COMMAND_MEMORY);
    g_assert_cmpuint(step_until(&t, PASID_DMA_FAILED, 1), ==, 1);
    g_assert_cmpuint(step_until(&t, PASID_DMA_FAILED, 2), ==, 2);
    qtest_writew(t.qts, config(PCI_COMMAND),
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_assert_cmpuint(step_until(&t, PASID_DMA_SUCCEEDED, n + 1), ==, n + 1);

    pasid_dma_set(&t, PASID_DMA_COMMAND, 0);
    qtest_clock_step(t.qts, 1000000);
    g_assert_cmpuint(pasid_dma_reg(&t, PASID_DMA_SUCCEEDED), ==, n + 1);

    /* What is refused isn't repeated. */
    pasid_dma_set(&t, PASID_DMA_LENGTH, 0);
    pasid_dma_set(&t, PASID_DMA_COMMAND, PASID_DMA_COMMAND_START |
                  PASID_DMA_COMMAND_TO_MEMORY | PASID_DMA_COMMAND_REPEAT);
    g_assert_cmphex(pasid_dma_reg(&t, PASID_DMA_COMMAND) &
                    PASID_DMA_COMMAND_START, ==, 0);
    test_stop(&t);
}

/* A transfer to the COMMAND register would start another inside itself. */
static void test_itself(void)
{
    TestSMMU t;
    int i;

    test_start(&t, false, "", DEVICE);
    qtest_writel(t.qts, t.buffer, PASID_DMA_COMMAND_START |
                 PASID_DMA_COMMAND_TO_MEMORY);
    g_assert_cmpuint(pasid_dma(&t, true, t.regs + PASID_DMA_COMMAND, 4,
                               NO_PASID), ==, PASID_DMA_RESULT_ABORT);
    g_assert_cmpuint(pasid_dma(&t, true, t.msix, 16, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);

    pasid_dma_set(&t, PASID_DMA_PERIOD, 10);
    qtest_writeq(t.qts, t.regs + PASID_DMA_IOVA, t.regs + PASID_DMA_COMMAND);
    pasid_dma_set(&t, PASID_DMA_LENGTH, 4);
    pasid_dma_set(&t, PASID_DMA_COMMAND, PASID_DMA_COMMAND_START |
                  PASID_DMA_COMMAND_TO_MEMORY | PASID_DMA_COMMAND_REPEAT);
    g_assert_cmpuint(step_until(&t, PASID_DMA_FAILED, 4), ==, 4);
    g_assert_cmpuint(step_until(&t, PASID_DMA_FAILED, 5), ==, 5);
    pasid_dma_set(&t, PASID_DMA_COMMAND, 0);

    /* Its reset through configuration space, in the middle of a transfer */
    qtest_writew(t.qts, t.buffer, PCI_EXP_DEVCTL_BCR_FLR);
    qtest_writeq(t.qts, t.regs + PASID_DMA_IOVA,
                 config(find_cap(&t, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL));
    pasid_dma_set(&t, PASID_DMA_LENGTH, 2);
    pasid_dma_set(&t, PASID_DMA_COMMAND, PASID_DMA_COMMAND_START |
                  PASID_DMA_COMMAND_TO_MEMORY | PASID_DMA_COMMAND_REPEAT);
    g_assert_cmphex(qtest_readw(t.qts, config(PCI_COMMAND)), ==, 0);
    qtest_clock_step(t.qts, 1000000);
    qtest_writel(t.qts, config(PCI_BASE_ADDRESS_0), t.regs);
    qtest_writew(t.qts, config(PCI_COMMAND), PCI_COMMAND_MEMORY);
    for (i = PASID_DMA_COMMAND; i < PASID_DMA_REQUEST; i += 4) {
        g_assert_cmphex(pasid_dma_reg(&t, i), ==, i == PASID_DMA_PERIOD ?
                        PASID_DMA_DEFAULT_PERIOD : 0);
    }
    test_stop(&t);
}

/* The buffer is memory too. Parts of it are moved, even if they overlap. */
static void test_overlap(void)
{
    static const struct {
        uint32_t from, to;
    } moves[] = {
        { 8, 0 }, { 0, 8 }, { 0x108, 0x20 }, { 0x20, 0x108 }, { 8, 0x4000 },
    };
    const uint32_t len = 0xe00;
    TestSMMU t;
    int i, dir;
    uint32_t pos;

    test_start(&t, false, "", DEVICE);
    for (i = 0; i < ARRAY_SIZE(moves); i++) {
        for (dir = 0; dir < 2; dir++) {
            for (pos = 0; pos < 0x1000; pos += 8) {
                qtest_writeq(t.qts, t.buffer + pos, PATTERN + pos);
            }
            pasid_dma_set(&t, PASID_DMA_OFFSET,
                          dir ? moves[i].from : moves[i].to);
            g_assert_cmpuint(pasid_dma(&t, dir, t.buffer +
                                       (dir ? moves[i].to : moves[i].from),
                                       len, NO_PASID), ==,
                             PASID_DMA_RESULT_OK);
            for (pos = 0; pos < len; pos += 8) {
                g_assert_cmphex(qtest_readq(t.qts, t.buffer + moves[i].to +
                                            pos), ==,
                                PATTERN + moves[i].from + pos);
            }
        }
    }
    test_stop(&t);
}

static void test_bad_width(void)
{
    const char *out = "pasid-width is 21, but a PASID has 20 bits at most";
    QTestState *qts = qtest_init("-machine virt -device pcie-root-port,id=rp");
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'device_add', 'arguments': {"
                           " 'driver': 'pasid-dma', 'bus': 'rp',"
                           " 'pasid-width': 21 } }");

    g_assert_cmpstr(qdict_get_str(qdict_get_qdict(rsp, "error"), "desc"), ==,
                    out);
    qobject_unref(rsp);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/pasid-dma/registers", test_registers);
    qtest_add_func("/pasid-dma/capabilities", test_capabilities);
    qtest_add_func("/pasid-dma/transfer", test_transfer);
    qtest_add_func("/pasid-dma/abort", test_abort);
    qtest_add_func("/pasid-dma/bounds", test_bounds);
    qtest_add_func("/pasid-dma/pasid", test_pasid);
    qtest_add_func("/pasid-dma/ats", test_ats);
    qtest_add_func("/pasid-dma/flr", test_flr);
    qtest_add_func("/pasid-dma/msix", test_msix);
    qtest_add_func("/pasid-dma/repeat", test_repeat);
    qtest_add_func("/pasid-dma/itself", test_itself);
    qtest_add_func("/pasid-dma/overlap", test_overlap);
    qtest_add_func("/pasid-dma/bad-width", test_bad_width);

    return g_test_run();
}
