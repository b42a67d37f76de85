/*
 * QTest of the commands that invalidate what the SMMUv3 has cached
 *
 * A test changes a structure in memory without a word to the SMMU. The model
 * goes on to use what it has cached, until a command removes that. The
 * architecture lets a command remove more than it has to: 4.3, 4.4. The model
 * doesn't, so a test can tell whether a command had the right scope.
 *
 * What is expected is Arm's IHI 0070, whose sections the tests name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/units.h"
#include "smmuv3-utils.h"

#define IOVA            0x40400000ULL
#define ASID            1
#define PAGES           64

#define DESC_NG         11

/* The fields of an invalidation by address: 4.4.1.1, 4.4.2.4 */
#define VMID(vmid)      ((uint64_t)(vmid) << 32)
#define IN_ASID(asid)   ((uint64_t)(asid) << 48)
#define NUM(num)        ((uint64_t)(num) << 12)
#define SCALE(scale)    ((uint64_t)(scale) << 20)
#define LEAF            1
#define TTL(ttl)        ((uint64_t)(ttl) << 8)
#define TG(tg)          ((uint64_t)(tg) << 10)
#define TG_4K           1
#define TG_16K          2
#define TG_64K          3

/* A stream that maps PAGES pages, which move from old to new */
typedef struct Pages {
    TestWorld w;
    uint64_t old;
    uint64_t new;
} Pages;

static uint64_t page_iova(int page)
{
    return IOVA + page * TEST_PAGE;
}

static void start(Pages *p, bool nested)
{
    int i;

    world_start(&p->w, nested, IOVA);
    p->old = vm_alloc(&p->w.t, PAGES * TEST_PAGE);
    p->new = vm_alloc(&p->w.t, PAGES * TEST_PAGE);
    for (i = 0; i < PAGES * TEST_PAGE; i += TEST_PAGE) {
        vm_writeq(&p->w.t, p->old + i, p->old + i);
        vm_writeq(&p->w.t, p->new + i, p->new + i);
    }
}

/* At the start of each page is its guest address, which a read brings. */
static void check_page(TestSMMU *t, uint64_t iova, uint64_t page)
{
    g_assert_cmpuint(pasid_dma(t, false, iova, 8, NO_PASID), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readq(t->qts, t->buffer), ==, page);
}

static void map_pages(Pages *p, uint64_t to)
{
    int i;

    for (i = 0; i < PAGES; i++) {
        stage1_map(&p->w.t, p->w.table, page_iova(i), to + i * TEST_PAGE);
    }
}

/* The TLB has the old pages; the tables, the new ones. */
static void make_stale(Pages *p)
{
    int i;

    map_pages(p, p->old);
    smmuv3_invalidate_all(&p->w.t);
    for (i = 0; i < PAGES; i++) {
        check_page(&p->w.t, page_iova(i), p->old + i * TEST_PAGE);
    }
    map_pages(p, p->new);
}

/* Of the pages, @num from @first on are no more in the TLB. */
static void check_invalidated(Pages *p, int first, int num)
{
    int i;

    for (i = 0; i < PAGES; i++) {
        bool gone = i >= first && i < first + num;

        check_page(&p->w.t, page_iova(i),
                   (gone ? p->new : p->old) + i * TEST_PAGE);
    }
}

/* 4.4.2.3, 4.4.2.4 */
static void test_address(const void *data)
{
    static const struct {
        uint64_t dw0;
        bool matches;
    } rows[] = {
        { CMD_TLBI_NH_VA | VMID(TEST_VMID) | IN_ASID(ASID), true },
        { CMD_TLBI_NH_VA | VMID(TEST_VMID) | IN_ASID(ASID + 1), false },
        { CMD_TLBI_NH_VA | VMID(TEST_VMID + 1) | IN_ASID(ASID), false },
        { CMD_TLBI_NH_VAA | VMID(TEST_VMID), true },
        { CMD_TLBI_NH_VAA | VMID(TEST_VMID) | IN_ASID(ASID + 1), true },
        { CMD_TLBI_NH_VAA | VMID(TEST_VMID + 1), false },
    };
    Pages p;
    int i, leaf;

    start(&p, GPOINTER_TO_INT(data));
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        for (leaf = 0; leaf <= LEAF; leaf++) {
            g_test_message("row %d leaf %d", i, leaf);
            make_stale(&p);
            smmuv3_cmd(&p.w.t, rows[i].dw0, page_iova(7) | leaf);
            check_invalidated(&p, 7, rows[i].matches);
            smmuv3_cmd(&p.w.t, rows[i].dw0, page_iova(PAGES) | leaf);
            check_invalidated(&p, 7, rows[i].matches);
        }
    }
    test_stop(&p.w.t);
}

