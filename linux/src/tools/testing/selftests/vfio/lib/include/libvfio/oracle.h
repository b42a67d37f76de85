/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIBVFIO_ORACLE_H
#define SELFTESTS_VFIO_LIBVFIO_ORACLE_H

#include <linux/types.h>

#include <libvfio/smmuv3.h>

/*
 * An emulator can tell, over a virtio serial port, what its SMMU was given and
 * what it did: that doesn't depend on the code under test. Real hardware has no
 * such port: there, tests of these things are skipped, and tests that look at
 * them in passing do without. All but oracle_present() need the port.
 */
bool oracle_present(void);

/* Commands, events and translations are counted from here. */
void oracle_mark(void);

/* The entry that the SMMU has in memory for @sid. */
void oracle_ste(u16 sid, struct ste *ste);

/* What is in the machine's memory at a physical address, at most 4096 bytes of it. */
void oracle_memory(u64 address, void *buf, size_t size);

/* A register of the SMMU, of 32 bits. */
u32 oracle_register(u32 offset);

/*
 * The SMMU's event queue, as it is in memory: where it is going to write the next
 * event, how many it has written since it was at @pos, and what it wrote at @pos.
 * An event stays there until the queue comes round.
 */
u32 oracle_eventq_pos(void);
u32 oracle_eventq_since(u32 pos);
void oracle_eventq_read(u32 pos, u64 event[4]);

/*
 * Words separated by spaces, in order, for example
 * "CFGI_STE:sid=10 SYNC TLBI_NH_ALL:vmid=1 SYNC", in memory that the caller
 * frees. PREFETCH_CFG, a hint, is left out.
 */
char *oracle_commands(void);

/*
 * The events since the mark, as "F_TRANSLATION:sid=10", and how often accesses of
 * @sid were translated, as "stage1=0 stage2=3 nested=5". The caller frees both.
 */
char *oracle_events(void);
char *oracle_translations(u16 sid);

/*
 * Take the @n-th NVMe controller out of its port, and put it in again. Both take
 * effect when the kernel agrees, which it shows in sysfs.
 */
void oracle_unplug(unsigned int n);
void oracle_plug(unsigned int n);

/* How many words of @line start with @prefix. */
unsigned int oracle_count(const char *line, const char *prefix);

/* The same for the commands and the events since the mark. */
unsigned int oracle_count_commands(const char *prefix);
unsigned int oracle_count_events(void);
bool oracle_saw_event(const char *name, u16 sid);

/* The latest record that the SMMU wrote to its event queue, read or not. */
void oracle_last_event(u64 record[4]);

/* Whether each command since the mark that names a VMID names @vmid. */
bool oracle_commands_of_vmid(u16 vmid);

/*
 * Whether there was at least one invalidation by IPA since the mark and each run
 * of them is followed by SYNC, NH_ALL for @vmid, SYNC. Only after that may the
 * pages be given away: what is left of the guest's translations is combined with
 * them and not found by IPA.
 */
bool oracle_stage2_unmap_complete(u16 vmid);

#endif /* SELFTESTS_VFIO_LIBVFIO_ORACLE_H */
