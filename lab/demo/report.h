/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of JSON that facts.py reads. */
#ifndef LAB_DEMO_REPORT_H
#define LAB_DEMO_REPORT_H

#include <libvfio.h>

/* Transfers are shown like STEs. */
#define WORDS		8
#define SIZE		(WORDS * sizeof(u64))

/* One more member of the line's object. */
void print_words(const char *key, const u64 *words);

void print_row(const char *name, const char *asked, u64 table);

/* The entry of @sid, as the lab reads it from outside. */
void print_ste(const char *row, const char *device, u16 sid);

/*
 * What one guest's table with PASIDs does to DMA, one transfer with each, of a pasid-dma
 * that is bound to vfio-pci.
 */
void last_act(const char *bdf);

#endif /* LAB_DEMO_REPORT_H */
