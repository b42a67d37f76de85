/*
 * PCIe DMA engine with a PASID capability, for tests of IOMMUs
 *
 * The guest chooses address, length, direction and PASID of each transfer, and
 * reads back how it ended. See docs/specs/pasid-dma.rst for the registers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qom/object.h"
#include "exec/memory.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "hw/resettable.h"
#include "hw/misc/pasid-dma.h"
#include "migration/vmstate.h"
#include "trace.h"

#define PASID_DMA_BAR_REGS          0
#define PASID_DMA_BAR_BUFFER        2
#define PASID_DMA_BAR_MSIX          4

#define PASID_DMA_EXP_OFFSET        0x80

#define PASID_DMA_DEFAULT_WIDTH     16

OBJECT_DECLARE_SIMPLE_TYPE(PasidDmaState, PASID_DMA)

struct PasidDmaState {
    PCIDevice parent_obj;

    MemoryRegion regs;
    MemoryRegion buffer;
    QEMUTimer timer;
    QEMUBH *bh;

    /* Properties */
    uint8_t pasid_width;
    bool ats;

    /* Registers */
    uint32_t command;
    uint32_t result;
    uint64_t iova;
    uint32_t offset;
    uint32_t length;
    uint32_t pasid;
    uint32_t vector;
    uint32_t period;
    uint32_t request;
    uint32_t done;
    uint32_t succeeded;
    uint32_t failed;
    uint64_t translation;
    uint32_t grant;

    /* By which a transfer notices that it has reset the device */
    uint32_t resets;
};

/* One transfer, with all that the guest could otherwise change during it. */
typedef struct PasidDmaTransfer {
    dma_addr_t iova;
    uint32_t offset;
    uint32_t length;
    uint32_t request;
    bool go_on;
    DMADirection dir;
    MemTxAttrs attrs;
} PasidDmaTransfer;

static bool pasid_dma_running(PasidDmaState *s)
{
    return s->command & PASID_DMA_COMMAND_START;
}

static bool pasid_dma_range_valid(PasidDmaState *s)
{
    return s->length && s->length <= PASID_DMA_BUFFER_SIZE &&
           s->offset <= PASID_DMA_BUFFER_SIZE - s->length &&
           s->iova <= UINT64_MAX - (s->length - 1);
}

static uint32_t pasid_dma_check(PasidDmaState *s)
{
    uint32_t pasid = s->pasid & PASID_DMA_PASID_MASK;

    if (!(s->command & PASID_DMA_COMMAND_TRANSLATE) &&
        !pasid_dma_range_valid(s)) {
        return PASID_DMA_RESULT_BAD_RANGE;
    }
    if (s->command & (PASID_DMA_COMMAND_TRANSLATE |
                      PASID_DMA_COMMAND_TRANSLATED) &&
        !pcie_ats_enabled(PCI_DEVICE(s))) {
        return PASID_DMA_RESULT_ATS_OFF;
    }
    if (!(s->pasid & PASID_DMA_PASID_VALID)) {
        return PASID_DMA_RESULT_OK;
    }
    if (!pcie_pasid_enabled(PCI_DEVICE(s))) {
        return PASID_DMA_RESULT_PASID_OFF;
    }
    if (pasid >> s->pasid_width) {
        return PASID_DMA_RESULT_BAD_PASID;
    }
    return PASID_DMA_RESULT_OK;
}

static MemTxAttrs pasid_dma_attrs(PasidDmaState *s)
{
    MemTxAttrs attrs = { .requester_id = pci_requester_id(PCI_DEVICE(s)) };

    if (s->pasid & PASID_DMA_PASID_VALID) {
        attrs.pid = s->pasid & PASID_DMA_PASID_MASK;
        attrs.pid_valid = 1;
    }
    if (s->command & PASID_DMA_COMMAND_TRANSLATED) {
        attrs.address_type = MEMTX_AT_TRANSLATED;
    }
    return attrs;
}

/*
 * An access that an IOMMU refuses is tried again for every few bytes of it,
 * each time with a fault of its own. A real request faults once: so ask first.
 *
 * What is read can be in the buffer itself, at a place that overlaps its
 * destination: hence not directly into it.
 */
