/*
 * QTest support for the SMMUv3 of the virt machine, with a pasid-dma device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "smmuv3-utils.h"

#define VIRT_SMMU           0x09050000ULL
#define VIRT_ECAM           0x4010000000ULL
#define VIRT_MMIO           0x10000000ULL
#define VIRT_RAM            0x40000000ULL
#define TEST_MEMORY         (VIRT_RAM + 0x1000000)
#define TEST_MEMORY_END     (VIRT_RAM + 0x10000000)

/* No address of the machine's memory is an IPA, and the other way round. */
#define TEST_IPA_OFFSET     0x40000000ULL

#define LEN                 64
#define MAGIC               0x1122334455667788ULL

#define STRTAB_LOG2         8
#define CMDQ_LOG2           8
#define EVENTQ_LOG2         8

/* Beyond the registers that the first page has, those of PRI included */
#define SMMU_PAGE0_END      0xe0
#define CMDQ_RD             MAKE_64BIT_MASK(0, 20)

#define DESC_TABLE          0x3ULL
#define DESC_PAGE           0x3ULL
#define DESC_BLOCK          0x1ULL
#define DESC_AF             BIT_ULL(10)
#define DESC_SH_INNER       (3ULL << 8)
#define DESC_AP_USER        (1ULL << 6)
#define DESC_NG             BIT_ULL(11)
#define DESC_S2AP_RW        (3ULL << 6)
#define DESC_S2_NORMAL      (0xfULL << 2)
#define DESC_ADDR           MAKE_64BIT_MASK(12, 36)

#define STE_SIZE            64
#define CD_SIZE             64

uint64_t test_config(uint32_t bdf)
{
    return VIRT_ECAM + (bdf << 12);
}

uint16_t test_ext_cap(TestSMMU *t, uint32_t bdf, uint16_t id)
{
    uint16_t pos = PCI_CFG_SPACE_SIZE;

    while (pos) {
        uint32_t header = qtest_readl(t->qts, test_config(bdf) + pos);

        if (PCI_EXT_CAP_ID(header) == id) {
            return pos;
        }
        pos = PCI_EXT_CAP_NEXT(header);
    }
    return 0;
}

void test_enable_pasid(TestSMMU *t, bool on)
{
    uint16_t pos = test_ext_cap(t, TEST_DEVFN, PCI_EXT_CAP_ID_PASID);

    g_assert_cmpuint(pos, !=, 0);
    qtest_writew(t->qts, test_config(TEST_DEVFN) + pos + PCI_PASID_CTRL,
                 on ? PCI_PASID_CTRL_ENABLE : 0);
}

void test_enable_ats(TestSMMU *t, bool on)
{
    uint16_t pos = test_ext_cap(t, TEST_DEVFN, PCI_EXT_CAP_ID_ATS);

    g_assert_cmpuint(pos, !=, 0);
    qtest_writew(t->qts, test_config(TEST_DEVFN) + pos + PCI_ATS_CTRL,
                 on ? PCI_ATS_CTRL_ENABLE : 0);
}

static uint64_t test_bar(TestSMMU *t, int bar, uint64_t addr)
{
    uint64_t reg = test_config(TEST_DEVFN) + PCI_BASE_ADDRESS_0 + bar * 4;

    qtest_writel(t->qts, reg, addr);
    return addr;
}

