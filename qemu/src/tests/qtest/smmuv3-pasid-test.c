/*
 * QTest of the SMMUv3's substreams
 *
 * What is expected is Arm's IHI 0070, whose sections the tables name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-utils.h"

#define ARGS            "-device pasid-dma,addr=1,pasid-width=20 " \
                        "-global arm-smmuv3.ssidsize=16"
#define ARGS_20         "-device pasid-dma,addr=1,pasid-width=20 " \
                        "-global arm-smmuv3.ssidsize=20"
#define ARGS_NONE       "-device pasid-dma,addr=1,pasid-width=20"

#define CDMAX           12
#define SSID_VALID      1093        /* not in the first leaf */
#define SSID_NO_CD      1094        /* its leaf is there, its CD has V=0 */
#define SSID_NO_PAGE    1095        /* its CD is valid, its table is empty */
#define SSID_NO_LEAF    3000        /* its L1CD has V=0 */
#define SSID_BEYOND     (1 << CDMAX)

#define LEN             64
#define NOTHING         0
#define BEYOND_OAS      (1ULL << 44)

/* Who sends a transaction */
typedef enum {
    WITHOUT,
    ZERO,
    VALID,
    NO_CD,
    NO_LEAF,
    NO_PAGE,
    BEYOND,
    MAX_BEYOND,
    N_WHO
} Who;

static const int pasid_of[N_WHO] = {
    [WITHOUT] = NO_PASID,
    [ZERO] = 0,
    [VALID] = SSID_VALID,
    [NO_CD] = SSID_NO_CD,
    [NO_LEAF] = SSID_NO_LEAF,
    [NO_PAGE] = SSID_NO_PAGE,
    [BEYOND] = SSID_BEYOND,
    [MAX_BEYOND] = 0xfffff,
};

/* Where a transaction can arrive */
typedef enum {
    AT_NONE,
    AT_BYPASS,      /* the address as it is, at stage 2 if there is one */
    AT_CD0,
    AT_CD,
    N_AT
} Where;

/*
 * The table: what becomes of a transaction with an STE that has substreams. It
 * is the same for all formats (S1Fmt only says how a CD is found), for both
 * directions, and with stage 2 or without.
 */