static MemTxResult pasid_dma_request(PasidDmaState *s, PasidDmaTransfer *t,
                                     uint32_t pos, uint32_t len)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    uint8_t *buf = memory_region_get_ram_ptr(&s->buffer);
    bool to_memory = t->dir == DMA_DIRECTION_FROM_DEVICE;
    uint8_t read[PASID_DMA_MAX_REQUEST];
    MemTxResult r;

    if (!address_space_access_valid(pci_get_address_space(pdev), t->iova + pos,
                                    len, to_memory, t->attrs)) {
        return MEMTX_ERROR;
    }
    r = pci_dma_rw(pdev, t->iova + pos,
                   to_memory ? buf + t->offset + pos : read, len, t->dir,
                   t->attrs);
    if (!to_memory && r == MEMTX_OK) {
        memcpy(buf + t->offset + pos, read, len);
        memory_region_set_dirty(&s->buffer, t->offset + pos, len);
    }
    return r;
}

static uint32_t pasid_dma_transfer(PasidDmaState *s, uint32_t *done)
{
    PasidDmaTransfer t = {
        .iova = s->iova,
        .offset = s->offset,
        .length = s->length,
        .request = s->request,
        .go_on = s->command & PASID_DMA_COMMAND_GO_ON,
        .dir = s->command & PASID_DMA_COMMAND_TO_MEMORY ?
               DMA_DIRECTION_FROM_DEVICE : DMA_DIRECTION_TO_DEVICE,
        .attrs = pasid_dma_attrs(s),
    };
    uint32_t pos = 0, result = PASID_DMA_RESULT_OK;

    while (pos < t.length) {
        uint32_t len = MIN(t.length - pos,
                           t.request - ((t.iova + pos) & (t.request - 1)));

        if (pasid_dma_request(s, &t, pos, len) == MEMTX_OK) {
            *done += len;
        } else {
            result = PASID_DMA_RESULT_ABORT;
            if (!t.go_on) {
                break;
            }
        }
        pos += len;
    }
    return result;
}

/* What is granted isn't kept for transfers: their driver uses it, or not. */
static uint32_t pasid_dma_translate(PasidDmaState *s)
{
    bool no_write = !(s->command & PASID_DMA_COMMAND_TO_MEMORY);
    IOMMUTLBEntry entry;
    bool success = pcie_ats_translate(PCI_DEVICE(s), s->iova, no_write,
                                      pasid_dma_attrs(s), &entry);

    s->grant = 0;
    s->translation = 0;
    if (entry.perm != IOMMU_NONE) {
        s->grant = (entry.perm & IOMMU_RO ? PASID_DMA_GRANT_READ : 0) |
                   (entry.perm & IOMMU_WO ? PASID_DMA_GRANT_WRITE : 0) |
                   cto64(entry.addr_mask) << 8;
        s->translation = entry.translated_addr;
    }
    return success ? PASID_DMA_RESULT_OK : PASID_DMA_RESULT_ABORT;
}

static void pasid_dma_interrupt(PasidDmaState *s, uint32_t vector)
{
    if (vector < PASID_DMA_VECTORS) {
        msix_notify(PCI_DEVICE(s), vector);
    }
}

static void pasid_dma_finish(PasidDmaState *s, uint32_t result, uint32_t done,
                             bool repeat)
{
    s->result = result;
    s->done = done;
    trace_pasid_dma_transfer(s->command, s->iova, s->length, s->pasid,
                             s->result, s->done);

    if (s->result == PASID_DMA_RESULT_OK) {
        s->succeeded++;
    } else {
        s->failed++;
    }
    if (s->command & PASID_DMA_COMMAND_INTERRUPT) {
        pasid_dma_interrupt(s, s->vector);
    }
    if (!repeat) {
        s->command &= ~PASID_DMA_COMMAND_START;
    }
    if (pasid_dma_running(s)) {
        timer_mod(&s->timer, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) + s->period);
    }
}

