/*
 * QTest support for the SMMUv3 of the virt machine, with a pasid-dma device
 *
 * Names and numbers are those of Arm's IHI 0070.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_SMMUV3_UTILS_H
#define TESTS_SMMUV3_UTILS_H

#include "libqtest.h"
#include "hw/misc/pasid-dma.h"

/* Where the device is: root bus, device 1, function 0. */
#define TEST_DEVICE         "-device pasid-dma,addr=1"
#define TEST_DEVFN          0x08
#define TEST_SID            TEST_DEVFN

/* pasid_dma() without a PASID */
#define NO_PASID            (-1)

#define STE_CONFIG_ABORT    0x0
#define STE_CONFIG_BYPASS   0x4
#define STE_CONFIG_S1       0x5
#define STE_CONFIG_S2       0x6
#define STE_CONFIG_NESTED   0x7

#define S1FMT_LINEAR        0
#define S1FMT_4K            1
#define S1FMT_64K           2

#define S1DSS_ABORT         0
#define S1DSS_BYPASS        1
#define S1DSS_SSID0         2

#define C_BAD_STREAMID      0x02
#define C_BAD_STE           0x04
#define F_BAD_ATS_TREQ      0x05
#define F_STREAM_DISABLED   0x06
#define F_TRANSL_FORBIDDEN  0x07
#define C_BAD_SUBSTREAMID   0x08
#define F_CD_FETCH          0x09
#define C_BAD_CD            0x0a
#define F_WALK_EABT         0x0b
#define F_TRANSLATION       0x10
#define F_ADDR_SIZE         0x11
#define F_ACCESS            0x12
#define F_PERMISSION        0x13

#define CLASS_CD            0
#define CLASS_TT            1
#define CLASS_IN            2

#define CMD_CFGI_STE        0x03
#define CMD_CFGI_ALL        0x04
#define CMD_CFGI_CD         0x05
#define CMD_CFGI_CD_ALL     0x06
#define CMD_TLBI_NH_ASID    0x11
#define CMD_TLBI_NH_VA      0x12
#define CMD_TLBI_NH_VAA     0x13
#define CMD_TLBI_S2_IPA     0x2a
#define CMD_TLBI_NSNH_ALL   0x30
#define CMD_SYNC            0x46

#define CERROR_ILL          1

#define TEST_PAGE           0x1000
#define TEST_VMID           5

/* The registers of the first page that tests use, see chapter 6. */
#define SMMU_IDR0           0x00
#define SMMU_IDR1           0x04
#define SMMU_IDR3           0x0c
#define SMMU_CR0            0x20
#define SMMU_CR1            0x28
#define SMMU_CR2            0x2c
#define SMMU_GBPA           0x44
#define SMMU_IRQ_CTRL       0x50
#define SMMU_GERROR         0x60
#define SMMU_GERRORN        0x64
#define SMMU_GERROR_IRQ_CFG0 0x68
#define SMMU_GERROR_IRQ_CFG1 0x70
#define SMMU_GERROR_IRQ_CFG2 0x74
#define SMMU_STRTAB_BASE    0x80
#define SMMU_STRTAB_BASE_CFG 0x88
#define SMMU_CMDQ_BASE      0x90
#define SMMU_CMDQ_PROD      0x98
#define SMMU_CMDQ_CONS      0x9c
#define SMMU_EVENTQ_BASE    0xa0
#define SMMU_EVENTQ_IRQ_CFG0 0xb0
#define SMMU_EVENTQ_IRQ_CFG1 0xb8
#define SMMU_EVENTQ_IRQ_CFG2 0xbc
#define SMMU_EVENTQ_PROD    0x100a8
#define SMMU_EVENTQ_CONS    0x100ac

#define CR0_SMMUEN          BIT(0)
#define CR0_EVENTQEN        BIT(2)
#define CR0_CMDQEN          BIT(3)
#define CR0_QUEUES          (CR0_EVENTQEN | CR0_CMDQEN)
#define CR2_RECINVSID       BIT(1)
#define GERROR_CMDQ         BIT(0)

typedef struct TestSMMU {
    QTestState *qts;

    uint64_t base;          /* the SMMU's registers */
    uint64_t strtab;
    uint64_t cmdq;
    uint64_t eventq;
    uint32_t cmdq_prod;
    uint32_t eventq_cons;

    uint64_t regs;          /* BARs of the pasid-dma device */
    uint64_t buffer;
    uint64_t msix;

    uint64_t free;          /* the memory from here on is not in use */
    uint64_t s2;            /* stage 2's root table, 0: guest memory is as is */
    int s2_level;           /* of that table, 0 or 1 */
} TestSMMU;

typedef struct TestEvent {
    uint8_t type;
    bool ssv;
    uint32_t ssid;
    uint32_t sid;
    uint32_t request;       /* bits [95:64], what F_BAD_ATS_TREQ was for */
    bool rnw;
    bool s2;
    uint8_t class;
    uint64_t addr;
    uint64_t addr2;
} TestEvent;

/* What a stream table entry says of stage 1 */
typedef struct TestStage1 {
    uint8_t config;
    uint8_t fmt;
    uint8_t dss;
    uint8_t cdmax;
    uint64_t table;         /* a guest address */
} TestStage1;

/* A stream with one context descriptor, which maps one page */
typedef struct TestWorld {
    TestSMMU t;
    TestStage1 s1;
    uint64_t table;     /* of stage 1 */
    uint64_t page;      /* what is mapped, a guest address */
    uint64_t cd;        /* a guest address as well */
} TestWorld;