static const struct {
    uint8_t dss;
    Who who;
    Where at;
    uint8_t event;
    const char *section;
} outcomes[] = {
    { S1DSS_ABORT, WITHOUT, AT_NONE, F_STREAM_DISABLED, "5.2 S1DSS, 7.3.7" },
    { S1DSS_ABORT, ZERO, AT_CD0, NOTHING, "3.3.2, 5.2 S1CDMax" },
    { S1DSS_ABORT, VALID, AT_CD, NOTHING, "3.3.2, 5.2 S1CDMax" },
    { S1DSS_ABORT, NO_CD, AT_NONE, C_BAD_CD, "5.4 V, 7.3.11" },
    { S1DSS_ABORT, NO_LEAF, AT_NONE, C_BAD_SUBSTREAMID, "5.3.1, 7.3.9" },
    { S1DSS_ABORT, NO_PAGE, AT_NONE, F_TRANSLATION, "7.3.13" },
    { S1DSS_ABORT, BEYOND, AT_NONE, C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
    { S1DSS_ABORT, MAX_BEYOND, AT_NONE, C_BAD_SUBSTREAMID,
      "5.2 S1CDMax, 7.3.9" },

    { S1DSS_BYPASS, WITHOUT, AT_BYPASS, NOTHING, "5.2 S1DSS" },
    { S1DSS_BYPASS, ZERO, AT_CD0, NOTHING, "3.3.2, 5.2 S1CDMax" },
    { S1DSS_BYPASS, VALID, AT_CD, NOTHING, "3.3.2, 5.2 S1CDMax" },
    { S1DSS_BYPASS, NO_CD, AT_NONE, C_BAD_CD, "5.4 V, 7.3.11" },
    { S1DSS_BYPASS, NO_LEAF, AT_NONE, C_BAD_SUBSTREAMID, "5.3.1, 7.3.9" },
    { S1DSS_BYPASS, NO_PAGE, AT_NONE, F_TRANSLATION, "7.3.13" },
    { S1DSS_BYPASS, BEYOND, AT_NONE, C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
    { S1DSS_BYPASS, MAX_BEYOND, AT_NONE, C_BAD_SUBSTREAMID,
      "5.2 S1CDMax, 7.3.9" },

    { S1DSS_SSID0, WITHOUT, AT_CD0, NOTHING, "5.2 S1DSS" },
    { S1DSS_SSID0, ZERO, AT_NONE, F_STREAM_DISABLED, "5.2 S1DSS, 7.3.7" },
    { S1DSS_SSID0, VALID, AT_CD, NOTHING, "3.3.2, 5.2 S1CDMax" },
    { S1DSS_SSID0, NO_CD, AT_NONE, C_BAD_CD, "5.4 V, 7.3.11" },
    { S1DSS_SSID0, NO_LEAF, AT_NONE, C_BAD_SUBSTREAMID, "5.3.1, 7.3.9" },
    { S1DSS_SSID0, NO_PAGE, AT_NONE, F_TRANSLATION, "7.3.13" },
    { S1DSS_SSID0, BEYOND, AT_NONE, C_BAD_SUBSTREAMID, "5.2 S1CDMax, 7.3.9" },
    { S1DSS_SSID0, MAX_BEYOND, AT_NONE, C_BAD_SUBSTREAMID,
      "5.2 S1CDMax, 7.3.9" },

    /* The reserved value behaves as the first. */
    { 3, WITHOUT, AT_NONE, F_STREAM_DISABLED, "5.2 S1DSS" },
    { 3, ZERO, AT_CD0, NOTHING, "5.2 S1DSS" },
    { 3, VALID, AT_CD, NOTHING, "5.2 S1DSS" },
};

typedef struct World {
    TestSMMU t;
    TestStage1 s1;
    uint64_t iova;
    uint64_t page[N_AT];
} World;

static void check_event(TestSMMU *t, uint8_t type, int pasid, bool to_memory,
                        uint64_t iova)
{
    /* One has no SubstreamID, and one is always valid: 7.3.7, 7.3.9 */
    bool ssv = pasid != NO_PASID && type != C_BAD_SUBSTREAMID &&
               type != F_STREAM_DISABLED;
    bool ssid = pasid != NO_PASID && type != F_STREAM_DISABLED;
    TestEvent e;

    g_assert_true(smmuv3_event(t, &e));
    g_assert_cmphex(e.type, ==, type);
    g_assert_cmphex(e.sid, ==, TEST_SID);
    g_assert_cmpuint(e.ssv, ==, ssv);
    g_assert_cmphex(e.ssid, ==, ssid ? pasid : 0);
    if (type >= F_TRANSLATION) {
        g_assert_cmpuint(e.rnw, ==, !to_memory);
        g_assert_cmphex(e.addr, ==, iova);
        g_assert_false(e.s2);
        g_assert_cmpuint(e.class, ==, CLASS_IN);
    }
    smmuv3_no_event(t);
}

static void fill_pages(World *w)
{
    int i;

    for (i = AT_BYPASS; i < N_AT; i++) {
        vm_writeq(&w->t, w->page[i], 0x1000 + i);
    }
}

/* Run a transfer, and see that it reaches @at and no other page. */
static void check_transfer(World *w, int pasid, bool to_memory, Where at)
{
    uint32_t result;
    int i;

    fill_pages(w);
    qtest_writeq(w->t.qts, w->t.buffer, 0x2000);
    result = pasid_dma(&w->t, to_memory, w->iova, LEN, pasid);
    g_assert_cmpuint(result, ==, at == AT_NONE ? PASID_DMA_RESULT_ABORT :
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(pasid_dma_reg(&w->t, PASID_DMA_DONE), ==,
                    at == AT_NONE ? 0 : LEN);
    for (i = AT_BYPASS; i < N_AT; i++) {
        g_assert_cmphex(vm_readq(&w->t, w->page[i]), ==,
                        to_memory && i == at ? 0x2000 : 0x1000 + i);
    }
    g_assert_cmphex(qtest_readq(w->t.qts, w->t.buffer), ==,
                    to_memory || at == AT_NONE ? 0x2000 : 0x1000 + at);
}

static void check_outcome(World *w, int row, bool to_memory)
{
    int pasid = pasid_of[outcomes[row].who];

    g_test_message("config %d fmt %d dss %d pasid 0x%x %s: %s", w->s1.config,
                   w->s1.fmt, w->s1.dss, pasid, to_memory ? "writes" : "reads",
                   outcomes[row].section);
    check_transfer(w, pasid, to_memory, outcomes[row].at);
    if (outcomes[row].event) {
        check_event(&w->t, outcomes[row].event, pasid, to_memory, w->iova);
    }
    smmuv3_no_event(&w->t);
}

/* A CD whose table maps the one IOVA to @page, or nothing if that is 0 */
static uint64_t add_cd(World *w, uint32_t ssid, uint16_t asid, uint64_t page)
{
    uint64_t cd = cd_addr(&w->t, &w->s1, ssid, true);
    uint64_t table = stage1_table(&w->t);

    if (page) {
        stage1_map(&w->t, table, w->iova, page);
    }
    cd_write(&w->t, cd, table, asid);
    return cd;
}

static void start_world(World *w, bool nested, const char *args)
{
    int i;

    memset(w, 0, sizeof(*w));
    test_start(&w->t, true, "", args);
    test_enable_pasid(&w->t, true);
    if (nested) {
        smmuv3_use_stage2(&w->t);
    }
    w->s1.config = nested ? STE_CONFIG_NESTED : STE_CONFIG_S1;
    for (i = AT_BYPASS; i < N_AT; i++) {
        w->page[i] = vm_alloc(&w->t, TEST_PAGE);
    }
    w->iova = w->page[AT_BYPASS];
}

static void make_table(World *w, uint8_t fmt, uint8_t cdmax)
{
    w->s1.fmt = fmt;
    w->s1.cdmax = cdmax;
    w->s1.table = cd_table(&w->t, fmt, cdmax);
}

static void test_outcomes(const void *data)
{
    bool nested = GPOINTER_TO_INT(data) & 1;
    uint8_t fmt = GPOINTER_TO_INT(data) >> 1;
    World w;
    int i;

    start_world(&w, nested, ARGS);
    make_table(&w, fmt, CDMAX);
    add_cd(&w, 0, 1, w.page[AT_CD0]);
    add_cd(&w, SSID_VALID, 2, w.page[AT_CD]);
    add_cd(&w, SSID_NO_PAGE, 3, 0);

    for (i = 0; i < ARRAY_SIZE(outcomes); i++) {
        if (outcomes[i].who == NO_LEAF && fmt == S1FMT_LINEAR) {
            continue;
        }
        w.s1.dss = outcomes[i].dss;
        ste_install(&w.t, &w.s1);
        check_outcome(&w, i, false);
        check_outcome(&w, i, true);
    }
    test_stop(&w.t);
}

/* The reserved format behaves as the linear one: 5.2 S1Fmt */
static void test_reserved_format(void)
{
    World w;

    start_world(&w, false, ARGS);
    make_table(&w, S1FMT_LINEAR, CDMAX);
    add_cd(&w, SSID_VALID, 2, w.page[AT_CD]);
    w.s1.fmt = 3;
    ste_install(&w.t, &w.s1);
    check_transfer(&w, SSID_VALID, true, AT_CD);
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

/* Transactions with a PASID where the STE has no substreams */
static void test_no_substreams(const void *data)
{
    static const struct {
        uint8_t config, cdmax;
        int pasid;
        Where at;
        uint8_t event;
        const char *section;
    } rows[] = {
        { STE_CONFIG_S1, 0, NO_PASID, AT_CD0, NOTHING, "5.2 S1CDMax" },
        { STE_CONFIG_S1, 0, 0, AT_NONE, C_BAD_SUBSTREAMID, "5.2 S1CDMax" },
        { STE_CONFIG_S1, 0, 1, AT_NONE, C_BAD_SUBSTREAMID, "5.2 S1CDMax" },
        { STE_CONFIG_BYPASS, 0, NO_PASID, AT_BYPASS, NOTHING, "5.2 Config" },
        { STE_CONFIG_BYPASS, 0, 0, AT_NONE, C_BAD_SUBSTREAMID, "5.2 S1Fmt" },
        { STE_CONFIG_BYPASS, 4, 1, AT_NONE, C_BAD_SUBSTREAMID, "5.2 S1Fmt" },
        { STE_CONFIG_ABORT, 4, NO_PASID, AT_NONE, NOTHING, "5.2 Config" },
        { STE_CONFIG_ABORT, 4, 1, AT_NONE, NOTHING, "5.2 Config" },
    };
    World w;
    int i, dir;

    start_world(&w, false, data);
    make_table(&w, S1FMT_LINEAR, 0);
    add_cd(&w, 0, 1, w.page[AT_CD0]);
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        w.s1.config = rows[i].config;
        w.s1.cdmax = rows[i].cdmax;
        ste_install(&w.t, &w.s1);
        for (dir = 0; dir < 2; dir++) {
            g_test_message("row %d: %s", i, rows[i].section);
            check_transfer(&w, rows[i].pasid, dir, rows[i].at);
            if (rows[i].event) {
                check_event(&w.t, rows[i].event, rows[i].pasid, dir, w.iova);
            }
            smmuv3_no_event(&w.t);
        }
    }
    test_stop(&w.t);
}

/* Stage 2 alone: a PASID has no stage 1 to choose a table of. 3.9, 5.2 S1Fmt */
static void test_stage2_only(void)
{
    World w;

    start_world(&w, true, ARGS);
    w.s1.config = STE_CONFIG_S2;
    ste_install(&w.t, &w.s1);
    check_transfer(&w, NO_PASID, true, AT_BYPASS);
    smmuv3_no_event(&w.t);
    check_transfer(&w, 1, true, AT_NONE);
    check_event(&w.t, C_BAD_SUBSTREAMID, 1, true, w.iova);
    test_stop(&w.t);
}

/* An STE with V=0, and one of a stream beyond the table: 7.3.3, 7.3.5 */
static void test_bad_ste(void)
{
    static const int pasids[] = { NO_PASID, 0, 5 };
    World w;
    int i;

    start_world(&w, false, ARGS);
    for (i = 0; i < ARRAY_SIZE(pasids); i++) {
        check_transfer(&w, pasids[i], false, AT_NONE);
        check_event(&w.t, C_BAD_STE, pasids[i], false, w.iova);
    }
    /* More CDs than SSIDSIZE allows are ILLEGAL: 5.2 S1CDMax */
    make_table(&w, S1FMT_LINEAR, 1);
    w.s1.cdmax = 17;
    ste_install(&w.t, &w.s1);
    for (i = 0; i < ARRAY_SIZE(pasids); i++) {
        check_transfer(&w, pasids[i], false, AT_NONE);
        check_event(&w.t, C_BAD_STE, pasids[i], false, w.iova);
    }
    smmuv3_shrink_strtab(&w.t, 2);
    check_transfer(&w, 5, false, AT_NONE);
    check_event(&w.t, C_BAD_STREAMID, 5, false, w.iova);
    test_stop(&w.t);
}

/* The last CD of tables of every size, and the first that is beyond */
static void test_edges(const void *data)
{
    uint8_t fmt = GPOINTER_TO_INT(data), cdmax;
    World w;

    start_world(&w, false, ARGS_20);
    for (cdmax = 1; cdmax <= 20; cdmax++) {
        uint32_t last = (1u << cdmax) - 1;

        if (fmt == S1FMT_LINEAR && cdmax > 16) {
            break;      /* 64 MiB of CDs */
        }
        make_table(&w, fmt, cdmax);
        add_cd(&w, last, cdmax, w.page[AT_CD]);
        ste_install(&w.t, &w.s1);
        check_transfer(&w, last, true, AT_CD);
        smmuv3_no_event(&w.t);
        if (cdmax < 20) {
            check_transfer(&w, last + 1, true, AT_NONE);
            check_event(&w.t, C_BAD_SUBSTREAMID, last + 1, true, w.iova);
        }
    }
    test_stop(&w.t);
}

/* The SMMU says what it has: 6.3.1 SMMU_IDR0.CD2L, 6.3.2 SMMU_IDR1.SSIDSIZE */
static void test_id_registers(void)
{
    static const struct {
        const char *args;
        uint32_t ssidsize, cd2l;
    } rows[] = {
        { ARGS_NONE, 0, 0 },
        { ARGS, 16, 1 },
        { ARGS_20, 20, 1 },
    };
    TestSMMU t;
    int i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t idr0, idr1;

        test_start(&t, true, "", rows[i].args);
        idr0 = qtest_readl(t.qts, t.base + SMMU_IDR0);
        idr1 = qtest_readl(t.qts, t.base + SMMU_IDR1);
        g_assert_cmpuint(extract32(idr1, 6, 5), ==, rows[i].ssidsize);
        g_assert_cmpuint(extract32(idr0, 19, 1), ==, rows[i].cd2l);
        test_stop(&t);
    }
}

/* CDs whose IPA stage 2 doesn't map, and L1CDs: CLASS is CD, 7.3.13 */
static void test_outside_stage2(const void *data)
{
    uint8_t fmt = GPOINTER_TO_INT(data);
    uint64_t fetched;
    TestEvent e;
    World w;

    start_world(&w, true, ARGS);
    make_table(&w, fmt, CDMAX);
    fetched = add_cd(&w, SSID_VALID, 2, w.page[AT_CD]);
    smmuv3_unmap_stage2(&w.t, fetched);
    ste_install(&w.t, &w.s1);

    check_transfer(&w, SSID_VALID, true, AT_NONE);
    g_assert_true(smmuv3_event(&w.t, &e));
    g_assert_cmphex(e.type, ==, F_TRANSLATION);
    g_assert_cmpuint(e.class, ==, CLASS_CD);
    g_assert_true(e.s2);
    g_assert_true(e.ssv);
    g_assert_cmphex(e.ssid, ==, SSID_VALID);
    g_assert_cmphex(e.addr, ==, w.iova);
    g_assert_cmphex(e.addr2 & ~0xfffULL, ==, fetched & ~0xfffULL);
    smmuv3_no_event(&w.t);

    if (fmt != S1FMT_LINEAR) {
        smmuv3_unmap_stage2(&w.t, w.s1.table);
        smmuv3_invalidate_all(&w.t);
        check_transfer(&w, SSID_VALID, false, AT_NONE);
        g_assert_true(smmuv3_event(&w.t, &e));
        g_assert_cmphex(e.type, ==, F_TRANSLATION);
        g_assert_cmpuint(e.class, ==, CLASS_CD);
        g_assert_true(e.s2);
        g_assert_cmphex(e.ssid, ==, SSID_VALID);
        g_assert_cmphex(e.addr2 & ~0xfffULL, ==, w.s1.table & ~0xfffULL);
    }
    test_stop(&w.t);
}

/*
 * The SMMU may cache a CD, and this one does: so software that forgets an
 * invalidation is caught here. 4.3.3, 4.3.4, 4.3.1
 */
static void test_config_cache(const void *data)
{
    static const uint32_t a = 1, b = SSID_VALID;
    bool nested = GPOINTER_TO_INT(data);
    uint16_t asid = 10;
    World w;
    int i;

    start_world(&w, nested, ARGS);
    make_table(&w, S1FMT_4K, CDMAX);
    add_cd(&w, a, asid++, w.page[AT_CD0]);
    add_cd(&w, b, asid++, w.page[AT_CD0]);
    ste_install(&w.t, &w.s1);
    check_transfer(&w, a, true, AT_CD0);
    check_transfer(&w, b, true, AT_CD0);

    for (i = 0; i < 3; i++) {
        Where old = i & 1 ? AT_CD : AT_CD0, new = i & 1 ? AT_CD0 : AT_CD;

        add_cd(&w, a, asid++, w.page[new]);
        add_cd(&w, b, asid++, w.page[new]);
        check_transfer(&w, a, true, old);
        check_transfer(&w, b, true, old);
        if (i == 0) {
            smmuv3_cfgi_cd(&w.t, a);
            check_transfer(&w, a, true, new);
            check_transfer(&w, b, true, old);
            smmuv3_cfgi_cd(&w.t, b);
        } else if (i == 1) {
            smmuv3_cfgi_cd_all(&w.t);
        } else {
            smmuv3_cfgi_ste(&w.t);
        }
        check_transfer(&w, a, true, new);
        check_transfer(&w, b, true, new);
    }

    /* Nothing that is invalid is cached: once valid, it is used. */
    check_transfer(&w, SSID_NO_LEAF, true, AT_NONE);
    check_event(&w.t, C_BAD_SUBSTREAMID, SSID_NO_LEAF, true, w.iova);
    add_cd(&w, SSID_NO_LEAF, asid++, w.page[AT_CD]);
    check_transfer(&w, SSID_NO_LEAF, true, AT_CD);
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

/* Without substreams CFGI_CD's SubstreamID is ignored: 4.3.3 */
static void test_config_cache_none(void)
{
    World w;

    start_world(&w, false, ARGS_NONE);
    make_table(&w, S1FMT_LINEAR, 0);
    add_cd(&w, 0, 1, w.page[AT_CD0]);
    ste_install(&w.t, &w.s1);
    check_transfer(&w, NO_PASID, false, AT_CD0);
    add_cd(&w, 0, 2, w.page[AT_CD]);
    check_transfer(&w, NO_PASID, false, AT_CD0);
    smmuv3_cfgi_cd(&w.t, 1);
    check_transfer(&w, NO_PASID, false, AT_CD);
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

/*
 * S1DSS == 0b01: what faults there are without stage 1. Too large an address
 * is one of stage 1 all the same: 3.4, 7.3.14; and that of a page which stage 2
 * protects isn't, with a TLB entry or without: 7.3.16.
 */
static void test_bypass(const void *data)
{
    bool nested = GPOINTER_TO_INT(data);
    TestEvent e;
    World w;
    int i;

    start_world(&w, nested, ARGS);
    make_table(&w, S1FMT_LINEAR, CDMAX);
    w.s1.dss = S1DSS_BYPASS;
    ste_install(&w.t, &w.s1);
    for (i = 0; i < 2; i++) {
        g_assert_cmpuint(pasid_dma(&w.t, i, BEYOND_OAS, LEN, NO_PASID), ==,
                         PASID_DMA_RESULT_ABORT);
        check_event(&w.t, F_ADDR_SIZE, NO_PASID, i, BEYOND_OAS);
    }
    if (nested) {
        smmuv3_protect_stage2(&w.t, w.iova, true, false);
        for (i = 0; i < 2; i++) {
            smmuv3_invalidate_all(&w.t);
            if (i) {
                check_transfer(&w, NO_PASID, false, AT_BYPASS);
            }
            check_transfer(&w, NO_PASID, true, AT_NONE);
            g_assert_true(smmuv3_event(&w.t, &e));
            g_assert_cmphex(e.type, ==, F_PERMISSION);
            g_assert_true(e.s2);
            g_assert_cmphex(e.addr, ==, w.iova);
            g_assert_cmphex(e.addr2, ==, w.iova);
            smmuv3_no_event(&w.t);
        }
    }
    test_stop(&w.t);
}

/* CD 0 serves transactions without a PASID, and goes by CFGI_CD of 0. 4.3.3 */
static void test_config_cache_cd0(void)
{
    World w;

    start_world(&w, false, ARGS);
    make_table(&w, S1FMT_LINEAR, CDMAX);
    w.s1.dss = S1DSS_SSID0;
    add_cd(&w, 0, 1, w.page[AT_CD0]);
    ste_install(&w.t, &w.s1);
    check_transfer(&w, NO_PASID, false, AT_CD0);
    add_cd(&w, 0, 2, w.page[AT_CD]);
    smmuv3_cfgi_cd(&w.t, 1);
    check_transfer(&w, NO_PASID, false, AT_CD0);
    smmuv3_cfgi_cd(&w.t, 0);
    check_transfer(&w, NO_PASID, false, AT_CD);
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

/* Two PASIDs with an ASID each: the TLB keeps them apart. 3.3.2 */
static void test_tlb(void)
{
    uint64_t table[2];
    World w;
    int i;

    start_world(&w, false, ARGS);
    make_table(&w, S1FMT_LINEAR, CDMAX);
    for (i = 0; i < 2; i++) {
        table[i] = stage1_table(&w.t);
        stage1_map(&w.t, table[i], w.iova, w.page[AT_CD0 + i]);
        cd_write(&w.t, cd_addr(&w.t, &w.s1, 1 + i, true), table[i], 1 + i);
    }
    ste_install(&w.t, &w.s1);
    check_transfer(&w, 1, true, AT_CD0);
    check_transfer(&w, 2, true, AT_CD);
    check_transfer(&w, 1, false, AT_CD0);

    stage1_map(&w.t, table[0], w.iova, w.page[AT_BYPASS]);
    stage1_map(&w.t, table[1], w.iova, w.page[AT_BYPASS]);
    check_transfer(&w, 1, true, AT_CD0);
    smmuv3_cmd(&w.t, CMD_TLBI_NH_ASID | (uint64_t)TEST_VMID << 32 | 1ULL << 48,
               0);
    check_transfer(&w, 1, true, AT_BYPASS);
    check_transfer(&w, 2, true, AT_CD);
    test_stop(&w.t);
}

/* A thousand PASIDs, each with a table and a page of its own */
static void test_many(void)
{
    enum { N = 1024 };
    uint64_t pages[N];
    World w;
    int i;

    start_world(&w, false, ARGS);
    make_table(&w, S1FMT_4K, 10);
    for (i = 0; i < N; i++) {
        pages[i] = vm_alloc(&w.t, TEST_PAGE);
        vm_writeq(&w.t, pages[i], 0x10000 + i);
        add_cd(&w, i, i, pages[i]);
    }
    ste_install(&w.t, &w.s1);
    for (i = 0; i < N; i++) {
        g_assert_cmpuint(pasid_dma(&w.t, false, w.iova, LEN, i), ==,
                         PASID_DMA_RESULT_OK);
        g_assert_cmphex(qtest_readq(w.t.qts, w.t.buffer), ==, 0x10000 + i);
    }
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

/* A transfer that faults in its second page has moved the first, 1 event */
static void test_partial(void)
{
    TestEvent e;
    World w;

    start_world(&w, false, ARGS);
    make_table(&w, S1FMT_LINEAR, 4);
    add_cd(&w, 3, 3, w.page[AT_CD]);
    ste_install(&w.t, &w.s1);
    g_assert_cmpuint(pasid_dma(&w.t, true, w.iova + 0xf00, 0x1000, 3), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_cmphex(pasid_dma_reg(&w.t, PASID_DMA_DONE), ==, 0x100);
    g_assert_true(smmuv3_event(&w.t, &e));
    g_assert_cmphex(e.type, ==, F_TRANSLATION);
    g_assert_cmphex(e.addr, ==, w.iova + 0x1000);
    smmuv3_no_event(&w.t);
    test_stop(&w.t);
}

static void add_outcomes(void)
{
    static const char *const formats[] = { "linear", "4k", "64k" };
    int fmt, nested;

    for (fmt = S1FMT_LINEAR; fmt <= S1FMT_64K; fmt++) {
        for (nested = 0; nested < 2; nested++) {
            g_autofree char *path =
                g_strdup_printf("/smmuv3/pasid/outcomes/%s/%s", formats[fmt],
                                nested ? "nested" : "stage1");

            qtest_add_data_func(path, GINT_TO_POINTER(fmt << 1 | nested),
                                test_outcomes);
        }
    }
    for (fmt = S1FMT_LINEAR; fmt <= S1FMT_64K; fmt++) {
        g_autofree char *edges =
            g_strdup_printf("/smmuv3/pasid/edges/%s", formats[fmt]);
        g_autofree char *outside =
            g_strdup_printf("/smmuv3/pasid/outside-stage2/%s", formats[fmt]);

        qtest_add_data_func(edges, GINT_TO_POINTER(fmt), test_edges);
        qtest_add_data_func(outside, GINT_TO_POINTER(fmt), test_outside_stage2);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    add_outcomes();
    qtest_add_func("/smmuv3/pasid/id-registers", test_id_registers);
    qtest_add_func("/smmuv3/pasid/reserved-format", test_reserved_format);
    qtest_add_data_func("/smmuv3/pasid/no-substreams/ssidsize-16", ARGS,
                        test_no_substreams);
    qtest_add_data_func("/smmuv3/pasid/no-substreams/ssidsize-0", ARGS_NONE,
                        test_no_substreams);
    qtest_add_func("/smmuv3/pasid/stage2-only", test_stage2_only);
    qtest_add_func("/smmuv3/pasid/bad-ste", test_bad_ste);
    qtest_add_data_func("/smmuv3/pasid/config-cache/stage1", GINT_TO_POINTER(0),
                        test_config_cache);
    qtest_add_data_func("/smmuv3/pasid/config-cache/nested", GINT_TO_POINTER(1),
                        test_config_cache);
    qtest_add_func("/smmuv3/pasid/config-cache/cd0", test_config_cache_cd0);
    qtest_add_func("/smmuv3/pasid/config-cache/no-substreams",
                   test_config_cache_none);
    qtest_add_data_func("/smmuv3/pasid/bypass/stage1", GINT_TO_POINTER(0),
                        test_bypass);
    qtest_add_data_func("/smmuv3/pasid/bypass/nested", GINT_TO_POINTER(1),
                        test_bypass);
    qtest_add_func("/smmuv3/pasid/tlb", test_tlb);
    qtest_add_func("/smmuv3/pasid/many", test_many);
    qtest_add_func("/smmuv3/pasid/partial", test_partial);

    return g_test_run();
}
