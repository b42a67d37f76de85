/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_BENCH_PASIDS_H
#define LAB_BENCH_PASIDS_H

/* Measure with a table of one PASID, of 1,000, and of all that there are with 16 bits. */
void bench_pasids(void);

#endif /* LAB_BENCH_PASIDS_H */
