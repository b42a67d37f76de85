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

#define ARGS            "-device pasid-dma,addr=1"
#define LEN             64
#define IOVA            0x12f45000ULL
#define MAGIC           0x1122334455667788ULL

/* Where nothing is, below the OAS of 44 bits and above it */
#define NO_MEMORY       (1ULL << 40)
#define BEYOND_OAS      (1ULL << 44)

#define SMMU_GERRORN    0x64
#define GERROR_EVENTQ   BIT(2)

#define CR0_SMMUEN      BIT(0)
#define CR0_QUEUES      (BIT(2) | BIT(3))
#define CR2_RECINVSID   BIT(1)

/* log2 of the entries of a level 2 table of streams */
#define SPLIT           8

/* OVFLG of EVENTQ_PROD, OVACKFLG of EVENTQ_CONS */
#define OVFLG           BIT(31)

#define DESC_VALID      0x3ULL
#define DESC_ADDR       MAKE_64BIT_MASK(12, 36)
#define DESC_AF         BIT_ULL(10)
#define DESC_S2AP_READ  BIT_ULL(6)

typedef struct World {
    TestSMMU t;
    TestStage1 s1;
    uint64_t table;     /* of stage 1 */
    uint64_t page;      /* what IOVA is mapped to, a guest address */
    uint64_t cd;
} World;

static void start_world(World *w, bool nested)
{
    memset(w, 0, sizeof(*w));
    test_start(&w->t, true, "", ARGS);
    if (nested) {
        smmuv3_use_stage2(&w->t);
    }
    w->s1.config = nested ? STE_CONFIG_NESTED : STE_CONFIG_S1;
    w->page = vm_alloc(&w->t, TEST_PAGE);
    w->table = stage1_table(&w->t);
    stage1_map(&w->t, w->table, IOVA, w->page);
    w->s1.table = cd_table(&w->t, S1FMT_LINEAR, 0);
    w->cd = cd_addr(&w->t, &w->s1, 0, true);
    cd_write(&w->t, w->cd, w->table, 1);
    ste_install(&w->t, &w->s1);
}

