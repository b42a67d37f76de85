/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_H
#define SELFTESTS_VFIO_LIBVFIO_H

#include <libvfio/assert.h>
#include <libvfio/child.h>
#include <libvfio/container.h>
#include <libvfio/dma.h>
#include <libvfio/edge.h>
#include <libvfio/guest_ram.h>
#include <libvfio/guest_stage.h>
#include <libvfio/guest_table.h>
#include <libvfio/host.h>
#include <libvfio/host_device.h>
#include <libvfio/missing_page.h>
#include <libvfio/options.h>
#include <libvfio/oracle.h>
#include <libvfio/smmuv3.h>
#include <libvfio/vfio_pci_device.h>
#include <libvfio/vfio_pci_driver.h>
#include <libvfio/vfio_pci_irq.h>
#include <libvfio/vmm.h>

#endif /* SELFTESTS_VFIO_LIBVFIO_H */
