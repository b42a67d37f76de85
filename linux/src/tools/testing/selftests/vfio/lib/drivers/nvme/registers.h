/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_DRIVERS_NVME_REGISTERS_H
#define SELFTESTS_VFIO_DRIVERS_NVME_REGISTERS_H

#include <linux/bits.h>
#include <linux/types.h>

/* QEMU's model. On another controller the tests would overwrite somebody's data. */
#define NVME_VENDOR_ID		0x1b36
#define NVME_DEVICE_ID		0x0010

/* Section 3.1 of the NVM Express Base Specification, 1.4. */
#define NVME_CAP		0x00
#define NVME_CAP_CMBS		BIT_ULL(57)
#define NVME_INTMS		0x0c
#define NVME_CC			0x14
#define NVME_CC_EN		BIT(0)
#define NVME_CC_IOSQES_64	(6 << 16)
#define NVME_CC_IOCQES_16	(4 << 20)
#define NVME_CSTS		0x1c
#define NVME_CSTS_RDY		BIT(0)
#define NVME_CSTS_CFS		BIT(1)
#define NVME_AQA		0x24
#define NVME_ASQ		0x28
#define NVME_ACQ		0x30
#define NVME_CMBMSC		0x50
#define NVME_CMBMSC_CRE		BIT_ULL(0)
#define NVME_CMBMSC_CMSE	BIT_ULL(1)
#define NVME_SQ_TAIL(q)		(0x1000 + (q) * 8)
#define NVME_CQ_HEAD(q)		(0x1004 + (q) * 8)

#define NVME_ADMIN_CREATE_SQ	0x01
#define NVME_ADMIN_CREATE_CQ	0x05
#define NVME_ADMIN_IDENTIFY	0x06
#define NVME_IDENTIFY_CTRL	1
#define NVME_QUEUE_CONTIGUOUS	BIT(0)
#define NVME_CQ_INTERRUPT	BIT(1)

#define NVME_IO_WRITE		0x01
#define NVME_IO_READ		0x02

struct nvme_command {
	__le32 opcode;
	__le32 nsid;
	__le64 reserved;
	__le64 mptr;
	__le64 prp1;
	__le64 prp2;
	__le32 cdw10;
	__le32 cdw11;
	__le32 cdw12;
	__le32 cdw13;
	__le32 cdw14;
	__le32 cdw15;
};

/* A completion. */
struct nvme_completion {
	__le32 result;
	__le32 reserved;
	__le16 sq_head;
	__le16 sq_id;
	__le16 command_id;
	__le16 status;
};

#define NVME_STATUS_PHASE	BIT(0)

#endif /* SELFTESTS_VFIO_DRIVERS_NVME_REGISTERS_H */