static void pasid_dma_run(PasidDmaState *s)
{
    uint32_t resets = s->resets, done = 0;
    uint32_t result = pasid_dma_check(s);
    bool repeat = s->command & PASID_DMA_COMMAND_REPEAT &&
                  result == PASID_DMA_RESULT_OK;

    /* A transfer can write to any device, and so even unplug this one. */
    object_ref(OBJECT(s));
    if (result == PASID_DMA_RESULT_OK) {
        result = s->command & PASID_DMA_COMMAND_TRANSLATE ?
                 pasid_dma_translate(s) : pasid_dma_transfer(s, &done);
    }
    /* One that has reset this device leaves no result. */
    if (s->resets == resets) {
        pasid_dma_finish(s, result, done, repeat);
    }
    object_unref(OBJECT(s));
}

static void pasid_dma_bh(void *opaque)
{
    PasidDmaState *s = opaque;

    if (pasid_dma_running(s)) {
        pasid_dma_run(s);
    }
}

/* A timer has no guard against transfers to the device itself, a BH has one. */
static void pasid_dma_timer(void *opaque)
{
    PasidDmaState *s = opaque;

    qemu_bh_schedule(s->bh);
}

static void pasid_dma_command(PasidDmaState *s, uint32_t val)
{
    timer_del(&s->timer);
    qemu_bh_cancel(s->bh);
    s->command = val & PASID_DMA_COMMAND_MASK;
    if (pasid_dma_running(s)) {
        pasid_dma_run(s);
    }
}

static uint64_t pasid_dma_read(void *opaque, hwaddr addr, unsigned size)
{
    PasidDmaState *s = opaque;

    switch (addr) {
    case PASID_DMA_ID:
        return PASID_DMA_ID_VALUE;
    case PASID_DMA_FEATURES:
        return PASID_DMA_VECTORS << 16 | s->pasid_width << 8 |
               ctz32(PASID_DMA_BUFFER_SIZE);
    case PASID_DMA_COMMAND:
        return s->command;
    case PASID_DMA_RESULT:
        return s->result;
    case PASID_DMA_IOVA:
        return extract64(s->iova, 0, 32);
    case PASID_DMA_IOVA + 4:
        return extract64(s->iova, 32, 32);
    case PASID_DMA_OFFSET:
        return s->offset;
    case PASID_DMA_LENGTH:
        return s->length;
    case PASID_DMA_PASID:
        return s->pasid;
    case PASID_DMA_VECTOR:
        return s->vector;
    case PASID_DMA_PERIOD:
        return s->period;
    case PASID_DMA_REQUEST:
        return s->request;
    case PASID_DMA_DONE:
        return s->done;
    case PASID_DMA_SUCCEEDED:
        return s->succeeded;
    case PASID_DMA_FAILED:
        return s->failed;
    case PASID_DMA_TRANSLATION:
        return extract64(s->translation, 0, 32);
    case PASID_DMA_TRANSLATION + 4:
        return extract64(s->translation, 32, 32);
    case PASID_DMA_GRANT:
        return s->grant;
    default:
        return 0;
    }
}

/* The description of a transfer doesn't change while it is repeated. */
static void pasid_dma_describe(PasidDmaState *s, hwaddr addr, uint32_t val)
{
    if (pasid_dma_running(s)) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: write to 0x%" HWADDR_PRIx
                      " while a transfer repeats\n", TYPE_PASID_DMA, addr);
        return;
    }

    switch (addr) {
    case PASID_DMA_IOVA:
        s->iova = deposit64(s->iova, 0, 32, val);
        break;
    case PASID_DMA_IOVA + 4:
        s->iova = deposit64(s->iova, 32, 32, val);
        break;
    case PASID_DMA_OFFSET:
        s->offset = val;
        break;
    case PASID_DMA_LENGTH:
        s->length = val;
        break;
    case PASID_DMA_PASID:
        s->pasid = val & (PASID_DMA_PASID_VALID | PASID_DMA_PASID_MASK);
        break;
    case PASID_DMA_VECTOR:
        s->vector = val;
        break;
    case PASID_DMA_PERIOD:
        s->period = MAX(val, 1);
        break;
    case PASID_DMA_REQUEST:
        s->request = pow2floor(MIN(MAX(val, PASID_DMA_MIN_REQUEST),
                                   PASID_DMA_MAX_REQUEST));
        break;
    }
}

