/*
 * QTest of what the SMMUv3 answers to ATS Translation Requests, and of which
 * translated transactions it lets pass
 *
 * What is expected is Arm's IHI 0070, whose sections the tests name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-utils.h"

#define DEVICE          "-device pasid-dma,addr=1,ats=on "
#define SMMU            "-global arm-smmuv3."
#define ARGS            DEVICE SMMU "ats=on " SMMU "ssidsize=4"
#define ARGS_OFF        DEVICE SMMU "ssidsize=4"

#define LEN             64
#define IOVA            0x12345000ULL
#define MAGIC           0x1122334455667788ULL
#define BEYOND_OAS      (1ULL << 44)
#define NO_MEMORY       (1ULL << 40)

#define CDMAX           4
#define PASID           5
#define NO_CD           6

#define CR0_ATSCHK      BIT(4)

/* F_BAD_ATS_TREQ, 7.3.6: for one STU */
#define TREQ_READ       (BIT(31) | 1)
#define TREQ_WRITE      BIT(30)

#define GRANT_4K        (12 << 8)
#define GRANT_RO        (GRANT_4K | PASID_DMA_GRANT_READ)
#define GRANT_WO        (GRANT_4K | PASID_DMA_GRANT_WRITE)
#define GRANT_RW        (GRANT_RO | GRANT_WO)

/* A stream that maps IOVA, for all without a PASID and for PASID */
typedef struct World {
    TestSMMU t;
    TestStage1 s1;
    uint64_t table;     /* of stage 1 */
    uint64_t page;      /* what it has at IOVA, a guest address */
    uint64_t pa;        /* where that is in memory */
    uint64_t iova;      /* that page, as the device sees it */
    uint64_t cd;        /* of transactions without a PASID */
} World;

static void set_cr0(World *w, uint32_t val)
{
    qtest_writel(w->t.qts, w->t.base + SMMU_CR0, CR0_QUEUES | val);
}

static void set_eats(World *w, int eats)
{
    set_field(&w->t, ste_addr(&w->t, 1), 28, 2, eats);
}

static void start_world(World *w, uint8_t config, const char *args)
{
    memset(w, 0, sizeof(*w));
    test_start(&w->t, true, "", args);
    test_enable_ats(&w->t, true);
    test_enable_pasid(&w->t, true);
    if (config == STE_CONFIG_S2 || config == STE_CONFIG_NESTED) {
        smmuv3_use_stage2(&w->t);
    }
    w->s1.config = config;
    w->page = vm_alloc(&w->t, TEST_PAGE);
    w->pa = vm_pa(&w->t, w->page);
    w->iova = config & 1 ? IOVA : w->page;
    w->table = stage1_table(&w->t);
    stage1_map(&w->t, w->table, IOVA, w->page);
    w->s1.table = cd_table(&w->t, S1FMT_LINEAR, CDMAX);
    w->s1.cdmax = config & 1 ? CDMAX : 0;
    w->s1.dss = S1DSS_SSID0;
    w->cd = cd_addr(&w->t, &w->s1, 0, true);
    cd_write(&w->t, w->cd, w->table, 1);
    cd_write(&w->t, cd_addr(&w->t, &w->s1, PASID, true), w->table, 2);
    ste_install(&w->t, &w->s1);
    set_eats(w, 1);
}

