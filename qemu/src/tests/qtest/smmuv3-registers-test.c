/*
 * QTest of the SMMUv3's registers: when they can be written, what GBPA and the
 * format of the stream table do, and that all of them migrate
 *
 * What is expected is Arm's IHI 0070, whose sections the tests name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-utils.h"

#define IOVA            0x12f45000ULL
#define BEYOND_OAS      (1ULL << 44)

#define CR0_ALL         (CR0_QUEUES | CR0_SMMUEN)
#define GBPA_UPDATE     BIT(31)
#define GBPA_ABORT      BIT(20)
#define GBPA_RESET      0x1000

static uint32_t reg(TestSMMU *t, uint32_t offset)
{
    return qtest_readl(t->qts, t->base + offset);
}

static void set_reg(TestSMMU *t, uint32_t offset, uint32_t val)
{
    qtest_writel(t->qts, t->base + offset, val);
}

static uint64_t read_reg(TestSMMU *t, uint32_t offset, bool wide)
{
    return wide ? qtest_readq(t->qts, t->base + offset) : reg(t, offset);
}

static void write_reg(TestSMMU *t, uint32_t offset, bool wide, uint64_t val)
{
    if (wide) {
        qtest_writeq(t->qts, t->base + offset, val);
    } else {
        set_reg(t, offset, val);
    }
}

static void check_transfer(TestSMMU *t, uint64_t iova, uint32_t result)
{
    int dir;

    for (dir = 0; dir < 2; dir++) {
        g_assert_cmpuint(pasid_dma(t, dir, iova, 8, NO_PASID), ==, result);
        smmuv3_no_event(t);
    }
}

/*
 * What becomes of transactions while the SMMU is off: 6.3.14. A write counts
 * with Update only, and none of it matters while the SMMU is on.
 */