static void pasid_dma_write(void *opaque, hwaddr addr, uint64_t val,
                            unsigned size)
{
    PasidDmaState *s = opaque;

    switch (addr) {
    case PASID_DMA_COMMAND:
        pasid_dma_command(s, val);
        break;
    case PASID_DMA_INTERRUPT:
        pasid_dma_interrupt(s, val);
        break;
    default:
        pasid_dma_describe(s, addr, val);
        break;
    }
}

static const MemoryRegionOps pasid_dma_ops = {
    .read = pasid_dma_read,
    .write = pasid_dma_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {
        .min_access_size = 4,
        .max_access_size = 8,
    },
    .impl = {
        .min_access_size = 4,
        .max_access_size = 4,
    },
};

static void pasid_dma_reset_hold(Object *obj, ResetType type)
{
    PasidDmaState *s = PASID_DMA(obj);
    PCIDevice *pdev = PCI_DEVICE(obj);

    s->resets++;
    timer_del(&s->timer);
    qemu_bh_cancel(s->bh);
    s->command = 0;
    s->result = PASID_DMA_RESULT_NONE;
    s->iova = 0;
    s->offset = 0;
    s->length = 0;
    s->pasid = 0;
    s->vector = 0;
    s->period = PASID_DMA_DEFAULT_PERIOD;
    s->request = PASID_DMA_MAX_REQUEST;
    s->done = 0;
    s->succeeded = 0;
    s->failed = 0;
    s->translation = 0;
    s->grant = 0;

    memset(memory_region_get_ram_ptr(&s->buffer), 0, PASID_DMA_BUFFER_SIZE);
    memory_region_set_dirty(&s->buffer, 0, PASID_DMA_BUFFER_SIZE);

    if (s->pasid_width) {
        pcie_pasid_reset(pdev);
    }
    if (s->ats) {
        pci_set_word(pdev->config + pdev->exp.ats_cap + PCI_ATS_CTRL, 0);
    }
}

static void pasid_dma_config_write(PCIDevice *pdev, uint32_t addr,
                                   uint32_t val, int len)
{
    pci_default_write_config(pdev, addr, val, len);
    pcie_cap_flr_write_config(pdev, addr, val, len);
}

static void pasid_dma_add_capabilities(PasidDmaState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    uint16_t offset = PCI_CONFIG_SPACE_SIZE;

    pcie_cap_flr_init(pdev);
    if (s->pasid_width) {
        pcie_pasid_init(pdev, offset, s->pasid_width);
        offset += PCI_EXT_CAP_PASID_SIZEOF;
    }
    if (s->ats) {
        pcie_ats_init(pdev, offset, true);
    }
}

static bool pasid_dma_add_bars(PasidDmaState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    uint8_t mem64 = PCI_BASE_ADDRESS_MEM_TYPE_64;
    int i;

    memory_region_init_io(&s->regs, OBJECT(s), &pasid_dma_ops, s,
                          "pasid-dma.regs", PASID_DMA_REGS_SIZE);
    if (!memory_region_init_ram(&s->buffer, OBJECT(s), "pasid-dma.buffer",
                                PASID_DMA_BUFFER_SIZE, errp)) {
        return false;
    }
    pci_register_bar(pdev, PASID_DMA_BAR_REGS, mem64, &s->regs);
    pci_register_bar(pdev, PASID_DMA_BAR_BUFFER,
                     mem64 | PCI_BASE_ADDRESS_MEM_PREFETCH, &s->buffer);

    if (msix_init_exclusive_bar(pdev, PASID_DMA_VECTORS, PASID_DMA_BAR_MSIX,
                                errp)) {
        return false;
    }
    for (i = 0; i < PASID_DMA_VECTORS; i++) {
        msix_vector_use(pdev, i);
    }
    return true;
}

