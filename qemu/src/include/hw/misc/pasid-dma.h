/*
 * PCIe DMA engine with a PASID capability: registers
 *
 * docs/specs/pasid-dma.rst says what they do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_MISC_PASID_DMA_H
#define HW_MISC_PASID_DMA_H

#define TYPE_PASID_DMA "pasid-dma"

/* From the range for experiments, see docs/specs/pci-ids.rst. */
#define PASID_DMA_VENDOR_ID             0x1af4
#define PASID_DMA_DEVICE_ID             0x10f0

#define PASID_DMA_REGS_SIZE             0x1000
#define PASID_DMA_BUFFER_SIZE           0x10000
#define PASID_DMA_VECTORS               4

#define PASID_DMA_ID                    0x00
#define PASID_DMA_ID_VALUE              0x44500001
#define PASID_DMA_FEATURES              0x04
#define PASID_DMA_COMMAND               0x08
#define PASID_DMA_COMMAND_START         0x1
#define PASID_DMA_COMMAND_TO_MEMORY     0x2
#define PASID_DMA_COMMAND_INTERRUPT     0x4
#define PASID_DMA_COMMAND_REPEAT        0x8
#define PASID_DMA_COMMAND_GO_ON         0x10
#define PASID_DMA_COMMAND_TRANSLATE     0x20
#define PASID_DMA_COMMAND_TRANSLATED    0x40
#define PASID_DMA_COMMAND_MASK          0x7f
#define PASID_DMA_RESULT                0x0c
#define PASID_DMA_RESULT_NONE           0
#define PASID_DMA_RESULT_OK             1
#define PASID_DMA_RESULT_ABORT          2
#define PASID_DMA_RESULT_BAD_RANGE      3
#define PASID_DMA_RESULT_PASID_OFF      4
#define PASID_DMA_RESULT_BAD_PASID      5
#define PASID_DMA_RESULT_ATS_OFF        6
#define PASID_DMA_IOVA                  0x10
#define PASID_DMA_OFFSET                0x18
#define PASID_DMA_LENGTH                0x1c
#define PASID_DMA_PASID                 0x20
#define PASID_DMA_PASID_MASK            0x000fffff
#define PASID_DMA_PASID_VALID           0x80000000
#define PASID_DMA_VECTOR                0x24
#define PASID_DMA_PERIOD                0x28
#define PASID_DMA_DEFAULT_PERIOD        100
#define PASID_DMA_DONE                  0x2c
#define PASID_DMA_SUCCEEDED             0x30
#define PASID_DMA_FAILED                0x34
#define PASID_DMA_INTERRUPT             0x38
#define PASID_DMA_REQUEST               0x3c
#define PASID_DMA_MIN_REQUEST           4
#define PASID_DMA_MAX_REQUEST           0x1000
#define PASID_DMA_TRANSLATION           0x40
#define PASID_DMA_GRANT                 0x48
#define PASID_DMA_GRANT_READ            0x1
#define PASID_DMA_GRANT_WRITE           0x2
#define PASID_DMA_GRANT_SIZE(grant)     (((grant) >> 8) & 0xff)

#endif
