/*
 * QTest of what the SMMUv3 reports when a translation fails, and of what a
 * guest must not be able to do to QEMU
 *
 * What is expected is Arm's IHI 0070, whose sections the tests name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/units.h"
#include "smmuv3-utils.h"

#define LEN             64
#define IOVA            0x12f45000ULL
#define MAGIC           0x1122334455667788ULL

/* Where nothing is, below the OAS of 44 bits and above it */
#define NO_MEMORY       (1ULL << 40)
#define BEYOND_OAS      (1ULL << 44)

#define GERROR_EVENTQ   BIT(2)

/* log2 of the entries of a level 2 table of streams */
#define SPLIT           8

/* OVFLG of EVENTQ_PROD, OVACKFLG of EVENTQ_CONS */
#define OVFLG           BIT(31)

#define DESC_VALID      0x3ULL
#define DESC_ADDR       MAKE_64BIT_MASK(12, 36)
#define DESC_AF         BIT_ULL(10)
#define DESC_S2AP_READ  BIT_ULL(6)

static void check_translation(TestEvent e, bool s2, uint8_t class,
                              bool to_memory)
{
    g_assert_cmpuint(e.s2, ==, s2);
    g_assert_cmpuint(e.class, ==, class);
    g_assert_cmpuint(e.rnw, ==, !to_memory);
    g_assert_cmphex(e.addr, ==, IOVA);
}

static uint64_t pa_of(TestWorld *w, uint64_t ipa)
{
    uint64_t desc = qtest_readq(w->t.qts, stage2_desc(&w->t, ipa));

    return (desc & DESC_ADDR) + (ipa & (TEST_PAGE - 1));
}

/* Guest memory whose pages are in memory the other way round */
static uint64_t alloc_scattered(TestWorld *w, uint64_t size)
{
    uint64_t ipa = vm_alloc(&w->t, size);
    uint64_t i, low, high, desc;

    for (i = 0; i < size / 2; i += TEST_PAGE) {
        low = stage2_desc(&w->t, ipa + i);
        high = stage2_desc(&w->t, ipa + size - TEST_PAGE - i);
        desc = qtest_readq(w->t.qts, low);
        qtest_writeq(w->t.qts, low, qtest_readq(w->t.qts, high));
        qtest_writeq(w->t.qts, high, desc);
    }
    return ipa;
}

/* Reserved sizes act as others do, capped to the OAS: 5.4 IPS, 5.2 S2PS */
static void test_ips(void)
{
    TestWorld w;
    int size;

    world_start(&w, false, IOVA);
    for (size = 4; size < 8; size++) {
        set_field(&w.t, w.cd, 32, 3, size);
        check_arrives(&w.t, IOVA, w.page);
    }
    test_stop(&w.t);

    world_start(&w, true, IOVA);
    for (size = 4; size < 8; size++) {
        set_field(&w.t, ste_addr(&w.t, 2), 48, 3, size);
        check_arrives(&w.t, IOVA, w.page);
    }
    test_stop(&w.t);
}

/* There are no AArch32 tables: 5.2 S2AA64, 7.3.5 */
static void test_s2aa64(void)
{
    TestWorld w;

    world_start(&w, true, IOVA);
    set_field(&w.t, ste_addr(&w.t, 2), 51, 1, 0);
    check_fault(&w.t, IOVA, false, C_BAD_STE);
    set_field(&w.t, ste_addr(&w.t, 2), 51, 1, 1);
    check_arrives(&w.t, IOVA, w.page);
    test_stop(&w.t);
}

/* A CD where there is no memory: 7.3.10 */
static void test_cd_fetch(void)
{
    TestWorld w;
    TestEvent e;

    world_start(&w, false, IOVA);
    w.s1.table = NO_MEMORY;
    ste_install(&w.t, &w.s1);
    e = check_fault(&w.t, IOVA, true, F_CD_FETCH);
    g_assert_cmphex(e.addr2, ==, NO_MEMORY);
    test_stop(&w.t);
}

/* A CD beyond all memory that there can be: 3.4.3, (1) and (2) */
static void test_context_pointer(const void *data)
{
    TestWorld w;

    world_start(&w, GPOINTER_TO_INT(data), IOVA);
    w.s1.table = BEYOND_OAS;
    ste_install(&w.t, &w.s1);
    check_fault(&w.t, IOVA, true, C_BAD_STE);
    test_stop(&w.t);
}