static void pasid_dma_realize(PCIDevice *pdev, Error **errp)
{
    PasidDmaState *s = PASID_DMA(pdev);

    if (s->pasid_width > PCIE_PASID_MAX_WIDTH) {
        error_setg(errp, "pasid-width is %u, but a PASID has %u bits at most",
                   s->pasid_width, PCIE_PASID_MAX_WIDTH);
        return;
    }
    if (pcie_endpoint_cap_init(pdev, PASID_DMA_EXP_OFFSET) < 0) {
        error_setg(errp, "can't add the PCI Express capability");
        return;
    }
    if (!pasid_dma_add_bars(s, errp)) {
        pcie_cap_exit(pdev);
        return;
    }
    pasid_dma_add_capabilities(s);

    timer_init_us(&s->timer, QEMU_CLOCK_VIRTUAL, pasid_dma_timer, s);
    s->bh = qemu_bh_new_guarded(pasid_dma_bh, s,
                                &DEVICE(s)->mem_reentrancy_guard);
}

static void pasid_dma_exit(PCIDevice *pdev)
{
    PasidDmaState *s = PASID_DMA(pdev);

    s->command = 0;
    timer_del(&s->timer);
    qemu_bh_delete(s->bh);
    msix_uninit_exclusive_bar(pdev);
    pcie_cap_exit(pdev);
}

/* A bottom half that was due isn't migrated, only the timer is. */
static int pasid_dma_post_load(void *opaque, int version_id)
{
    PasidDmaState *s = opaque;

    if (!is_power_of_2(s->request) || s->request < PASID_DMA_MIN_REQUEST ||
        s->request > PASID_DMA_MAX_REQUEST || !s->period) {
        return -EINVAL;
    }
    if (pasid_dma_running(s) && !timer_pending(&s->timer)) {
        timer_mod(&s->timer, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL));
    }
    return 0;
}

static const VMStateDescription pasid_dma_vmstate = {
    .name = TYPE_PASID_DMA,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = pasid_dma_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, PasidDmaState),
        VMSTATE_MSIX(parent_obj, PasidDmaState),
        VMSTATE_TIMER(timer, PasidDmaState),
        VMSTATE_UINT32(command, PasidDmaState),
        VMSTATE_UINT32(result, PasidDmaState),
        VMSTATE_UINT64(iova, PasidDmaState),
        VMSTATE_UINT32(offset, PasidDmaState),
        VMSTATE_UINT32(length, PasidDmaState),
        VMSTATE_UINT32(pasid, PasidDmaState),
        VMSTATE_UINT32(vector, PasidDmaState),
        VMSTATE_UINT32(period, PasidDmaState),
        VMSTATE_UINT32(request, PasidDmaState),
        VMSTATE_UINT32(done, PasidDmaState),
        VMSTATE_UINT32(succeeded, PasidDmaState),
        VMSTATE_UINT32(failed, PasidDmaState),
        VMSTATE_UINT64(translation, PasidDmaState),
        VMSTATE_UINT32(grant, PasidDmaState),
        VMSTATE_END_OF_LIST()
    },
};

static const Property pasid_dma_properties[] = {
    DEFINE_PROP_UINT8("pasid-width", PasidDmaState, pasid_width,
                      PASID_DMA_DEFAULT_WIDTH),
    DEFINE_PROP_BOOL("ats", PasidDmaState, ats, false),
};

static void pasid_dma_class_init(ObjectClass *class, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(class);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(class);
    ResettableClass *rc = RESETTABLE_CLASS(class);

    k->realize = pasid_dma_realize;
    k->exit = pasid_dma_exit;
    k->config_write = pasid_dma_config_write;
    k->vendor_id = PASID_DMA_VENDOR_ID;
    k->device_id = PASID_DMA_DEVICE_ID;
    k->class_id = PCI_CLASS_OTHERS;
    rc->phases.hold = pasid_dma_reset_hold;
    dc->vmsd = &pasid_dma_vmstate;
    dc->desc = "PCIe DMA engine with PASIDs, for tests of IOMMUs";
    device_class_set_props(dc, pasid_dma_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo pasid_dma_info = {
    .name = TYPE_PASID_DMA,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PasidDmaState),
    .class_init = pasid_dma_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { },
    },
};

static void pasid_dma_register_types(void)
{
    type_register_static(&pasid_dma_info);
}

type_init(pasid_dma_register_types)