static void check_success(World *w, bool write, uint64_t iova, int pasid,
                          uint32_t grant, uint64_t translation)
{
    g_assert_cmpuint(pasid_dma_translate(&w->t, write, iova, pasid), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(pasid_dma_reg(&w->t, PASID_DMA_GRANT), ==, grant);
    g_assert_cmphex(qtest_readq(w->t.qts, w->t.regs + PASID_DMA_TRANSLATION),
                    ==, translation);
    smmuv3_no_event(&w->t);
}

/* Success, with R and W both 0 */
static void check_denied(World *w, uint64_t iova, int pasid)
{
    check_success(w, false, iova, pasid, 0, 0);
    check_success(w, true, iova, pasid, 0, 0);
}

/* UR or CA, with no event */
static void check_error(World *w, int pasid)
{
    int write;

    for (write = 0; write < 2; write++) {
        g_assert_cmpuint(pasid_dma_translate(&w->t, write, w->iova, pasid), ==,
                         PASID_DMA_RESULT_ABORT);
        g_assert_cmphex(pasid_dma_reg(&w->t, PASID_DMA_GRANT), ==, 0);
        smmuv3_no_event(&w->t);
    }
}

/* UR, with F_BAD_ATS_TREQ: 7.3.6 */
static void check_forbidden(World *w, int pasid)
{
    TestEvent e;
    int write;

    for (write = 0; write < 2; write++) {
        g_assert_cmpuint(pasid_dma_translate(&w->t, write, w->iova + 8, pasid),
                         ==, PASID_DMA_RESULT_ABORT);
        g_assert_cmphex(pasid_dma_reg(&w->t, PASID_DMA_GRANT), ==, 0);
        g_assert_true(smmuv3_event(&w->t, &e));
        g_assert_cmphex(e.type, ==, F_BAD_ATS_TREQ);
        g_assert_cmphex(e.sid, ==, TEST_SID);
        g_assert_cmpuint(e.ssv, ==, pasid != NO_PASID);
        g_assert_cmphex(e.ssid, ==, pasid != NO_PASID ? pasid : 0);
        g_assert_cmphex(e.request, ==, TREQ_READ | (write ? TREQ_WRITE : 0));
        g_assert_cmphex(e.addr, ==, w->iova);
        g_assert_false(e.rnw);
        g_assert_cmphex(e.addr2, ==, 0);
        smmuv3_no_event(&w->t);
    }
}

static void check_granted(World *w, int pasid)
{
    check_success(w, false, w->iova + 8, pasid, GRANT_RO, w->pa + 8);
    check_success(w, true, w->iova + 8, pasid, GRANT_RW, w->pa + 8);
}

/* So that the configuration cache and the TLB have what there is */
static void warm_caches(World *w)
{
    TestEvent e;
    bool more;

    pasid_dma(&w->t, true, w->iova, LEN, NO_PASID);
    pasid_dma(&w->t, true, w->iova, LEN, PASID);
    do {
        more = smmuv3_event(&w->t, &e);
    } while (more);
}

typedef enum Answer { GRANTED, FORBIDDEN, ERROR } Answer;

static void check_answer(World *w, Answer answer, int pasid)
{
    switch (answer) {
    case GRANTED:
        check_granted(w, pasid);
        break;
    case FORBIDDEN:
        check_forbidden(w, pasid);
        break;
    case ERROR:
        check_error(w, pasid);
        break;
    }
}

/*
 * What is in STE.Config and STE.EATS, with caches that know the stream and
 * without: 3.9.1.2, 5.2 EATS. 2 is ILLEGAL, as IDR0.NS1ATS is 1; 3 is reserved
 * without IDR3.DPT, and behaves as 0.
 */
static void test_eats(void)
{
    static const struct {
        uint8_t config;
        Answer answer[4];   /* by EATS */
    } rows[] = {
        { STE_CONFIG_ABORT, { ERROR, ERROR, ERROR, ERROR } },
        { STE_CONFIG_BYPASS, { FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN } },
        { STE_CONFIG_S1, { FORBIDDEN, GRANTED, ERROR, FORBIDDEN } },
        { STE_CONFIG_S2, { FORBIDDEN, GRANTED, ERROR, FORBIDDEN } },
        { STE_CONFIG_NESTED, { FORBIDDEN, GRANTED, ERROR, FORBIDDEN } },
    };
    World w;
    int i, eats, warm;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        start_world(&w, rows[i].config, ARGS);
        for (eats = 0; eats < 4; eats++) {
            for (warm = 0; warm < 2; warm++) {
                g_test_message("config %d eats %d warm %d", rows[i].config,
                               eats, warm);
                set_eats(&w, eats);
                if (warm) {
                    warm_caches(&w);
                }
                check_answer(&w, rows[i].answer[eats], NO_PASID);
                if (w.s1.cdmax) {
                    check_answer(&w, rows[i].answer[eats], PASID);
                }
            }
        }
        test_stop(&w.t);
    }
}

