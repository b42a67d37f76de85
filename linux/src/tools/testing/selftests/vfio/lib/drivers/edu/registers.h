/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_DRIVERS_EDU_REGISTERS_H
#define SELFTESTS_VFIO_DRIVERS_EDU_REGISTERS_H

#include <linux/bits.h>

/* QEMU's educational device, see docs/specs/edu.rst there. */
#define EDU_VENDOR_ID		0x1234
#define EDU_DEVICE_ID		0x11e8

#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64

#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_CMD_RUN		BIT(0)
#define EDU_DMA_CMD_TO_MEMORY	BIT(1)

/* Where the device's own DMA controller sees the device's buffer. */
#define EDU_BUFFER_ADDR		0x40000
#define EDU_BUFFER_SIZE		4096

#endif /* SELFTESTS_VFIO_DRIVERS_EDU_REGISTERS_H */
