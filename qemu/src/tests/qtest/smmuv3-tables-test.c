/*
 * QTest of the translation tables that the SMMUv3 walks: which of the two
 * tables of stage 1 is for an address, and tables of four levels
 *
 * What is expected is Arm's IHI 0070, whose sections the tests name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-utils.h"

#define IOVA            0x12f45000ULL

/* An address of TTB1, of 39 bits and of 48 bits of input */
#define HIGH_39(addr)   (MAKE_64BIT_MASK(39, 25) | (addr))
#define HIGH_48(addr)   (MAKE_64BIT_MASK(48, 16) | (addr))

#define TG1_4K          2

static void set_cd(TestWorld *w, int pos, int bits, uint64_t val)
{
    set_field(&w->t, vm_pa(&w->t, w->cd), pos, bits, val);
}

/* Give the stream a table for high addresses, of 64 - @t1sz bits. */
static uint64_t use_ttb1(TestWorld *w, int t1sz)
{
    uint64_t table = stage1_table(&w->t);

    vm_writeq(&w->t, w->cd + 16, table);
    set_cd(w, 16, 6, t1sz);
    set_cd(w, 22, 2, TG1_4K);
    set_cd(w, 30, 1, 0);        /* EPD1 */
    return table;
}

/* All bits of an address are recorded as they were: 3.4.1 */
static void check_no_translation(TestWorld *w, uint64_t iova)
{
    TestEvent e = check_fault(&w->t, iova, true, F_TRANSLATION);

    g_assert_false(e.s2);
    g_assert_cmpuint(e.class, ==, CLASS_IN);
    g_assert_cmphex(e.addr, ==, iova);
}

/*
 * Bit 55 chooses the table, and all bits from there up have to be the same, as
 * have those down to the table's size: 3.4.1
 */
static void test_ttb1(const void *data)
{
    uint64_t page;
    TestWorld w;
    int bit;

    world_start(&w, GPOINTER_TO_INT(data), IOVA);
    page = vm_alloc(&w.t, TEST_PAGE);
    stage1_map(&w.t, use_ttb1(&w, 25), IOVA + TEST_PAGE, page);

    check_arrives(&w.t, IOVA, w.page);
    check_arrives(&w.t, HIGH_39(IOVA + TEST_PAGE), page);
    check_no_translation(&w, IOVA + TEST_PAGE);
    check_no_translation(&w, HIGH_39(IOVA));

    for (bit = 39; bit < 64; bit++) {
        check_no_translation(&w, IOVA ^ BIT_ULL(bit));
        check_no_translation(&w, HIGH_39(IOVA + TEST_PAGE) ^ BIT_ULL(bit));
    }
    test_stop(&w.t);
}

/* With TBI, bits 63 to 56 of an address are ignored: 3.4.1. Others are not. */
static void test_tbi(const void *data)
{
    uint64_t addrs[2] = { IOVA, HIGH_39(IOVA) };
    uint64_t pages[2], tagged;
    TestWorld w;
    int tbi, i, bit;

    world_start(&w, GPOINTER_TO_INT(data), IOVA);
    pages[0] = w.page;
    pages[1] = vm_alloc(&w.t, TEST_PAGE);
    stage1_map(&w.t, use_ttb1(&w, 25), IOVA, pages[1]);

    for (tbi = 0; tbi < 4; tbi++) {
        set_cd(&w, 38, 2, tbi);
        for (i = 0; i < 2; i++) {
            g_test_message("TBI %d, TTB%d", tbi, i);
            check_arrives(&w.t, addrs[i], pages[i]);
            for (bit = 56; bit < 64; bit++) {
                tagged = addrs[i] ^ BIT_ULL(bit);
                if (tbi & 1 << i) {
                    check_arrives(&w.t, tagged, pages[i]);
                } else {
                    check_no_translation(&w, tagged);
                }
            }
            check_no_translation(&w, addrs[i] ^ BIT_ULL(39));
            check_no_translation(&w, addrs[i] ^ BIT_ULL(54) ^ BIT_ULL(60));
        }
    }
    test_stop(&w.t);
}

