/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_BENCH_DEVICES_H
#define LAB_BENCH_DEVICES_H

/* Measure with 1, 4 and 16 devices in a container. */
void bench_all_devices(void);

#endif /* LAB_BENCH_DEVICES_H */