/* What a transfer has to end with: an abort and this one event. */
static TestEvent check_fault(World *w, bool to_memory, uint8_t type)
{
    TestEvent e;

    g_assert_cmpuint(pasid_dma(&w->t, to_memory, IOVA, LEN, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_true(smmuv3_event(&w->t, &e));
    g_assert_cmphex(e.type, ==, type);
    g_assert_cmphex(e.sid, ==, TEST_SID);
    g_assert_false(e.ssv);
    smmuv3_no_event(&w->t);
    return e;
}

static void check_translation(TestEvent e, bool s2, uint8_t class,
                              bool to_memory)
{
    g_assert_cmpuint(e.s2, ==, s2);
    g_assert_cmpuint(e.class, ==, class);
    g_assert_cmpuint(e.rnw, ==, !to_memory);
    g_assert_cmphex(e.addr, ==, IOVA);
}

static void check_arrives(World *w)
{
    vm_writeq(&w->t, w->page, MAGIC);
    g_assert_cmpuint(pasid_dma(&w->t, false, IOVA, LEN, NO_PASID), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readq(w->t.qts, w->t.buffer), ==, MAGIC);
    smmuv3_no_event(&w->t);
}

/* Where stage 2 has the descriptor of a page, one that guest memory has */
static uint64_t stage2_desc(World *w, uint64_t ipa)
{
    uint64_t table = w->t.s2;
    int level;

    for (level = 1; level < 3; level++) {
        table = qtest_readq(w->t.qts, table +
                            extract64(ipa, 39 - 9 * level, 9) * 8) & DESC_ADDR;
    }
    return table + extract64(ipa, 12, 9) * 8;
}

static uint64_t pa_of(World *w, uint64_t ipa)
{
    uint64_t desc = qtest_readq(w->t.qts, stage2_desc(w, ipa));

    return (desc & DESC_ADDR) + (ipa & (TEST_PAGE - 1));
}

/* Guest memory whose pages are in memory the other way round */
static uint64_t alloc_scattered(World *w, uint64_t size)
{
    uint64_t ipa = vm_alloc(&w->t, size);
    uint64_t i, low, high, desc;

    for (i = 0; i < size / 2; i += TEST_PAGE) {
        low = stage2_desc(w, ipa + i);
        high = stage2_desc(w, ipa + size - TEST_PAGE - i);
        desc = qtest_readq(w->t.qts, low);
        qtest_writeq(w->t.qts, low, qtest_readq(w->t.qts, high));
        qtest_writeq(w->t.qts, high, desc);
    }
    return ipa;
}

static uint64_t ste_addr(World *w, int dword)
{
    return w->t.strtab + TEST_SID * 64 + dword * 8;
}

/* Change a field of a structure in memory, and see to it that it is noticed. */
static void set_field(World *w, uint64_t addr, int pos, int bits, uint64_t val)
{
    qtest_writeq(w->t.qts, addr, deposit64(qtest_readq(w->t.qts, addr), pos,
                                           bits, val));
    smmuv3_invalidate_all(&w->t);
}

/* Reserved sizes act as others do, capped to the OAS: 5.4 IPS, 5.2 S2PS */
static void test_ips(void)
{
    World w;
    int size;

    start_world(&w, false);
    for (size = 4; size < 8; size++) {
        set_field(&w, w.cd, 32, 3, size);
        check_arrives(&w);
    }
    test_stop(&w.t);

    start_world(&w, true);
    for (size = 4; size < 8; size++) {
        set_field(&w, ste_addr(&w, 2), 48, 3, size);
        check_arrives(&w);
    }
    test_stop(&w.t);
}

/* There are no AArch32 tables: 5.2 S2AA64, 7.3.5 */
static void test_s2aa64(void)
{
    World w;

    start_world(&w, true);
    set_field(&w, ste_addr(&w, 2), 51, 1, 0);
    check_fault(&w, false, C_BAD_STE);
    set_field(&w, ste_addr(&w, 2), 51, 1, 1);
    check_arrives(&w);
    test_stop(&w.t);
}

/* A CD where there is no memory: 7.3.10 */
static void test_cd_fetch(void)
{
    World w;
    TestEvent e;

    start_world(&w, false);
    w.s1.table = NO_MEMORY;
    ste_install(&w.t, &w.s1);
    e = check_fault(&w, true, F_CD_FETCH);
    g_assert_cmphex(e.addr2, ==, NO_MEMORY);
    test_stop(&w.t);
}

/* A CD beyond all memory that there can be: 3.4.3, (1) and (2) */
static void test_context_pointer(const void *data)
{
    World w;

    start_world(&w, GPOINTER_TO_INT(data));
    w.s1.table = BEYOND_OAS;
    ste_install(&w.t, &w.s1);
    check_fault(&w, true, C_BAD_STE);
    test_stop(&w.t);
}

/* A CD that stage 2 doesn't map: 7.3.13, and RnW of 7.3 */
static void test_cd_outside_stage2(void)
{
    bool to_memory = false;
    TestEvent e;
    World w;

    start_world(&w, true);
    smmuv3_unmap_stage2(&w.t, w.cd);
    smmuv3_invalidate_all(&w.t);
    do {
        e = check_fault(&w, to_memory, F_TRANSLATION);
        check_translation(e, true, CLASS_CD, to_memory);
        g_assert_cmphex(e.addr2, ==, w.cd);
        to_memory = !to_memory;
    } while (to_memory);
    test_stop(&w.t);
}

/* The address of the descriptor that a walk looks for at @level, from 1 on */
static uint64_t descriptor(World *w, int level)
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
    World w;

    start_world(&w, true);
    set_field(&w, vm_pa(&w.t, w.cd), 45, 1, 0);
    addr = descriptor(&w, level);
    smmuv3_unmap_stage2(&w.t, addr);
    smmuv3_invalidate_all(&w.t);
    e = check_fault(&w, true, F_TRANSLATION);
    check_translation(e, true, CLASS_TT, true);
    g_assert_cmphex(e.addr2, ==, addr);

    set_field(&w, ste_addr(&w, 2), 58, 1, 0);
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
    World w;

    start_world(&w, true);
    /* All that a table of level 3 in stage 2 maps, so nothing else is in it */
    table = vm_alloc(&w.t, 2 * MiB) + 5 * TEST_PAGE;
    cd_write(&w.t, w.cd, table, 1);
    desc = qtest_readq(w.t.qts, w.t.s2 + extract64(table, 30, 9) * 8);
    qtest_writeq(w.t.qts, (desc & DESC_ADDR) + extract64(table, 21, 9) * 8,
                 NO_MEMORY | DESC_VALID);
    smmuv3_invalidate_all(&w.t);
    e = check_fault(&w, true, F_WALK_EABT);
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
    World w;
    int i, dir;

    start_world(&w, true);
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
    World w;

    start_world(&w, true);
    addr = descriptor(&w, 1);
    vm_writeq(&w.t, addr, BEYOND_OAS | DESC_VALID);
    e = check_fault(&w, false, F_ADDR_SIZE);
    check_translation(e, false, CLASS_IN, false);
    test_stop(&w.t);
}

/* Stage 2 changes, and only the TLB is told: 4.3 asks for no more. */
static void test_table_moves(void)
{
    uint64_t old, new, index;
    World w;

    start_world(&w, true);
    check_arrives(&w);

    /* The same IPA at another place, with a table there that maps nothing */
    old = vm_pa(&w.t, w.table);
    new = test_alloc(&w.t, TEST_PAGE);
    qtest_writeq(w.t.qts, stage2_desc(&w, w.table),
                 new | DESC_VALID | DESC_AF | DESC_S2AP_READ);
    smmuv3_cmd(&w.t, CMD_TLBI_NSNH_ALL, 0);
    smmuv3_cmd(&w.t, CMD_SYNC, 0);
    check_fault(&w, false, F_TRANSLATION);

    /* and with the one that there was */
    index = extract64(IOVA, 30, 9) * 8;
    qtest_writeq(w.t.qts, new + index, qtest_readq(w.t.qts, old + index));
    check_arrives(&w);
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
    World w;
    int level, i;

    start_world(&w, true);
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
    set_field(&w, vm_pa(&w.t, w.cd), 6, 2, tg);

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
static void check_stage2_permission(World *w, bool to_memory)
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
    World w;

    start_world(&w, true);
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
    World w;
    int level;

    start_world(&w, true);
    for (level = 1; level < 3; level++) {
        set_field(&w, vm_pa(&w.t, descriptor(&w, level)), 61, 2, 2);
        e = check_fault(&w, true, F_PERMISSION);
        check_translation(e, false, CLASS_IN, true);
        check_arrives(&w);
        e = check_fault(&w, true, F_PERMISSION);
        check_translation(e, false, CLASS_IN, true);

        set_field(&w, vm_pa(&w.t, w.cd + 8), 1, 1, 1);
        g_assert_cmpuint(pasid_dma(&w.t, true, IOVA, LEN, NO_PASID), ==,
                         PASID_DMA_RESULT_OK);
        set_field(&w, vm_pa(&w.t, w.cd + 8), 1, 1, 0);
        set_field(&w, vm_pa(&w.t, descriptor(&w, level)), 61, 2, 0);
    }

    set_field(&w, vm_pa(&w.t, descriptor(&w, 2)), 61, 2, 2);
    set_field(&w, vm_pa(&w.t, descriptor(&w, 3)), 0, 1, 0);
    check_fault(&w, true, F_TRANSLATION);
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
    World w;
    int i;

    QEMU_BUILD_BUG_ON(TEST_SID != 8);
    start_world(&w, false);
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
            check_arrives(&w);
        } else {
            check_fault(&w, true, C_BAD_STREAMID);
        }
    }
    test_stop(&w.t);
}

static uint32_t eventq_prod(World *w)
{
    return qtest_readl(w->t.qts, w->t.base + SMMU_EVENTQ_PROD);
}

static void eventq_ack(World *w, uint32_t cons)
{
    qtest_writel(w->t.qts, w->t.base + SMMU_EVENTQ_CONS, cons);
}

static void cause_event(World *w)
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
    World w;

    start_world(&w, true);
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

/* An event that can't be written, and none is until that is seen: 7.2.1 */
static void test_eventq_abort(void)
{
    uint64_t gerror, base;
    World w;

    start_world(&w, true);
    gerror = w.t.base + SMMU_GERROR;
    base = qtest_readq(w.t.qts, w.t.base + SMMU_EVENTQ_BASE);
    qtest_writeq(w.t.qts, w.t.base + SMMU_EVENTQ_BASE, NO_MEMORY | 8);
    cause_event(&w);
    g_assert_cmphex(qtest_readl(w.t.qts, gerror), ==, GERROR_EVENTQ);
    g_assert_cmphex(eventq_prod(&w), ==, 0);

    qtest_writeq(w.t.qts, w.t.base + SMMU_EVENTQ_BASE, base);
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