/* The command removes global entries whatever their ASID is: 4.4.2.4 */
static void test_global(const void *data)
{
    uint64_t desc;
    Pages p;
    int i;

    start(&p, GPOINTER_TO_INT(data));
    map_pages(&p, p.old);
    desc = stage1_desc(&p.w.t, p.w.table, page_iova(3), 3);
    set_field(&p.w.t, vm_pa(&p.w.t, desc), DESC_NG, 1, 0);
    for (i = 0; i < PAGES; i++) {
        check_page(&p.w.t, page_iova(i), p.old + i * TEST_PAGE);
    }
    map_pages(&p, p.new);
    for (i = 2; i < 5; i++) {
        smmuv3_cmd(&p.w.t, CMD_TLBI_NH_VA | VMID(TEST_VMID) | IN_ASID(ASID + 1),
                   page_iova(i));
    }
    check_invalidated(&p, 3, 1);
    test_stop(&p.w.t);
}

/* (NUM + 1) * 2^SCALE pages, with a level and without: 4.4.1.1 */
static void test_range(const void *data)
{
    static const struct {
        int num, scale, ttl;
        int first, pages;
    } rows[] = {
        { 0, 0, 3, 7, 1 },
        { 0, 0, 3, 8, 1 },
        { 1, 0, 0, 7, 2 },
        { 4, 0, 0, 3, 5 },
        { 4, 0, 3, 3, 5 },
        { 31, 0, 0, 0, 32 },
        { 31, 0, 3, 17, 32 },
        { 0, 1, 0, 62, 2 },
        { 0, 5, 3, 32, 32 },
        { 1, 2, 0, 5, 8 },
        { 2, 3, 3, 9, 24 },
        { 31, 4, 0, 40, PAGES - 40 },
        { 31, 31, 0, 20, PAGES - 20 },
    };
    static const uint64_t commands[] = {
        CMD_TLBI_NH_VA | VMID(TEST_VMID) | IN_ASID(ASID),
        CMD_TLBI_NH_VAA | VMID(TEST_VMID),
    };
    Pages p;
    int i, j;

    start(&p, GPOINTER_TO_INT(data));
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        for (j = 0; j < ARRAY_SIZE(commands); j++) {
            g_test_message("row %d command %d", i, j);
            make_stale(&p);
            smmuv3_cmd(&p.w.t, commands[j] | NUM(rows[i].num) |
                       SCALE(rows[i].scale), page_iova(rows[i].first) |
                       TG(TG_4K) | TTL(rows[i].ttl) | LEAF);
            check_invalidated(&p, rows[i].first, rows[i].pages);
        }
    }
    test_stop(&p.w.t);
}

/* A granule without a range and without a level is reserved: 4.4.1.1 */
static void test_range_reserved(void)
{
    static const uint8_t commands[] = {
        CMD_TLBI_NH_VA, CMD_TLBI_NH_VAA, CMD_TLBI_S2_IPA,
    };
    uint64_t dw0;
    TestWorld w;
    int i, tg;

    world_start(&w, true, IOVA);
    for (i = 0; i < ARRAY_SIZE(commands); i++) {
        dw0 = commands[i] | VMID(TEST_VMID);
        smmuv3_cmd(&w.t, dw0, 0);
        for (tg = TG_4K; tg <= TG_64K; tg++) {
            smmuv3_cmd_illegal(&w.t, dw0, TG(tg));
            smmuv3_cmd_illegal(&w.t, dw0, TG(tg) | LEAF);
            smmuv3_cmd(&w.t, dw0 | NUM(1), TG(tg));
            smmuv3_cmd(&w.t, dw0 | SCALE(1), TG(tg));
            smmuv3_cmd(&w.t, dw0, TG(tg) | TTL(2));
        }
        smmuv3_cmd(&w.t, dw0, TG(TG_4K) | TTL(1));
        smmuv3_cmd_illegal(&w.t, dw0, TG(TG_16K) | TTL(1));
    }
    check_arrives(&w.t, IOVA, w.page);
    test_stop(&w.t);
}

/* The unit of a range is the granule: 4.4.1.1. A table of 64K, of two levels */
static void test_range_64k(void)
{
    uint64_t table, pages, desc;
    TestWorld w;
    int i;

    world_start(&w, false, IOVA);
    table = vm_alloc(&w.t, 64 * KiB);
    pages = vm_alloc(&w.t, 16 * 64 * KiB);
    cd_write(&w.t, w.cd, vm_alloc(&w.t, 64 * KiB), 1);
    vm_writeq(&w.t, vm_readq(&w.t, w.cd + 8) + extract64(IOVA, 29, 10) * 8,
              table | 3);
    set_field(&w.t, w.cd, 6, 2, 1);     /* TG0: 64K */
    desc = table + extract64(IOVA, 16, 13) * 8;
    for (i = 0; i < 16; i++) {
        vm_writeq(&w.t, pages + i * 64 * KiB, i);
        vm_writeq(&w.t, desc + i * 8, (pages + i * 64 * KiB) | BIT(DESC_NG) |
                  BIT(10) | 3);
        check_page(&w.t, IOVA + i * 64 * KiB, i);
    }
    for (i = 0; i < 16; i++) {
        vm_writeq(&w.t, desc + i * 8, pages | BIT(DESC_NG) | BIT(10) | 3);
    }
    smmuv3_cmd(&w.t, CMD_TLBI_NH_VA | VMID(TEST_VMID) | IN_ASID(ASID) | NUM(2) |
               SCALE(1), (IOVA + 3 * 64 * KiB) | TG(TG_64K) | TTL(3) | LEAF);
    for (i = 0; i < 16; i++) {
        check_page(&w.t, IOVA + i * 64 * KiB, i >= 3 && i < 9 ? 0 : i);
    }
    test_stop(&w.t);
}