/* A CD that stage 2 doesn't map: 7.3.13, and RnW of 7.3 */
static void test_cd_outside_stage2(void)
{
    bool to_memory = false;
    TestEvent e;
    TestWorld w;

    world_start(&w, true, IOVA);
    smmuv3_unmap_stage2(&w.t, w.cd);
    smmuv3_invalidate_all(&w.t);
    do {
        e = check_fault(&w.t, IOVA, to_memory, F_TRANSLATION);
        check_translation(e, true, CLASS_CD, to_memory);
        g_assert_cmphex(e.addr2, ==, w.cd);
        to_memory = !to_memory;
    } while (to_memory);
    test_stop(&w.t);
}

/* The address of the descriptor that a walk looks for at @level, from 1 on */
static uint64_t descriptor(TestWorld *w, int level)
{
    return stage1_desc(&w->t, w->table, IOVA, level);
}

/*
 * A table of stage 1 that stage 2 doesn't map: 7.3.13. The event is recorded
 * for S2R, whatever the guest has in CD.R.
 */
static void test_table_outside_stage2(const void *data)
{
    int level = GPOINTER_TO_INT(data);
    uint64_t addr;
    TestEvent e;
    TestWorld w;

    world_start(&w, true, IOVA);
    set_field(&w.t, vm_pa(&w.t, w.cd), 45, 1, 0);
    addr = descriptor(&w, level);
    smmuv3_unmap_stage2(&w.t, addr);
    smmuv3_invalidate_all(&w.t);
    e = check_fault(&w.t, IOVA, true, F_TRANSLATION);
    check_translation(e, true, CLASS_TT, true);
    g_assert_cmphex(e.addr2, ==, addr);

    set_field(&w.t, ste_addr(&w.t, 2), 58, 1, 0);
    g_assert_cmpuint(pasid_dma(&w.t, true, IOVA, LEN, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

/*
 * Stage 2 can't be walked for a table of stage 1, since a table of its own is
 * where there is no memory. FetchAddr is that of its descriptor: 7.3.12.
 */
static void test_walk_eabt(void)
{
    uint64_t table, desc;
    TestEvent e;
    TestWorld w;

    world_start(&w, true, IOVA);
    /* All that a table of level 3 in stage 2 maps, so nothing else is in it */
    table = vm_alloc(&w.t, 2 * MiB) + 5 * TEST_PAGE;
    cd_write(&w.t, w.cd, table, 1);
    desc = qtest_readq(w.t.qts, w.t.s2 + extract64(table, 30, 9) * 8);
    qtest_writeq(w.t.qts, (desc & DESC_ADDR) + extract64(table, 21, 9) * 8,
                 NO_MEMORY | DESC_VALID);
    smmuv3_invalidate_all(&w.t);
    e = check_fault(&w.t, IOVA, true, F_WALK_EABT);
    check_translation(e, true, CLASS_TT, true);
    g_assert_cmphex(e.addr2, ==, NO_MEMORY + 5 * 8);
    test_stop(&w.t);
}

/*
 * Without stage 1, an address has to be one of the system's, or the one stage
 * that there is has an Address Size fault: 3.4, 7.3.14. No CD says that it
 * isn't recorded.
 */
static void test_beyond_oas(void)
{
    static const uint8_t configs[] = { STE_CONFIG_BYPASS, STE_CONFIG_S2 };
    TestEvent e;
    TestWorld w;
    int i, dir;

    world_start(&w, true, IOVA);
    for (i = 0; i < ARRAY_SIZE(configs); i++) {
        w.s1.config = configs[i];
        ste_install(&w.t, &w.s1);
        for (dir = 0; dir < 2; dir++) {
            g_assert_cmpuint(pasid_dma(&w.t, dir, BEYOND_OAS, LEN, NO_PASID),
                             ==, PASID_DMA_RESULT_ABORT);
            g_assert_true(smmuv3_event(&w.t, &e));
            g_assert_cmphex(e.type, ==, F_ADDR_SIZE);
            g_assert_cmphex(e.addr, ==, BEYOND_OAS);
            g_assert_false(e.s2);
            g_assert_cmpuint(e.class, ==, CLASS_IN);
            g_assert_cmpuint(e.rnw, ==, !dir);
            smmuv3_no_event(&w.t);
        }
    }
    test_stop(&w.t);
}

/* A table beyond the IPA size is a fault of stage 1, an input fault: 3.4 */
static void test_table_beyond_ips(void)
{
    uint64_t addr;
    TestEvent e;
    TestWorld w;

    world_start(&w, true, IOVA);
    addr = descriptor(&w, 1);
    vm_writeq(&w.t, addr, BEYOND_OAS | DESC_VALID);
    e = check_fault(&w.t, IOVA, false, F_ADDR_SIZE);
    check_translation(e, false, CLASS_IN, false);
    test_stop(&w.t);
}

/* Stage 2 changes, and only the TLB is told: 4.3 asks for no more. */
static void test_table_moves(void)
{
    uint64_t old, new, index;
    TestWorld w;

    world_start(&w, true, IOVA);
    check_arrives(&w.t, IOVA, w.page);

    /* The same IPA at another place, with a table there that maps nothing */
    old = vm_pa(&w.t, w.table);
    new = test_alloc(&w.t, TEST_PAGE);
    qtest_writeq(w.t.qts, stage2_desc(&w.t, w.table),
                 new | DESC_VALID | DESC_AF | DESC_S2AP_READ);
    smmuv3_cmd(&w.t, CMD_TLBI_NSNH_ALL, 0);
    smmuv3_cmd(&w.t, CMD_SYNC, 0);
    check_fault(&w.t, IOVA, false, F_TRANSLATION);

    /* and with the one that there was */
    index = extract64(IOVA, 30, 9) * 8;
    qtest_writeq(w.t.qts, new + index, qtest_readq(w.t.qts, old + index));
    check_arrives(&w.t, IOVA, w.page);
    test_stop(&w.t);
}

/*
 * Tables of 16K and 64K, in pages of stage 2 that are not one after the other.
 * @bits: log2 of the granule, whose TG0 is @tg.
 */
static void check_granule(int bits, int tg)
{
    int stride = bits - 3;
    int top = 3 - (38 - bits) / stride;
    uint64_t table, root = 0, desc = 0;
    TestWorld w;
    int level, i;

    world_start(&w, true, IOVA);
    for (level = top; level <= 3; level++) {
        int shift = bits + (3 - level) * stride;

        table = alloc_scattered(&w, 1 << bits);
        if (level == top) {
            root = table;
        } else {
            qtest_writeq(w.t.qts, pa_of(&w, desc), table | DESC_VALID);
        }
        desc = table + extract64(IOVA, shift, MIN(stride, 39 - shift)) * 8;
    }
    w.page = alloc_scattered(&w, 1 << bits);
    qtest_writeq(w.t.qts, pa_of(&w, desc), w.page | DESC_VALID | DESC_AF);
    cd_write(&w.t, w.cd, root, 1);
    set_field(&w.t, vm_pa(&w.t, w.cd), 6, 2, tg);

    /* Each page of 4K of the granule, with its own data */
    for (i = 0; i < 1 << bits; i += TEST_PAGE) {
        qtest_writeq(w.t.qts, pa_of(&w, w.page + i), MAGIC + i);
        g_assert_cmpuint(pasid_dma(&w.t, false, (IOVA & -(1ULL << bits)) + i,
                                   LEN, NO_PASID), ==, PASID_DMA_RESULT_OK);
        g_assert_cmphex(qtest_readq(w.t.qts, w.t.buffer), ==, MAGIC + i);
    }
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

static void test_granules(void)
{
    check_granule(14, 2);
    check_granule(16, 1);
}

/*
 * A page that stage 2 lets be accessed in one direction only, with a TLB entry
 * from that one and without: 7.3.16
 */
static void check_stage2_permission(TestWorld *w, bool to_memory)
{
    uint64_t iova = w->s1.config == STE_CONFIG_S2 ? w->page : IOVA;
    TestEvent e;
    int hit;

    smmuv3_protect_stage2(&w->t, w->page, to_memory, !to_memory);
    for (hit = 0; hit < 2; hit++) {
        smmuv3_invalidate_all(&w->t);
        if (hit) {
            g_assert_cmpuint(pasid_dma(&w->t, !to_memory, iova, LEN, NO_PASID),
                             ==, PASID_DMA_RESULT_OK);
        }
        g_assert_cmpuint(pasid_dma(&w->t, to_memory, iova, LEN, NO_PASID), ==,
                         PASID_DMA_RESULT_ABORT);
        g_assert_true(smmuv3_event(&w->t, &e));
        g_assert_cmphex(e.type, ==, F_PERMISSION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.class, ==, CLASS_IN);
        g_assert_cmpuint(e.rnw, ==, !to_memory);
        g_assert_cmphex(e.addr, ==, iova);
        g_assert_cmphex(e.addr2, ==, w->page);
        smmuv3_no_event(&w->t);
    }
}

static void test_stage2_permission(const void *data)
{
    TestWorld w;

    world_start(&w, true, IOVA);
    w.s1.config = GPOINTER_TO_INT(data);
    ste_install(&w.t, &w.s1);
    check_stage2_permission(&w, true);
    check_stage2_permission(&w, false);
    test_stop(&w.t);
}

/*
 * A table whose descriptor has a page be read-only, with a TLB entry from a
 * read and without: 7.3.16. It isn't looked at with CD.HAD0, 5.4, and not
 * before the page's own descriptor: 7.3.22.
 */
static void test_aptable(void)
{
    TestEvent e;
    TestWorld w;
    int level;

    world_start(&w, true, IOVA);
    for (level = 1; level < 3; level++) {
        set_field(&w.t, vm_pa(&w.t, descriptor(&w, level)), 61, 2, 2);
        e = check_fault(&w.t, IOVA, true, F_PERMISSION);
        check_translation(e, false, CLASS_IN, true);
        check_arrives(&w.t, IOVA, w.page);
        e = check_fault(&w.t, IOVA, true, F_PERMISSION);
        check_translation(e, false, CLASS_IN, true);

        set_field(&w.t, vm_pa(&w.t, w.cd + 8), 1, 1, 1);
        g_assert_cmpuint(pasid_dma(&w.t, true, IOVA, LEN, NO_PASID), ==,
                         PASID_DMA_RESULT_OK);
        set_field(&w.t, vm_pa(&w.t, w.cd + 8), 1, 1, 0);
        set_field(&w.t, vm_pa(&w.t, descriptor(&w, level)), 61, 2, 0);
    }

    set_field(&w.t, vm_pa(&w.t, descriptor(&w, 2)), 61, 2, 2);
    set_field(&w.t, vm_pa(&w.t, descriptor(&w, 3)), 0, 1, 0);
    check_fault(&w.t, IOVA, true, F_TRANSLATION);
    test_stop(&w.t);
}

/*
 * A second level of the stream table: those that L1STD.Span doesn't reach are
 * invalid, as all are if it is reserved or exceeds what is left: 5.1.1, 7.3.3
 */
static void test_l1std_span(void)
{
    static const struct {
        uint8_t span;
        bool valid;
    } rows[] = {
        { 0, false }, { 1, false }, { 4, false },
        { 5, true }, { SPLIT, true }, { SPLIT + 1, true },
        { SPLIT + 2, false }, { 12, false }, { 31, false },
    };
    uint64_t l1;
    TestWorld w;
    int i;

    QEMU_BUILD_BUG_ON(TEST_SID != 8);
    world_start(&w, false, IOVA);
    l1 = test_alloc(&w.t, TEST_PAGE);
    qtest_writel(w.t.qts, w.t.base + SMMU_CR0, CR0_QUEUES);
    qtest_writeq(w.t.qts, w.t.base + SMMU_STRTAB_BASE, l1);
    qtest_writel(w.t.qts, w.t.base + SMMU_STRTAB_BASE_CFG,
                 1 << 16 | SPLIT << 6 | 8);
    qtest_writel(w.t.qts, w.t.base + SMMU_CR2, CR2_RECINVSID);
    qtest_writel(w.t.qts, w.t.base + SMMU_CR0, CR0_QUEUES | CR0_SMMUEN);
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        g_test_message("span %d", rows[i].span);
        qtest_writeq(w.t.qts, l1, w.t.strtab | rows[i].span);
        smmuv3_invalidate_all(&w.t);
        if (rows[i].valid) {
            check_arrives(&w.t, IOVA, w.page);
        } else {
            check_fault(&w.t, IOVA, true, C_BAD_STREAMID);
        }
    }
    test_stop(&w.t);
}

static uint32_t eventq_prod(TestWorld *w)
{
    return qtest_readl(w->t.qts, w->t.base + SMMU_EVENTQ_PROD);
}

static void eventq_ack(TestWorld *w, uint32_t cons)
{
    qtest_writel(w->t.qts, w->t.base + SMMU_EVENTQ_CONS, cons);
}

static void cause_event(TestWorld *w)
{
    g_assert_cmpuint(pasid_dma(&w->t, true, NO_MEMORY, LEN, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
}

/*
 * Events that a full queue has no room for: 7.4. Those after them are recorded
 * whether or not the loss is acknowledged, and none of it is a global error.
 */
static void test_eventq_overflow(void)
{
    uint32_t size, i;
    TestWorld w;

    world_start(&w, true, IOVA);
    size = 1 << (qtest_readl(w.t.qts, w.t.base + SMMU_EVENTQ_BASE) & 0x1f);
    for (i = 0; i < size; i++) {
        g_assert_cmphex(eventq_prod(&w), ==, i);
        cause_event(&w);
    }
    g_assert_cmphex(eventq_prod(&w), ==, size);

    for (i = 0; i < 3; i++) {
        cause_event(&w);
        g_assert_cmphex(eventq_prod(&w), ==, OVFLG | size);
    }
    eventq_ack(&w, 1);
    cause_event(&w);
    g_assert_cmphex(eventq_prod(&w), ==, OVFLG | (size + 1));
    cause_event(&w);
    g_assert_cmphex(eventq_prod(&w), ==, OVFLG | (size + 1));

    eventq_ack(&w, OVFLG | 2);
    cause_event(&w);
    g_assert_cmphex(eventq_prod(&w), ==, OVFLG | (size + 2));
    cause_event(&w);
    g_assert_cmphex(eventq_prod(&w), ==, size + 2);
    g_assert_cmphex(qtest_readl(w.t.qts, w.t.base + SMMU_GERROR), ==, 0);
    test_stop(&w.t);
}

/* The base changes only while the queue is off: 6.3.29 */
static void move_eventq(TestWorld *w, uint64_t base)
{
    qtest_writel(w->t.qts, w->t.base + SMMU_CR0, CR0_CMDQEN | CR0_SMMUEN);
    qtest_writeq(w->t.qts, w->t.base + SMMU_EVENTQ_BASE, base);
    qtest_writel(w->t.qts, w->t.base + SMMU_CR0, CR0_QUEUES | CR0_SMMUEN);
}

/* An event that can't be written, and none is until that is seen: 7.2.1 */
static void test_eventq_abort(void)
{
    uint64_t gerror, base;
    TestWorld w;

    world_start(&w, true, IOVA);
    gerror = w.t.base + SMMU_GERROR;
    base = qtest_readq(w.t.qts, w.t.base + SMMU_EVENTQ_BASE);
    move_eventq(&w, NO_MEMORY | 8);
    cause_event(&w);
    g_assert_cmphex(qtest_readl(w.t.qts, gerror), ==, GERROR_EVENTQ);
    g_assert_cmphex(eventq_prod(&w), ==, 0);

    move_eventq(&w, base);
    cause_event(&w);
    g_assert_cmphex(eventq_prod(&w), ==, 0);
    qtest_writel(w.t.qts, w.t.base + SMMU_GERRORN, GERROR_EVENTQ);
    cause_event(&w);
    g_assert_cmphex(eventq_prod(&w), ==, 1);
    g_assert_cmphex(qtest_readl(w.t.qts, gerror), ==, GERROR_EVENTQ);
    test_stop(&w.t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/smmuv3/faults/ips", test_ips);
    qtest_add_func("/smmuv3/faults/s2aa64", test_s2aa64);
    qtest_add_func("/smmuv3/faults/cd-fetch", test_cd_fetch);
    qtest_add_data_func("/smmuv3/faults/context-pointer/stage1",
                        GINT_TO_POINTER(0), test_context_pointer);
    qtest_add_data_func("/smmuv3/faults/context-pointer/nested",
                        GINT_TO_POINTER(1), test_context_pointer);
    qtest_add_func("/smmuv3/faults/cd-outside-stage2", test_cd_outside_stage2);
    qtest_add_data_func("/smmuv3/faults/table-outside-stage2/1",
                        GINT_TO_POINTER(1), test_table_outside_stage2);
    qtest_add_data_func("/smmuv3/faults/table-outside-stage2/2",
                        GINT_TO_POINTER(2), test_table_outside_stage2);
    qtest_add_data_func("/smmuv3/faults/table-outside-stage2/3",
                        GINT_TO_POINTER(3), test_table_outside_stage2);
    qtest_add_func("/smmuv3/faults/table-beyond-ips", test_table_beyond_ips);
    qtest_add_func("/smmuv3/faults/table-moves", test_table_moves);
    qtest_add_func("/smmuv3/faults/granules", test_granules);
    qtest_add_data_func("/smmuv3/faults/stage2-permission/stage2",
                        GINT_TO_POINTER(STE_CONFIG_S2), test_stage2_permission);
    qtest_add_data_func("/smmuv3/faults/stage2-permission/nested",
                        GINT_TO_POINTER(STE_CONFIG_NESTED),
                        test_stage2_permission);
    qtest_add_func("/smmuv3/faults/aptable", test_aptable);
    qtest_add_func("/smmuv3/faults/walk-eabt", test_walk_eabt);
    qtest_add_func("/smmuv3/faults/beyond-oas", test_beyond_oas);
    qtest_add_func("/smmuv3/faults/l1std-span", test_l1std_span);
    qtest_add_func("/smmuv3/faults/eventq-overflow", test_eventq_overflow);
    qtest_add_func("/smmuv3/faults/eventq-abort", test_eventq_abort);

    return g_test_run();
}