static void test_gbpa(void)
{
    uint64_t pa;
    TestWorld w;

    world_start(&w, true, IOVA);
    pa = vm_pa(&w.t, w.page);
    g_assert_cmphex(reg(&w.t, SMMU_GBPA), ==, GBPA_RESET);

    set_reg(&w.t, SMMU_CR0, CR0_QUEUES);
    check_transfer(&w.t, pa, PASID_DMA_RESULT_OK);
    check_transfer(&w.t, BEYOND_OAS, PASID_DMA_RESULT_ABORT);   /* 3.4 */
    set_reg(&w.t, SMMU_GBPA, GBPA_ABORT);
    g_assert_cmphex(reg(&w.t, SMMU_GBPA), ==, GBPA_RESET);
    check_transfer(&w.t, pa, PASID_DMA_RESULT_OK);

    set_reg(&w.t, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
    g_assert_cmphex(reg(&w.t, SMMU_GBPA), ==, GBPA_ABORT);
    check_transfer(&w.t, pa, PASID_DMA_RESULT_ABORT);
    set_reg(&w.t, SMMU_CR0, CR0_ALL);
    check_transfer(&w.t, IOVA, PASID_DMA_RESULT_OK);
    set_reg(&w.t, SMMU_CR0, CR0_QUEUES);
    check_transfer(&w.t, pa, PASID_DMA_RESULT_ABORT);

    set_reg(&w.t, SMMU_GBPA, 0);
    g_assert_cmphex(reg(&w.t, SMMU_GBPA), ==, GBPA_ABORT);
    check_transfer(&w.t, pa, PASID_DMA_RESULT_ABORT);
    set_reg(&w.t, SMMU_GBPA, GBPA_UPDATE);
    g_assert_cmphex(reg(&w.t, SMMU_GBPA), ==, 0);
    check_transfer(&w.t, pa, PASID_DMA_RESULT_OK);
    test_stop(&w.t);
}

/*
 * The registers of the stream table and of a queue are read-only while the SMMU
 * or that queue is on: 6.3.24, 6.3.26, 6.3.28, 6.3.29
 */
static void test_guarded(void)
{
    static const struct {
        uint32_t offset;
        bool wide;
        uint32_t enable;    /* in CR0 */
    } rows[] = {
        { SMMU_STRTAB_BASE, false, CR0_SMMUEN },
        { SMMU_STRTAB_BASE + 4, false, CR0_SMMUEN },
        { SMMU_STRTAB_BASE, true, CR0_SMMUEN },
        { SMMU_STRTAB_BASE_CFG, false, CR0_SMMUEN },
        { SMMU_CMDQ_BASE, false, CR0_CMDQEN },
        { SMMU_CMDQ_BASE + 4, false, CR0_CMDQEN },
        { SMMU_CMDQ_BASE, true, CR0_CMDQEN },
        { SMMU_CMDQ_CONS, false, CR0_CMDQEN },
        { SMMU_EVENTQ_BASE, false, CR0_EVENTQEN },
        { SMMU_EVENTQ_BASE + 4, false, CR0_EVENTQEN },
        { SMMU_EVENTQ_BASE, true, CR0_EVENTQEN },
        { SMMU_EVENTQ_PROD, false, CR0_EVENTQEN },
    };
    uint64_t was, other;
    TestWorld w;
    int i;

    world_start(&w, true, IOVA);
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        g_test_message("offset 0x%x wide %d", rows[i].offset, rows[i].wide);
        was = read_reg(&w.t, rows[i].offset, rows[i].wide);
        other = was ^ 0x40;
        write_reg(&w.t, rows[i].offset, rows[i].wide, other);
        g_assert_cmphex(read_reg(&w.t, rows[i].offset, rows[i].wide), ==, was);
        smmuv3_invalidate_all(&w.t);
        check_arrives(&w.t, IOVA, w.page);
        check_fault(&w.t, IOVA + TEST_PAGE, true, F_TRANSLATION);

        /* The others of CR0 are on. */
        set_reg(&w.t, SMMU_CR0, CR0_ALL & ~rows[i].enable);
        write_reg(&w.t, rows[i].offset, rows[i].wide, other);
        g_assert_cmphex(read_reg(&w.t, rows[i].offset, rows[i].wide), ==,
                        other);
        write_reg(&w.t, rows[i].offset, rows[i].wide, was);
        set_reg(&w.t, SMMU_CR0, CR0_ALL);
    }
    test_stop(&w.t);
}

/*
 * Move the stream's entry to where a table of two levels has it for @split. It
 * is no more in the linear table.
 */
static void use_two_levels(TestWorld *w, int split, int effective)
{
    uint64_t l1 = test_alloc(&w->t, TEST_PAGE);
    uint64_t l2 = test_alloc(&w->t, 64 << effective);
    uint32_t index = TEST_SID & MAKE_64BIT_MASK(0, effective);
    int i;

    ste_install(&w->t, &w->s1);
    for (i = 0; i < 8; i++) {
        qtest_writeq(w->t.qts, l2 + index * 64 + i * 8,
                     qtest_readq(w->t.qts, ste_addr(&w->t, i)));
    }
    qtest_writeq(w->t.qts, ste_addr(&w->t, 0), 0);
    qtest_writeq(w->t.qts, l1 + (TEST_SID >> effective) * 8,
                 l2 | (effective + 1));
    set_reg(&w->t, SMMU_CR0, CR0_QUEUES);
    qtest_writeq(w->t.qts, w->t.base + SMMU_STRTAB_BASE, l1);
    set_reg(&w->t, SMMU_STRTAB_BASE_CFG, 1 << 16 | split << 6 | 16);
    smmuv3_invalidate_all(&w->t);
    set_reg(&w->t, SMMU_CR0, CR0_ALL);
}

static void use_linear(TestWorld *w, int fmt)
{
    set_reg(&w->t, SMMU_CR0, CR0_QUEUES);
    qtest_writeq(w->t.qts, w->t.base + SMMU_STRTAB_BASE, w->t.strtab);
    set_reg(&w->t, SMMU_STRTAB_BASE_CFG, fmt << 16 | 8);
    ste_install(&w->t, &w->s1);
    set_reg(&w->t, SMMU_CR0, CR0_ALL);
}