/*
 * A command removes a whole block of stage 1, whatever address in the block it
 * has: 4.4. If stage 2 has pages of 4K, the block is several TLB entries.
 */
static void test_block(const void *data)
{
    static const struct {
        uint64_t dw0, dw1;
    } rows[] = {
        { CMD_TLBI_NH_VA | IN_ASID(ASID), 9 * TEST_PAGE },
        { CMD_TLBI_NH_VA | IN_ASID(ASID), LEAF },
        { CMD_TLBI_NH_VAA, 511 * TEST_PAGE },
        { CMD_TLBI_NH_VA | IN_ASID(ASID), TG(TG_4K) | TTL(2) | LEAF },
        { CMD_TLBI_NH_VAA, TG(TG_4K) | TTL(2) },
        { CMD_TLBI_NH_VA | IN_ASID(ASID) | SCALE(9), TG(TG_4K) | TTL(2) },
    };
    static const int pages[] = { 0, 5, 9, 511 };
    uint64_t blocks[2], block = IOVA + 2 * MiB;
    TestWorld w;
    int i, j, k;

    world_start(&w, GPOINTER_TO_INT(data), IOVA);
    for (i = 0; i < 2; i++) {
        blocks[i] = vm_alloc(&w.t, 2 * MiB);
        for (j = 0; j < ARRAY_SIZE(pages); j++) {
            vm_writeq(&w.t, blocks[i] + pages[j] * TEST_PAGE, 1000 * i + j);
        }
    }
    for (k = 0; k < ARRAY_SIZE(rows); k++) {
        g_test_message("row %d", k);
        for (i = 0; i < 2; i++) {
            stage1_map_block(&w.t, w.table, block, blocks[i]);
            if (i) {
                smmuv3_cmd(&w.t, rows[k].dw0 | VMID(TEST_VMID),
                           block + rows[k].dw1);
            } else {
                smmuv3_invalidate_all(&w.t);
            }
            for (j = 0; j < ARRAY_SIZE(pages); j++) {
                check_page(&w.t, block + pages[j] * TEST_PAGE, 1000 * i + j);
            }
        }
    }
    test_stop(&w.t);
}

/* An aligned range of 2^(Range + 1) streams, and their CDs: 4.3.2 */
static void test_ste_range(void)
{
    static const struct {
        uint32_t sid;
        int range;
        bool matches;
    } rows[] = {
        { 8, 0, true }, { 9, 0, true }, { 10, 0, false }, { 7, 0, false },
        { 11, 1, true }, { 12, 1, false },
        { 15, 2, true }, { 7, 2, false }, { 16, 2, false },
        { 0, 3, true }, { 15, 3, true }, { 16, 3, false },
        { 0x10008, 7, false }, { 0x10008, 16, true }, { 0x80000000, 31, true },
    };
    uint64_t addr, valid;
    TestWorld w;
    int i, cd;

    QEMU_BUILD_BUG_ON(TEST_SID != 8);
    world_start(&w, true, IOVA);
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        for (cd = 0; cd < 2; cd++) {
            g_test_message("row %d cd %d", i, cd);
            addr = cd ? vm_pa(&w.t, w.cd) : ste_addr(&w.t, 0);
            check_arrives(&w.t, IOVA, w.page);
            valid = qtest_readq(w.t.qts, addr);
            qtest_writeq(w.t.qts, addr, 0);
            check_arrives(&w.t, IOVA, w.page);
            smmuv3_cmd(&w.t, CMD_CFGI_ALL | (uint64_t)rows[i].sid << 32,
                       rows[i].range);
            if (rows[i].matches) {
                check_fault(&w.t, IOVA, true, cd ? C_BAD_CD : C_BAD_STE);
            } else {
                check_arrives(&w.t, IOVA, w.page);
            }
            qtest_writeq(w.t.qts, addr, valid);
            smmuv3_invalidate_all(&w.t);
        }
    }
    test_stop(&w.t);
}

static void add(const char *name, bool nested, GTestDataFunc function)
{
    g_autofree char *path = g_strdup_printf("/smmuv3/invalidation/%s/%s", name,
                                            nested ? "nested" : "stage1");

    qtest_add_data_func(path, GINT_TO_POINTER(nested), function);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    add("address", false, test_address);
    add("address", true, test_address);
    add("global", false, test_global);
    add("global", true, test_global);
    add("range", false, test_range);
    add("range", true, test_range);
    add("block", false, test_block);
    add("block", true, test_block);
    qtest_add_func("/smmuv3/invalidation/range-64k", test_range_64k);
    qtest_add_func("/smmuv3/invalidation/range-reserved", test_range_reserved);
    qtest_add_func("/smmuv3/invalidation/ste-range", test_ste_range);

    return g_test_run();
}