/* Without the property there is no ATS, and EATS is ignored: 5.2 EATS */
static void test_no_ats(void)
{
    World w;
    int eats;

    start_world(&w, STE_CONFIG_NESTED, ARGS_OFF);
    for (eats = 0; eats < 4; eats++) {
        set_eats(&w, eats);
        check_error(&w, NO_PASID);
        check_error(&w, PASID);
        g_assert_cmpuint(pasid_dma(&w.t, true, IOVA, LEN, PASID), ==,
                         PASID_DMA_RESULT_OK);
        check_error(&w, PASID);
        g_assert_cmpuint(pasid_dma_translated(&w.t, true, w.pa, LEN, NO_PASID),
                         ==, PASID_DMA_RESULT_ABORT);
        smmuv3_no_event(&w.t);
    }
    set_cr0(&w, 0);
    check_error(&w, NO_PASID);
    test_stop(&w.t);
}

/* The SMMU is off: 3.9.1.2, 6.3.9.6 */
static void test_disabled(void)
{
    World w;

    start_world(&w, STE_CONFIG_NESTED, ARGS);
    set_cr0(&w, 0);
    check_forbidden(&w, NO_PASID);
    check_forbidden(&w, PASID);
    set_cr0(&w, CR0_SMMUEN);
    check_granted(&w, PASID);
    test_stop(&w.t);
}

static void check_translated(World *w, uint64_t addr, int pasid,
                             uint32_t result)
{
    int dir;

    for (dir = 0; dir < 2; dir++) {
        g_assert_cmpuint(pasid_dma_translated(&w->t, dir, addr, LEN, pasid),
                         ==, result);
        smmuv3_no_event(&w->t);
    }
}

/*
 * Errors in the configuration are CA, and recorded by none with IDR0.ATSRECERR
 * as 0: 3.9.1.2, 6.3.1. If ATS is off, that comes first: 7.3.6.
 */
static void test_configuration(void)
{
    uint64_t table;
    World w;

    start_world(&w, STE_CONFIG_NESTED, ARGS);
    check_error(&w, NO_CD);                     /* C_BAD_CD */
    check_error(&w, 1 << CDMAX);                /* C_BAD_SUBSTREAMID */
    check_error(&w, 0);                         /* F_STREAM_DISABLED */
    set_field(&w.t, ste_addr(&w.t, 1), 0, 2, S1DSS_ABORT);
    check_error(&w, NO_PASID);                  /* F_STREAM_DISABLED */
    check_granted(&w, PASID);

    set_eats(&w, 0);
    check_forbidden(&w, NO_CD);
    check_forbidden(&w, 1 << CDMAX);
    check_forbidden(&w, 0);
    check_forbidden(&w, NO_PASID);
    set_eats(&w, 1);

    set_field(&w.t, ste_addr(&w.t, 0), 0, 1, 0);    /* C_BAD_STE */
    check_error(&w, PASID);
    set_eats(&w, 0);
    check_error(&w, PASID);
    set_eats(&w, 1);
    set_field(&w.t, ste_addr(&w.t, 0), 0, 1, 1);

    set_field(&w.t, ste_addr(&w.t, 0), 45, 1, 1);   /* C_BAD_STE: 3.4.3 */
    check_error(&w, PASID);
    set_eats(&w, 0);
    check_error(&w, PASID);
    set_eats(&w, 1);
    set_cr0(&w, CR0_SMMUEN | CR0_ATSCHK);       /* 3.9.1.3 */
    check_translated(&w, w.pa, NO_PASID, PASID_DMA_RESULT_ABORT);
    set_cr0(&w, CR0_SMMUEN);
    set_field(&w.t, ste_addr(&w.t, 0), 45, 1, 0);

    smmuv3_shrink_strtab(&w.t, 2);              /* C_BAD_STREAMID */
    check_error(&w, PASID);
    test_stop(&w.t);

    start_world(&w, STE_CONFIG_S1, ARGS);
    table = w.s1.table;
    w.s1.table = NO_MEMORY;
    ste_install(&w.t, &w.s1);
    set_eats(&w, 1);
    check_error(&w, PASID);                     /* F_CD_FETCH */
    w.s1.table = table;
    ste_install(&w.t, &w.s1);
    set_eats(&w, 1);
    cd_write(&w.t, w.cd, NO_MEMORY, 1);
    smmuv3_invalidate_all(&w.t);
    check_error(&w, NO_PASID);                  /* F_WALK_EABT */
    check_granted(&w, PASID);
    test_stop(&w.t);
}