/* The format can change, and reserved values are like others: 6.3.25 */
static void test_strtab_format(void)
{
    TestWorld w;
    int split, fmt;

    world_start(&w, true, IOVA);
    for (split = 0; split < 32; split++) {
        use_two_levels(&w, split, split == 8 || split == 10 ? split : 6);
        check_arrives(&w.t, IOVA, w.page);
    }
    for (fmt = 0; fmt < 4; fmt++) {
        if (fmt != 1) {
            use_two_levels(&w, 8, 8);
            check_arrives(&w.t, IOVA, w.page);
            use_linear(&w, fmt);
            check_arrives(&w.t, IOVA, w.page);
        }
    }
    test_stop(&w.t);
}

/* Have something in each register that is not there after a reset. */
static void fill_registers(TestWorld *w)
{
    static const struct {
        uint32_t offset;
        uint32_t val;
    } rows[] = {
        { SMMU_CR1, 0x125 },
        { SMMU_CR2, CR2_RECINVSID },
        { SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT },
        { SMMU_GERROR_IRQ_CFG0, 0x11111110 },
        { SMMU_GERROR_IRQ_CFG0 + 4, 0x22 },
        { SMMU_GERROR_IRQ_CFG1, 0x33333333 },
        { SMMU_GERROR_IRQ_CFG2, 0x44 },
        { SMMU_EVENTQ_IRQ_CFG0, 0x55555550 },
        { SMMU_EVENTQ_IRQ_CFG0 + 4, 0x66 },
        { SMMU_EVENTQ_IRQ_CFG1, 0x77777777 },
        { SMMU_EVENTQ_IRQ_CFG2, 0x88 },
        { SMMU_IRQ_CTRL, 5 },
    };
    int i;

    use_two_levels(w, 8, 8);
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        set_reg(&w->t, rows[i].offset, rows[i].val);
        g_assert_cmphex(reg(&w->t, rows[i].offset), ==,
                        rows[i].val & ~GBPA_UPDATE);
    }
    smmuv3_cmd_illegal(&w->t, 0, 0);
    check_fault(&w->t, IOVA + TEST_PAGE, true, F_TRANSLATION);
    g_assert_cmpuint(pasid_dma(&w->t, true, IOVA + 2 * TEST_PAGE, 8, NO_PASID),
                     ==, PASID_DMA_RESULT_ABORT);
}

/*
 * All registers migrate, and what they stand for goes on: the stream, with an
 * event that has not been read yet, both queues, and then GBPA.
 */
static void test_migration(void)
{
    QTestState *to;
    TestEvent e;
    TestWorld w;

    world_start(&w, true, IOVA);
    fill_registers(&w);
    to = test_migrate(&w.t, TEST_DEVICE);
    smmuv3_compare(&w.t, to);
    test_stop(&w.t);

    w.t.qts = to;
    g_assert_true(smmuv3_event(&w.t, &e));
    g_assert_cmphex(e.type, ==, F_TRANSLATION);
    g_assert_cmphex(e.addr, ==, IOVA + 2 * TEST_PAGE);
    check_arrives(&w.t, IOVA, w.page);
    check_fault(&w.t, IOVA + TEST_PAGE, true, F_TRANSLATION);
    smmuv3_invalidate_all(&w.t);
    check_arrives(&w.t, IOVA, w.page);
    set_reg(&w.t, SMMU_CR0, CR0_QUEUES);
    check_transfer(&w.t, vm_pa(&w.t, w.page), PASID_DMA_RESULT_ABORT);
    test_stop(&w.t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/smmuv3/registers/gbpa", test_gbpa);
    qtest_add_func("/smmuv3/registers/guarded", test_guarded);
    qtest_add_func("/smmuv3/registers/strtab-format", test_strtab_format);
    qtest_add_func("/smmuv3/registers/migration", test_migration);

    return g_test_run();
}