/*
 * A tag is no part of the address that is in the TLB: 3.4.1. An invalidation
 * without it is for those with one, too.
 */
static void test_tbi_invalidation(void)
{
    uint64_t addrs[2] = { IOVA, HIGH_39(IOVA) };
    uint64_t tables[2], page, tag = 0x5aULL << 56;
    TestWorld w;
    int i;

    world_start(&w, true, IOVA);
    tables[0] = w.table;
    tables[1] = use_ttb1(&w, 25);
    stage1_map(&w.t, tables[1], IOVA, w.page);
    set_cd(&w, 38, 2, 3);
    for (i = 0; i < 2; i++) {
        check_arrives(&w.t, addrs[i] ^ tag, w.page);
        page = vm_alloc(&w.t, TEST_PAGE);
        stage1_map(&w.t, tables[i], IOVA, page);
        smmuv3_cmd(&w.t, CMD_TLBI_NH_VAA | (uint64_t)TEST_VMID << 32, addrs[i]);
        check_arrives(&w.t, addrs[i] ^ tag, page);
        check_arrives(&w.t, addrs[i], page);
    }
    test_stop(&w.t);
}

/*
 * With EPD, there is no walk for an address of that table, and nothing else
 * that the CD says of the table matters: 5.4 EPD0. With both, nor does ENDI.
 */
static void test_epd(const void *data)
{
    uint64_t page;
    TestWorld w;

    world_start(&w, GPOINTER_TO_INT(data), IOVA);
    page = vm_alloc(&w.t, TEST_PAGE);
    stage1_map(&w.t, use_ttb1(&w, 25), IOVA, page);

    set_cd(&w, 14, 1, 1);       /* EPD0 */
    check_no_translation(&w, IOVA);
    check_no_translation(&w, 0);
    check_arrives(&w.t, HIGH_39(IOVA), page);
    set_cd(&w, 0, 6, 0);        /* T0SZ: too small */
    set_cd(&w, 6, 2, 3);        /* TG0: reserved */
    vm_writeq(&w.t, w.cd + 8, MAKE_64BIT_MASK(4, 48));
    check_no_translation(&w, IOVA);
    check_arrives(&w.t, HIGH_39(IOVA), page);
    check_no_translation(&w, HIGH_39(IOVA) ^ BIT_ULL(39));

    set_cd(&w, 30, 1, 1);       /* EPD1 */
    set_cd(&w, 15, 1, 1);       /* ENDI */
    check_no_translation(&w, IOVA);
    check_no_translation(&w, HIGH_39(IOVA));

    cd_write(&w.t, w.cd, w.table, 1);
    set_cd(&w, 16, 6, 63);      /* T1SZ: too large */
    set_cd(&w, 22, 2, 0);       /* TG1: reserved */
    vm_writeq(&w.t, w.cd + 16, MAKE_64BIT_MASK(4, 48));
    check_arrives(&w.t, IOVA, w.page);
    check_no_translation(&w, HIGH_39(IOVA));

    set_cd(&w, 30, 1, 0);       /* and these matter without EPD1 */
    check_fault(&w.t, IOVA, true, C_BAD_CD);
    test_stop(&w.t);
}

/* Of the 9 bits that index a table of level 0 */
static const int level0_indices[] = { 0, 1, 0x155, 0x1ff };