/*
 * Faults of a translation are Success without access, whichever structure they
 * are for, and whether or not those of others would be recorded: 3.9.1.2
 */
static void test_faults(void)
{
    World w;
    int record;

    for (record = 0; record < 2; record++) {
        start_world(&w, STE_CONFIG_NESTED, ARGS);
        set_field(&w.t, ste_addr(&w.t, 2), 58, 1, record);      /* S2R */
        set_field(&w.t, vm_pa(&w.t, w.cd), 45, 1, record);    /* CD.R */
        check_granted(&w, NO_PASID);
        check_denied(&w, IOVA + TEST_PAGE, NO_PASID);
        check_denied(&w, IOVA + TEST_PAGE, PASID);
        check_denied(&w, 1ULL << 40, NO_PASID);
        check_granted(&w, NO_PASID);

        smmuv3_unmap_stage2(&w.t, w.page);
        smmuv3_invalidate_all(&w.t);
        check_denied(&w, IOVA, NO_PASID);
        smmuv3_unmap_stage2(&w.t, w.table);
        smmuv3_invalidate_all(&w.t);
        check_denied(&w, IOVA, PASID);
        smmuv3_unmap_stage2(&w.t, w.cd);
        smmuv3_invalidate_all(&w.t);
        check_denied(&w, IOVA, NO_PASID);
        test_stop(&w.t);
    }

    start_world(&w, STE_CONFIG_S2, ARGS);
    check_denied(&w, BEYOND_OAS, NO_PASID);
    check_granted(&w, NO_PASID);
    test_stop(&w.t);
}

/*
 * No PASID, and stage 1 is for those with one: 13.6.4. Without stage 2, that is
 * all there is, and Success with R == W == 1.
 */
static void test_skip_stage1(void)
{
    World w;

    start_world(&w, STE_CONFIG_S1, ARGS);
    set_field(&w.t, ste_addr(&w.t, 1), 0, 2, S1DSS_BYPASS);
    check_success(&w, false, w.page + 8, NO_PASID, GRANT_RW, w.page + 8);
    check_success(&w, true, w.page + 8, NO_PASID, GRANT_RW, w.page + 8);
    check_denied(&w, BEYOND_OAS, NO_PASID);
    check_granted(&w, PASID);
    set_eats(&w, 0);
    check_forbidden(&w, NO_PASID);
    test_stop(&w.t);

    start_world(&w, STE_CONFIG_NESTED, ARGS);
    set_field(&w.t, ste_addr(&w.t, 1), 0, 2, S1DSS_BYPASS);
    check_granted(&w, PASID);
    w.iova = w.page;
    check_granted(&w, NO_PASID);
    test_stop(&w.t);
}

/* Where the descriptor is that a walk of stage 1 finds at @level, from 1 on */
static uint64_t descriptor_pa(World *w, int level)
{
    return vm_pa(&w->t, stage1_desc(&w->t, w->table, IOVA, level));
}