/* QEMU, with memory that tests may use and @args */
QTestState *test_machine(bool smmu, const char *machine, const char *args);

/* Start a machine. The SMMU is still off if @smmu is false, or absent. */
void test_start(TestSMMU *t, bool smmu, const char *machine, const char *args);
void test_stop(TestSMMU *t);

/* Another machine with the same @args, to which @t has migrated */
QTestState *test_migrate(TestSMMU *t, const char *args);
/* The registers of the SMMU have there what they have here. */
void smmuv3_compare(TestSMMU *t, QTestState *to);

/* Start one with TEST_DEVICE, whose stream maps @iova. */
void world_start(TestWorld *w, bool nested, uint64_t iova);

/* Configuration space of a function on any bus, extended space included */
uint64_t test_config(uint32_t bdf);
uint16_t test_ext_cap(TestSMMU *t, uint32_t bdf, uint16_t id);
void test_enable_pasid(TestSMMU *t, bool on);
void test_enable_ats(TestSMMU *t, bool on);

/* The device: run one transfer between its buffer and @iova, give RESULT. */
uint32_t pasid_dma(TestSMMU *t, bool to_memory, uint64_t iova, uint32_t length,
                   int pasid);
/* One with an address that is translated */
uint32_t pasid_dma_translated(TestSMMU *t, bool to_memory, uint64_t addr,
                              uint32_t length, int pasid);
/* One translation request */
uint32_t pasid_dma_translate(TestSMMU *t, bool write, uint64_t iova, int pasid);
uint32_t pasid_dma_reg(TestSMMU *t, uint32_t reg);
void pasid_dma_set(TestSMMU *t, uint32_t reg, uint32_t val);

/*
 * Memory. Guest addresses are physical addresses until smmuv3_use_stage2():
 * from then on they are IPAs, which differ from the physical addresses and are
 * mapped, page by page, as guest memory is allocated.
 */
uint64_t test_alloc(TestSMMU *t, uint64_t size);
uint64_t vm_alloc(TestSMMU *t, uint64_t size);
uint64_t vm_pa(TestSMMU *t, uint64_t addr);
void vm_writeq(TestSMMU *t, uint64_t addr, uint64_t val);
uint64_t vm_readq(TestSMMU *t, uint64_t addr);
void smmuv3_use_stage2(TestSMMU *t);
void smmuv3_use_stage2_level0(TestSMMU *t);
void smmuv3_map_stage2(TestSMMU *t, uint64_t ipa, uint64_t pa);
/* Where stage 2 has the descriptor of a page */
uint64_t stage2_desc(TestSMMU *t, uint64_t ipa);
void smmuv3_unmap_stage2(TestSMMU *t, uint64_t addr);
void smmuv3_protect_stage2(TestSMMU *t, uint64_t addr, bool read, bool write);

/* A stage 1 table of 4 KiB pages, 39 bits of input */
uint64_t stage1_table(TestSMMU *t);
void stage1_map(TestSMMU *t, uint64_t table, uint64_t iova, uint64_t addr);

/* One whose @table is of level 0, so that it has 48 bits of input */
void stage1_map_level0(TestSMMU *t, uint64_t table, uint64_t iova,
                       uint64_t addr);
/* A block of 2 MiB */
void stage1_map_block(TestSMMU *t, uint64_t table, uint64_t iova,
                      uint64_t addr);

/* The guest address of the descriptor that a walk finds at @level, from 1 on */
uint64_t stage1_desc(TestSMMU *t, uint64_t table, uint64_t iova, int level);

/* Context descriptors */
uint64_t cd_table(TestSMMU *t, uint8_t fmt, uint8_t cdmax);
uint64_t cd_addr(TestSMMU *t, const TestStage1 *s1, uint32_t ssid, bool alloc);
void cd_write(TestSMMU *t, uint64_t cd, uint64_t table, uint16_t asid);

/* The stream table entry of TEST_SID, with all caches invalidated after it */
void ste_install(TestSMMU *t, const TestStage1 *s1);

/* The address of a double word of that entry */
uint64_t ste_addr(TestSMMU *t, int dword);

/* Change a field of a structure in memory, and see to it that it is noticed. */
void set_field(TestSMMU *t, uint64_t addr, int pos, int bits, uint64_t val);

void smmuv3_cmd(TestSMMU *t, uint64_t dw0, uint64_t dw1);
/* One that has to be CERROR_ILL; the queue goes on after it. */
void smmuv3_cmd_illegal(TestSMMU *t, uint64_t dw0, uint64_t dw1);
void smmuv3_cfgi_cd(TestSMMU *t, uint32_t ssid);
void smmuv3_cfgi_cd_all(TestSMMU *t);
void smmuv3_cfgi_ste(TestSMMU *t);
void smmuv3_invalidate_all(TestSMMU *t);

/* Leave 2^@log2 streams, and have transactions of others recorded. */
void smmuv3_shrink_strtab(TestSMMU *t, int log2);

bool smmuv3_event(TestSMMU *t, TestEvent *e);
void smmuv3_no_event(TestSMMU *t);

/* A transfer from @iova brings what is in @page, a guest address. */
void check_arrives(TestSMMU *t, uint64_t iova, uint64_t page);
/* A transfer ends with an abort and this one event. */
TestEvent check_fault(TestSMMU *t, uint64_t iova, bool to_memory, uint8_t type);

#endif