/* Stage 1 with 48 bits of input, each way: 5.4 T0SZ */
static void test_stage1(const void *data)
{
    uint64_t low, high, iova, page;
    TestWorld w;
    int i;

    world_start(&w, GPOINTER_TO_INT(data), IOVA);
    low = stage1_table(&w.t);
    high = use_ttb1(&w, 16);
    vm_writeq(&w.t, w.cd + 8, low);
    set_cd(&w, 0, 6, 16);
    for (i = 0; i < ARRAY_SIZE(level0_indices); i++) {
        iova = IOVA | (uint64_t)level0_indices[i] << 39;
        page = vm_alloc(&w.t, 2 * TEST_PAGE);
        stage1_map_level0(&w.t, low, iova, page);
        stage1_map_level0(&w.t, high, iova, page + TEST_PAGE);
        check_arrives(&w.t, iova, page);
        check_arrives(&w.t, HIGH_48(iova), page + TEST_PAGE);
    }
    check_no_translation(&w, IOVA | 2ULL << 39);
    check_no_translation(&w, HIGH_48(IOVA | 2ULL << 39));
    check_no_translation(&w, IOVA | BIT_ULL(48));
    check_no_translation(&w, HIGH_48(IOVA) ^ BIT_ULL(48));

    /* 44 bits are in fewer entries of the same table. */
    set_cd(&w, 0, 6, 20);
    iova = IOVA | 1ULL << 39;
    page = vm_alloc(&w.t, TEST_PAGE);
    stage1_map_level0(&w.t, low, iova, page);
    set_cd(&w, 0, 6, 20);
    check_arrives(&w.t, iova, page);
    check_no_translation(&w, iova | BIT_ULL(44));
    test_stop(&w.t);
}

/* Stage 2 with 44 bits of input, which is all that IDR5.OAS has: 5.2 S2SL0 */
static void test_stage2(const void *data)
{
    static const uint64_t indices[] = { 0, 1, 0x15, 0x1f };
    TestStage1 s1 = { .config = GPOINTER_TO_INT(data) };
    bool nested = s1.config == STE_CONFIG_NESTED;
    uint64_t table, ipa, pa;
    TestSMMU t;
    TestEvent e;
    int i;

    test_start(&t, true, "", TEST_DEVICE);
    smmuv3_use_stage2_level0(&t);
    table = stage1_table(&t);
    s1.table = cd_table(&t, S1FMT_LINEAR, 0);
    cd_write(&t, s1.table, table, 1);
    ste_install(&t, &s1);
    for (i = 0; i < ARRAY_SIZE(indices); i++) {
        ipa = IOVA | indices[i] << 39;
        pa = test_alloc(&t, TEST_PAGE);
        smmuv3_map_stage2(&t, ipa, pa);
        stage1_map(&t, table, IOVA, ipa);
        smmuv3_invalidate_all(&t);
        qtest_writeq(t.qts, pa, ipa);
        g_assert_cmpuint(pasid_dma(&t, false, nested ? IOVA : ipa, 8, NO_PASID),
                         ==, PASID_DMA_RESULT_OK);
        g_assert_cmphex(qtest_readq(t.qts, t.buffer), ==, ipa);
    }
    ipa = IOVA | 2ULL << 39;
    stage1_map(&t, table, IOVA, ipa);
    smmuv3_invalidate_all(&t);
    e = check_fault(&t, nested ? IOVA : ipa, true, F_TRANSLATION);
    g_assert_true(e.s2);
    g_assert_cmphex(e.addr2, ==, ipa);
    test_stop(&t);
}

static void add(const char *name, int parameter, GTestDataFunc function)
{
    g_autofree char *path = g_strdup_printf("/smmuv3/tables/%s", name);

    qtest_add_data_func(path, GINT_TO_POINTER(parameter), function);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    add("ttb1/stage1", false, test_ttb1);
    add("ttb1/nested", true, test_ttb1);
    add("tbi/stage1", false, test_tbi);
    add("tbi/nested", true, test_tbi);
    qtest_add_func("/smmuv3/tables/tbi/invalidation", test_tbi_invalidation);
    add("epd/stage1", false, test_epd);
    add("epd/nested", true, test_epd);
    add("four-levels/stage1", false, test_stage1);
    add("four-levels/stage1-nested", true, test_stage1);
    add("four-levels/stage2", STE_CONFIG_S2, test_stage2);
    add("four-levels/stage2-nested", STE_CONFIG_NESTED, test_stage2);

    return g_test_run();
}