/* Stage 1 may permit less, by AP[2] or by APTable[1] of a table. */
static void check_stage1_permissions(World *w)
{
    smmuv3_protect_stage2(&w->t, w->page, true, true);
    set_field(&w->t, descriptor_pa(w, 2), 62, 1, 1);
    check_success(w, true, IOVA, NO_PASID, GRANT_RO, w->pa);
    set_field(&w->t, descriptor_pa(w, 2), 62, 1, 0);
    check_success(w, true, IOVA, NO_PASID, GRANT_RW, w->pa);

    set_field(&w->t, descriptor_pa(w, 3), 7, 1, 1);
    check_success(w, true, IOVA, NO_PASID, GRANT_RO, w->pa);
    smmuv3_protect_stage2(&w->t, w->page, false, true);
    smmuv3_invalidate_all(&w->t);
    check_denied(w, IOVA, NO_PASID);
}

/*
 * What all stages permit is granted, as far as it is asked for, with a TLB
 * entry and without: 3.9.1.2 F_PERMISSION, 13.7.1
 */
static void test_permissions(const void *data)
{
    static const struct {
        bool read, write;
        uint32_t ro, rw;    /* what a request is granted without and with W */
    } rows[] = {
        { true, true, GRANT_RO, GRANT_RW },
        { true, false, GRANT_RO, GRANT_RO },
        { false, true, 0, GRANT_WO },
        { false, false, 0, 0 },
    };
    World w;
    int i, warm, pasid = NO_PASID;
    uint8_t config = GPOINTER_TO_INT(data);

    start_world(&w, config, ARGS);
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        smmuv3_protect_stage2(&w.t, w.page, rows[i].read, rows[i].write);
        smmuv3_invalidate_all(&w.t);
        for (warm = 0; warm < 2; warm++) {
            if (warm && rows[i].read != rows[i].write) {
                g_assert_cmpuint(pasid_dma(&w.t, rows[i].write, w.iova, LEN,
                                           pasid), ==, PASID_DMA_RESULT_OK);
            }
            check_success(&w, false, w.iova, pasid, rows[i].ro,
                          rows[i].ro ? w.pa : 0);
            check_success(&w, true, w.iova, pasid, rows[i].rw,
                          rows[i].rw ? w.pa : 0);
        }
    }

    if (config == STE_CONFIG_NESTED) {
        check_stage1_permissions(&w);
    }
    test_stop(&w.t);
}

/* A transfer to or from a PA, that ends with F_TRANSL_FORBIDDEN: 7.3.8 */
static void check_translated_forbidden(World *w, int pasid)
{
    TestEvent e;
    int dir;

    for (dir = 0; dir < 2; dir++) {
        g_assert_cmpuint(pasid_dma_translated(&w->t, dir, w->pa, LEN, pasid),
                         ==, PASID_DMA_RESULT_ABORT);
        g_assert_true(smmuv3_event(&w->t, &e));
        g_assert_cmphex(e.type, ==, F_TRANSL_FORBIDDEN);
        g_assert_cmphex(e.sid, ==, TEST_SID);
        g_assert_false(e.ssv);      /* 3.9.1.3, IDR3.PASIDTT == 0 */
        g_assert_cmphex(e.addr, ==, w->pa);
        g_assert_cmpuint(e.rnw, ==, !dir);
        smmuv3_no_event(&w->t);
    }
}

static void check_passes(World *w, int pasid)
{
    qtest_writeq(w->t.qts, w->pa, MAGIC);
    qtest_writeq(w->t.qts, w->t.buffer, 0);
    check_translated(w, w->pa, pasid, PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readq(w->t.qts, w->t.buffer), ==, MAGIC);
    g_assert_cmphex(qtest_readq(w->t.qts, w->pa), ==, MAGIC);
    qtest_writeq(w->t.qts, w->pa, 0);
    check_translated(w, w->pa, pasid, PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readq(w->t.qts, w->pa), ==, 0);
}

