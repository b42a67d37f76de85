# SPDX-License-Identifier: GPL-2.0-only
# The devices of the lab's own QEMU: what the lab and the qtests use, beside what the virt
# machine selects. scripts/qemu hands this to QEMU's configure.
CONFIG_ARM_VIRT=y
CONFIG_EDU=y
CONFIG_PASID_DMA=y
CONFIG_NVME_PCI=y
CONFIG_IGB_PCI_EXPRESS=y
CONFIG_E1000E_PCI_EXPRESS=y
CONFIG_PCIE_PORT=y
CONFIG_XIO3130=y
CONFIG_PXB=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_SERIAL=y
CONFIG_CXL=y
CONFIG_CXL_MEM_DEVICE=y