static void test_enable_device(TestSMMU *t)
{
    uint64_t config = test_config(TEST_DEVFN);

    g_assert_cmphex(qtest_readl(t->qts, config), ==,
                    PASID_DMA_DEVICE_ID << 16 | PASID_DMA_VENDOR_ID);
    t->regs = test_bar(t, 0, VIRT_MMIO);
    t->buffer = test_bar(t, 2, VIRT_MMIO + 0x100000);
    t->msix = test_bar(t, 4, VIRT_MMIO + 0x200000);
    qtest_writew(t->qts, config + PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

uint64_t test_alloc(TestSMMU *t, uint64_t size)
{
    uint64_t addr;

    size = pow2ceil(MAX(size, TEST_PAGE));
    addr = ROUND_UP(t->free, size);
    t->free = addr + size;
    g_assert_cmphex(t->free, <=, TEST_MEMORY_END);
    return addr;
}

uint64_t vm_pa(TestSMMU *t, uint64_t addr)
{
    return t->s2 ? addr - TEST_IPA_OFFSET : addr;
}

void vm_writeq(TestSMMU *t, uint64_t addr, uint64_t val)
{
    qtest_writeq(t->qts, vm_pa(t, addr), val);
}

uint64_t vm_readq(TestSMMU *t, uint64_t addr)
{
    return qtest_readq(t->qts, vm_pa(t, addr));
}

/*
 * The descriptor of @addr at level @last of a table with a granule of 4 KiB,
 * which is at level @first. @guest says whose memory the tables are in.
 */
static uint64_t walk(TestSMMU *t, uint64_t table, int first, int last,
                     uint64_t addr, bool guest)
{
    int level;

    for (level = first; level < last; level++) {
        uint64_t desc = table + extract64(addr, 39 - 9 * level, 9) * 8;
        uint64_t desc_pa = guest ? vm_pa(t, desc) : desc;
        uint64_t next = qtest_readq(t->qts, desc_pa);

        if (!next) {
            next = guest ? vm_alloc(t, TEST_PAGE) : test_alloc(t, TEST_PAGE);
            next |= DESC_TABLE;
            qtest_writeq(t->qts, desc_pa, next);
        }
        table = next & DESC_ADDR;
    }
    return table + extract64(addr, 39 - 9 * last, 9) * 8;
}

uint64_t stage2_desc(TestSMMU *t, uint64_t ipa)
{
    return walk(t, t->s2, t->s2_level, 3, ipa, false);
}

void smmuv3_map_stage2(TestSMMU *t, uint64_t ipa, uint64_t pa)
{
    qtest_writeq(t->qts, stage2_desc(t, ipa),
                 pa | DESC_PAGE | DESC_AF | DESC_SH_INNER | DESC_S2AP_RW |
                 DESC_S2_NORMAL);
}

void smmuv3_use_stage2(TestSMMU *t)
{
    t->s2 = test_alloc(t, TEST_PAGE);
    t->s2_level = 1;
}

void smmuv3_use_stage2_level0(TestSMMU *t)
{
    t->s2 = test_alloc(t, TEST_PAGE);
    t->s2_level = 0;
}

void smmuv3_unmap_stage2(TestSMMU *t, uint64_t addr)
{
    qtest_writeq(t->qts, stage2_desc(t, addr), 0);
}

void smmuv3_protect_stage2(TestSMMU *t, uint64_t addr, bool read, bool write)
{
    uint64_t desc = stage2_desc(t, addr);

    qtest_writeq(t->qts, desc, deposit64(qtest_readq(t->qts, desc), 6, 2,
                                         write << 1 | read));
}

uint64_t vm_alloc(TestSMMU *t, uint64_t size)
{
    uint64_t pa = test_alloc(t, size), i;

    if (!t->s2) {
        return pa;
    }
    for (i = 0; i < MAX(size, TEST_PAGE); i += TEST_PAGE) {
        smmuv3_map_stage2(t, pa + i + TEST_IPA_OFFSET, pa + i);
    }
    return pa + TEST_IPA_OFFSET;
}

uint64_t stage1_desc(TestSMMU *t, uint64_t table, uint64_t iova, int level)
{
    uint64_t addr;
    int i;

    for (i = 1; ; i++) {
        addr = table + extract64(iova, 39 - 9 * i, 9) * 8;
        if (i == level) {
            return addr;
        }
        table = vm_readq(t, addr) & DESC_ADDR;
    }
}

uint64_t stage1_table(TestSMMU *t)
{
    return vm_alloc(t, TEST_PAGE);
}

static void stage1_set(TestSMMU *t, uint64_t desc, uint64_t val)
{
    vm_writeq(t, desc, val | DESC_AF | DESC_SH_INNER | DESC_AP_USER | DESC_NG);
}

void stage1_map(TestSMMU *t, uint64_t table, uint64_t iova, uint64_t addr)
{
    stage1_set(t, walk(t, table, 1, 3, iova, true), addr | DESC_PAGE);
}

void stage1_map_level0(TestSMMU *t, uint64_t table, uint64_t iova,
                       uint64_t addr)
{
    stage1_set(t, walk(t, table, 0, 3, iova, true), addr | DESC_PAGE);
}

void stage1_map_block(TestSMMU *t, uint64_t table, uint64_t iova, uint64_t addr)
{
    stage1_set(t, walk(t, table, 1, 2, iova, true), addr | DESC_BLOCK);
}

static int leaf_bits(uint8_t fmt)
{
    return fmt == S1FMT_4K ? 6 : 10;
}

uint64_t cd_table(TestSMMU *t, uint8_t fmt, uint8_t cdmax)
{
    if (fmt == S1FMT_LINEAR) {
        return vm_alloc(t, (uint64_t)CD_SIZE << cdmax);
    }
    return vm_alloc(t, 8ULL << MAX(cdmax - leaf_bits(fmt), 0));
}

/* The address of a CD, 0 if there is no leaf for it and none is allocated */
uint64_t cd_addr(TestSMMU *t, const TestStage1 *s1, uint32_t ssid, bool alloc)
{
    uint64_t l1cd, leaf;
    int bits;

    if (s1->fmt == S1FMT_LINEAR) {
        return s1->table + ssid * CD_SIZE;
    }

    bits = leaf_bits(s1->fmt);
    l1cd = s1->table + (ssid >> bits) * 8;
    leaf = vm_readq(t, l1cd);
    if (!leaf) {
        if (!alloc) {
            return 0;
        }
        leaf = vm_alloc(t, CD_SIZE << bits) | 1;
        vm_writeq(t, l1cd, leaf);
    }
    return (leaf & ~1ULL) + (ssid & MAKE_64BIT_MASK(0, bits)) * CD_SIZE;
}

void cd_write(TestSMMU *t, uint64_t cd, uint64_t table, uint16_t asid)
{
    uint64_t dw0 = 0;

    dw0 = deposit64(dw0, 0, 6, 25);         /* T0SZ: 39 bits */
    dw0 = deposit64(dw0, 30, 1, 1);         /* EPD1 */
    dw0 = deposit64(dw0, 31, 1, 1);         /* V */
    dw0 = deposit64(dw0, 32, 3, 4);         /* IPS: 44 bits */
    dw0 = deposit64(dw0, 41, 1, 1);         /* AA64 */
    dw0 = deposit64(dw0, 45, 1, 1);         /* R */
    dw0 = deposit64(dw0, 46, 1, 1);         /* A */
    dw0 = deposit64(dw0, 48, 16, asid);
    vm_writeq(t, cd + 8, table);
    vm_writeq(t, cd, dw0);
}

void ste_install(TestSMMU *t, const TestStage1 *s1)
{
    uint64_t dw[4] = { };
    int i;

    dw[0] = deposit64(dw[0], 0, 1, 1);              /* V */
    dw[0] = deposit64(dw[0], 1, 3, s1->config);
    dw[0] = deposit64(dw[0], 4, 2, s1->fmt);
    dw[0] |= s1->table;
    dw[0] = deposit64(dw[0], 59, 5, s1->cdmax);
    dw[1] = deposit64(dw[1], 0, 2, s1->dss);
    dw[2] = deposit64(dw[2], 0, 16, TEST_VMID);
    if (t->s2) {
        /* S2T0SZ and S2SL0: 39 bits from level 1, or 44 bits from level 0 */
        dw[2] = deposit64(dw[2], 32, 6, t->s2_level ? 25 : 20);
        dw[2] = deposit64(dw[2], 38, 2, 2 - t->s2_level);
        dw[2] = deposit64(dw[2], 48, 3, 4);         /* S2PS: 44 bits */
        dw[2] = deposit64(dw[2], 51, 1, 1);         /* S2AA64 */
        dw[2] = deposit64(dw[2], 58, 1, 1);         /* S2R */
        dw[3] = t->s2;
    }
    for (i = 0; i < ARRAY_SIZE(dw); i++) {
        qtest_writeq(t->qts, ste_addr(t, i), dw[i]);
    }
    smmuv3_invalidate_all(t);
}

uint64_t ste_addr(TestSMMU *t, int dword)
{
    return t->strtab + TEST_SID * STE_SIZE + dword * 8;
}

void set_field(TestSMMU *t, uint64_t addr, int pos, int bits, uint64_t val)
{
    qtest_writeq(t->qts, addr, deposit64(qtest_readq(t->qts, addr), pos, bits,
                                         val));
    smmuv3_invalidate_all(t);
}

/* Put a command into the queue, and give the address of its entry. */
static uint64_t cmd_issue(TestSMMU *t, uint64_t dw0, uint64_t dw1)
{
    uint32_t mask = MAKE_64BIT_MASK(0, CMDQ_LOG2 + 1);
    uint64_t entry = t->cmdq + (t->cmdq_prod & (mask >> 1)) * 16;

    qtest_writeq(t->qts, entry, dw0);
    qtest_writeq(t->qts, entry + 8, dw1);
    t->cmdq_prod = (t->cmdq_prod + 1) & mask;
    qtest_writel(t->qts, t->base + SMMU_CMDQ_PROD, t->cmdq_prod);
    return entry;
}

static void cmdq_check_empty(TestSMMU *t)
{
    /* Above RD is the reason of an error, which stays when that is over. */
    g_assert_cmphex(qtest_readl(t->qts, t->base + SMMU_CMDQ_CONS) & CMDQ_RD,
                    ==, t->cmdq_prod);
}

void smmuv3_cmd(TestSMMU *t, uint64_t dw0, uint64_t dw1)
{
    cmd_issue(t, dw0, dw1);
    cmdq_check_empty(t);
}

void smmuv3_cmd_illegal(TestSMMU *t, uint64_t dw0, uint64_t dw1)
{
    uint32_t gerrorn = qtest_readl(t->qts, t->base + SMMU_GERRORN);
    uint32_t cons = t->cmdq_prod;
    uint64_t entry = cmd_issue(t, dw0, dw1);

    g_assert_cmphex(qtest_readl(t->qts, t->base + SMMU_CMDQ_CONS), ==,
                    CERROR_ILL << 24 | cons);
    g_assert_cmphex(qtest_readl(t->qts, t->base + SMMU_GERROR), ==,
                    gerrorn ^ GERROR_CMDQ);

    /* The queue goes on with what is in its place: 7.1 */
    qtest_writeq(t->qts, entry, CMD_SYNC);
    qtest_writel(t->qts, t->base + SMMU_GERRORN, gerrorn ^ GERROR_CMDQ);
    cmdq_check_empty(t);
}

void smmuv3_cfgi_cd(TestSMMU *t, uint32_t ssid)
{
    smmuv3_cmd(t, CMD_CFGI_CD | (uint64_t)ssid << 12 | (uint64_t)TEST_SID << 32,
               1);
}

void smmuv3_cfgi_cd_all(TestSMMU *t)
{
    smmuv3_cmd(t, CMD_CFGI_CD_ALL | (uint64_t)TEST_SID << 32, 0);
}

void smmuv3_cfgi_ste(TestSMMU *t)
{
    smmuv3_cmd(t, CMD_CFGI_STE | (uint64_t)TEST_SID << 32, 1);
}

void smmuv3_invalidate_all(TestSMMU *t)
{
    smmuv3_cmd(t, CMD_CFGI_ALL, 31);
    smmuv3_cmd(t, CMD_TLBI_NSNH_ALL, 0);
    smmuv3_cmd(t, CMD_SYNC, 0);
}

bool smmuv3_event(TestSMMU *t, TestEvent *e)
{
    uint32_t mask = MAKE_64BIT_MASK(0, EVENTQ_LOG2 + 1);
    uint64_t dw[4];
    int i;

    if (qtest_readl(t->qts, t->base + SMMU_EVENTQ_PROD) == t->eventq_cons) {
        return false;
    }
    for (i = 0; i < ARRAY_SIZE(dw); i++) {
        dw[i] = qtest_readq(t->qts, t->eventq + i * 8 +
                            (t->eventq_cons & (mask >> 1)) * 32);
    }
    t->eventq_cons = (t->eventq_cons + 1) & mask;
    qtest_writel(t->qts, t->base + SMMU_EVENTQ_CONS, t->eventq_cons);

    *e = (TestEvent) {
        .type = extract64(dw[0], 0, 8),
        .ssv = extract64(dw[0], 11, 1),
        .ssid = extract64(dw[0], 12, 20),
        .sid = extract64(dw[0], 32, 32),
        .request = extract64(dw[1], 0, 32),
        .rnw = extract64(dw[1], 35, 1),
        .s2 = extract64(dw[1], 39, 1),
        .class = extract64(dw[1], 40, 2),
        .addr = dw[2],
        .addr2 = dw[3],
    };
    return true;
}

void smmuv3_no_event(TestSMMU *t)
{
    TestEvent e;

    if (smmuv3_event(t, &e)) {
        g_test_message("unexpected event 0x%x, ssv %d ssid 0x%x", e.type, e.ssv,
                       e.ssid);
        g_test_fail();
    }
    g_assert_cmphex(qtest_readl(t->qts, t->base + SMMU_GERROR), ==,
                    qtest_readl(t->qts, t->base + SMMU_GERRORN));
}

void check_arrives(TestSMMU *t, uint64_t iova, uint64_t page)
{
    vm_writeq(t, page, MAGIC ^ page);
    qtest_writeq(t->qts, t->buffer, 0);
    g_assert_cmpuint(pasid_dma(t, false, iova, LEN, NO_PASID), ==,
                     PASID_DMA_RESULT_OK);
    g_assert_cmphex(qtest_readq(t->qts, t->buffer), ==, MAGIC ^ page);
    smmuv3_no_event(t);
}

TestEvent check_fault(TestSMMU *t, uint64_t iova, bool to_memory, uint8_t type)
{
    TestEvent e;

    g_assert_cmpuint(pasid_dma(t, to_memory, iova, LEN, NO_PASID), ==,
                     PASID_DMA_RESULT_ABORT);
    g_assert_true(smmuv3_event(t, &e));
    g_assert_cmphex(e.type, ==, type);
    g_assert_cmphex(e.sid, ==, TEST_SID);
    g_assert_false(e.ssv);
    smmuv3_no_event(t);
    return e;
}

uint32_t pasid_dma_reg(TestSMMU *t, uint32_t reg)
{
    return qtest_readl(t->qts, t->regs + reg);
}

void pasid_dma_set(TestSMMU *t, uint32_t reg, uint32_t val)
{
    qtest_writel(t->qts, t->regs + reg, val);
}

static uint32_t pasid_dma_run(TestSMMU *t, uint32_t command, bool to_memory,
                              uint64_t iova, uint32_t length, int pasid)
{
    qtest_writeq(t->qts, t->regs + PASID_DMA_IOVA, iova);
    pasid_dma_set(t, PASID_DMA_LENGTH, length);
    pasid_dma_set(t, PASID_DMA_PASID,
                  pasid == NO_PASID ? 0 : PASID_DMA_PASID_VALID | pasid);
    pasid_dma_set(t, PASID_DMA_COMMAND, PASID_DMA_COMMAND_START | command |
                  (to_memory ? PASID_DMA_COMMAND_TO_MEMORY : 0));
    g_assert_cmphex(pasid_dma_reg(t, PASID_DMA_COMMAND) &
                    PASID_DMA_COMMAND_START, ==, 0);
    return pasid_dma_reg(t, PASID_DMA_RESULT);
}

uint32_t pasid_dma(TestSMMU *t, bool to_memory, uint64_t iova, uint32_t length,
                   int pasid)
{
    return pasid_dma_run(t, 0, to_memory, iova, length, pasid);
}

uint32_t pasid_dma_translated(TestSMMU *t, bool to_memory, uint64_t addr,
                              uint32_t length, int pasid)
{
    return pasid_dma_run(t, PASID_DMA_COMMAND_TRANSLATED, to_memory, addr,
                         length, pasid);
}

uint32_t pasid_dma_translate(TestSMMU *t, bool write, uint64_t iova, int pasid)
{
    return pasid_dma_run(t, PASID_DMA_COMMAND_TRANSLATE, write, iova, 0, pasid);
}

/* Registers of where configuration is change only while the SMMU is off. */
static void smmuv3_switch(TestSMMU *t, bool on)
{
    qtest_writel(t->qts, t->base + SMMU_CR0,
                 CR0_CMDQEN | CR0_EVENTQEN | (on ? CR0_SMMUEN : 0));
}

void smmuv3_shrink_strtab(TestSMMU *t, int log2)
{
    smmuv3_switch(t, false);
    qtest_writel(t->qts, t->base + SMMU_STRTAB_BASE_CFG, log2);
    qtest_writel(t->qts, t->base + SMMU_CR2, CR2_RECINVSID);
    smmuv3_invalidate_all(t);
    smmuv3_switch(t, true);
}

static void smmuv3_enable(TestSMMU *t)
{
    t->base = VIRT_SMMU;
    t->strtab = test_alloc(t, STE_SIZE << STRTAB_LOG2);
    t->cmdq = test_alloc(t, 16 << CMDQ_LOG2);
    t->eventq = test_alloc(t, 32 << EVENTQ_LOG2);

    qtest_writeq(t->qts, t->base + SMMU_STRTAB_BASE, t->strtab);
    qtest_writel(t->qts, t->base + SMMU_STRTAB_BASE_CFG, STRTAB_LOG2);
    qtest_writeq(t->qts, t->base + SMMU_CMDQ_BASE, t->cmdq | CMDQ_LOG2);
    qtest_writeq(t->qts, t->base + SMMU_EVENTQ_BASE, t->eventq | EVENTQ_LOG2);
    smmuv3_switch(t, false);
    smmuv3_invalidate_all(t);
    smmuv3_switch(t, true);
}

QTestState *test_machine(bool smmu, const char *machine, const char *args)
{
    return qtest_initf("-machine virt%s%s -m 256M %s",
                       smmu ? ",iommu=smmuv3" : "", machine, args);
}

void test_start(TestSMMU *t, bool smmu, const char *machine, const char *args)
{
    memset(t, 0, sizeof(*t));
    t->free = TEST_MEMORY;
    t->qts = test_machine(smmu, machine, args);
    test_enable_device(t);
    if (smmu) {
        smmuv3_enable(t);
    }
}

void test_stop(TestSMMU *t)
{
    qtest_quit(t->qts);
}

static void wait_for_migration(QTestState *qts)
{
    bool completed = false;

    while (!completed) {
        QDict *info = qtest_qmp_assert_success_ref(qts, "{ 'execute': "
                                                   "'query-migrate' }");
        const char *status = qdict_get_try_str(info, "status");

        g_assert_cmpstr(status, !=, "failed");
        completed = !g_strcmp0(status, "completed");
        qobject_unref(info);
        g_usleep(1000);
    }
}

QTestState *test_migrate(TestSMMU *t, const char *args)
{
    g_autofree char *path = NULL, *uri = NULL, *incoming = NULL;
    int fd = g_file_open_tmp("smmuv3-migration.XXXXXX", &path, NULL);
    QTestState *to;

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    uri = g_strdup_printf("file:%s", path);
    incoming = g_strdup_printf("%s -incoming %s", args, uri);
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'migrate', 'arguments': "
                             "{ 'uri': %s } }", uri);
    wait_for_migration(t->qts);
    to = test_machine(true, "", incoming);
    wait_for_migration(to);
    unlink(path);
    return to;
}

void smmuv3_compare(TestSMMU *t, QTestState *to)
{
    uint64_t addr;

    for (addr = t->base; addr < t->base + SMMU_PAGE0_END; addr += 4) {
        g_test_message("0x%" PRIx64, addr);
        g_assert_cmphex(qtest_readl(to, addr), ==, qtest_readl(t->qts, addr));
    }
}

void world_start(TestWorld *w, bool nested, uint64_t iova)
{
    memset(w, 0, sizeof(*w));
    test_start(&w->t, true, "", TEST_DEVICE);
    if (nested) {
        smmuv3_use_stage2(&w->t);
    }
    w->s1.config = nested ? STE_CONFIG_NESTED : STE_CONFIG_S1;
    w->page = vm_alloc(&w->t, TEST_PAGE);
    w->table = stage1_table(&w->t);
    stage1_map(&w->t, w->table, iova, w->page);
    w->s1.table = cd_table(&w->t, S1FMT_LINEAR, 0);
    w->cd = cd_addr(&w->t, &w->s1, 0, true);
    cd_write(&w->t, w->cd, w->table, 1);
    ste_install(&w->t, &w->s1);
}