/* Which translated transactions pass: 3.9.1.3, 5.2 EATS */
static void test_translated(void)
{
    typedef enum { PASSES, FORBIDS, ABORTS } Outcome;
    static const struct {
        uint8_t config;
        Outcome outcome[4];     /* by EATS, with ATSCHK; without, all pass */
    } rows[] = {
        { STE_CONFIG_ABORT, { ABORTS, ABORTS, ABORTS, ABORTS } },
        { STE_CONFIG_BYPASS, { FORBIDS, FORBIDS, FORBIDS, FORBIDS } },
        { STE_CONFIG_S1, { FORBIDS, PASSES, ABORTS, FORBIDS } },
        { STE_CONFIG_S2, { FORBIDS, PASSES, ABORTS, FORBIDS } },
        { STE_CONFIG_NESTED, { FORBIDS, PASSES, ABORTS, FORBIDS } },
    };
    World w;
    int i, eats, pasid;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        start_world(&w, rows[i].config, ARGS);
        for (eats = 0; eats < 4; eats++) {
            for (pasid = NO_PASID; pasid <= NO_CD; pasid++) {
                set_eats(&w, eats);
                set_cr0(&w, CR0_SMMUEN);
                check_passes(&w, pasid);
                set_cr0(&w, CR0_SMMUEN | CR0_ATSCHK);
                switch (rows[i].outcome[eats]) {
                case PASSES:
                    check_passes(&w, pasid);
                    break;
                case FORBIDS:
                    check_translated_forbidden(&w, pasid);
                    break;
                case ABORTS:
                    check_translated(&w, w.pa, pasid, PASID_DMA_RESULT_ABORT);
                    break;
                }
            }
        }
        set_eats(&w, 1);
        /* 3.9.1.1 */
        set_cr0(&w, CR0_SMMUEN);
        check_translated(&w, BEYOND_OAS, NO_PASID, PASID_DMA_RESULT_ABORT);
        set_cr0(&w, 0);
        check_translated_forbidden(&w, NO_PASID);
        set_cr0(&w, CR0_ATSCHK);
        check_translated_forbidden(&w, PASID);
        test_stop(&w.t);
    }
}

/* S1DSS isn't for them: 7.3.7, IDR3.PASIDTT == 0 */
static void test_translated_s1dss(void)
{
    World w;
    int dss;

    start_world(&w, STE_CONFIG_NESTED, ARGS);
    set_cr0(&w, CR0_SMMUEN | CR0_ATSCHK);
    for (dss = 0; dss < 4; dss++) {
        set_field(&w.t, ste_addr(&w.t, 1), 0, 2, dss);
        check_passes(&w, NO_PASID);
        check_passes(&w, 0);
        check_passes(&w, PASID);
    }
    test_stop(&w.t);
}

/* What a request got is the address to use, whatever IOVA is. */
static void test_round_trip(void)
{
    uint64_t addr;
    World w;

    start_world(&w, STE_CONFIG_NESTED, ARGS);
    set_cr0(&w, CR0_SMMUEN | CR0_ATSCHK);
    check_granted(&w, PASID);
    addr = qtest_readq(w.t.qts, w.t.regs + PASID_DMA_TRANSLATION);
    qtest_writeq(w.t.qts, w.pa + 8, MAGIC);
    g_assert_cmpuint(pasid_dma_translated(&w.t, false, addr, LEN, PASID), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readq(w.t.qts, w.t.buffer), ==, MAGIC);
    test_stop(&w.t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/smmuv3/ats/eats", test_eats);
    qtest_add_func("/smmuv3/ats/no-ats", test_no_ats);
    qtest_add_func("/smmuv3/ats/disabled", test_disabled);
    qtest_add_func("/smmuv3/ats/configuration", test_configuration);
    qtest_add_func("/smmuv3/ats/faults", test_faults);
    qtest_add_func("/smmuv3/ats/skip-stage1", test_skip_stage1);
    qtest_add_data_func("/smmuv3/ats/permissions/stage2",
                        GINT_TO_POINTER(STE_CONFIG_S2), test_permissions);
    qtest_add_data_func("/smmuv3/ats/permissions/nested",
                        GINT_TO_POINTER(STE_CONFIG_NESTED), test_permissions);
    qtest_add_func("/smmuv3/ats/translated", test_translated);
    qtest_add_func("/smmuv3/ats/translated-s1dss", test_translated_s1dss);
    qtest_add_func("/smmuv3/ats/round-trip", test_round_trip);

    return g_test_run();
}
