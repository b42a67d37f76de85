// SPDX-License-Identifier: GPL-2.0-only
/*
 * One table of a guest, with a context descriptor for each PASID. All transfers have the
 * same address, and the PASID says whose it is. Memory is read by the lab, from outside.
 */
#include <fcntl.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <unistd.h>

#include <libvfio/guest_cds.h>
#include <libvfio/guest_fault.h>
#include <libvfio/pasid_dma.h>

#include "report.h"

#define ROW		"6"
#define PASID_BITS	12
#define VSID		0xabcd01
#define FAULTS_MAX	4

/* What the device sends with a transfer, and what it leads to. */
struct sender {
	u32 pasid;
	/* Whose descriptor it takes; none if that is the same as NO_CD. */
	u32 cd;
	/* Where its space has the address. Without a descriptor: where it must not be. */
	u64 ipa;
};

#define NO_CD		0xffffffff

static struct sender senders[] = {
	/* By S1DSS. */
	{ .pasid = PASID_DMA_NO_PASID, .cd = 0 },
	{ .pasid = 1, .cd = 1 },
	{ .pasid = 2, .cd = 2 },
	{ .pasid = 1093, .cd = 1093 },
	{ .pasid = 4095, .cd = 4095 },
	/* Next to others that have one. */
	{ .pasid = 3, .cd = NO_CD },
};

struct stage {
	struct vmm vmm;
	struct guest_cds cds;
	u64 iova;
	int fault_fd;
};

/* What device or memory had to send, and what was at the other end. */
struct transfer {
	u64 sent[WORDS];
	u64 before[WORDS];
	u64 after[WORDS];
	u64 physical;
	bool kept;
};

static void add_space(struct stage *stage, struct sender *sender, u16 asid)
{
	struct guest_ram *ram = &stage->vmm.ram;
	struct guest_table table;

	sender->ipa = guest_ram_alloc(ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	guest_table_init(&table, ram, asid);
	guest_table_map(&table, stage->iova, sender->ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_cds_set(&stage->cds, sender->cd, &table);
}

/* The address is an IPA too, which nothing may take it for. */
static void build_table(struct stage *stage)
{
	struct guest_ram *ram = &stage->vmm.ram;
	unsigned int i;

	stage->iova = guest_ram_alloc(ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	guest_cds_init(&stage->cds, ram, S1FMT_4K_L2, PASID_BITS);
	for (i = 0; i < ARRAY_SIZE(senders); i++) {
		if (senders[i].cd == NO_CD)
			senders[i].ipa = stage->iova;
		else
			add_space(stage, &senders[i], i + 1);
	}
}

/* Bytes of the device are to be accessed as words. */
static void copy(u64 *to, const u64 *from)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
}

static void fill(u64 *to)
{
	u64 words[WORDS];

	pattern_fill(words, SIZE);
	copy(to, words);
}

/* New bytes in both places, so that whatever arrives can be told from what was there. */
static struct transfer prepare(struct stage *stage, const struct sender *sender)
{
	u64 *page = guest_ram_ptr(&stage->vmm.ram, sender->ipa);

	fill(page);
	fill(pasid_dma_buffer(&stage->vmm.device));
	guest_ram_snapshot(&stage->vmm.ram);
	return (struct transfer){ .physical = host_physical_address(page) };
}

static struct transfer try_write(struct stage *stage, const struct sender *sender)
{
	struct vfio_pci_device *device = &stage->vmm.device;
	struct guest_ram *ram = &stage->vmm.ram;
	struct transfer transfer = prepare(stage, sender);

	copy(transfer.sent, pasid_dma_buffer(device));
	oracle_memory(transfer.physical, transfer.before, SIZE);
	oracle_mark();
	pasid_dma_write(device, sender->pasid, stage->iova, SIZE);
	dma_barrier();
	oracle_memory(transfer.physical, transfer.after, SIZE);
	transfer.kept = sender->cd == NO_CD ? guest_ram_kept(ram) :
			guest_ram_kept_but(ram, sender->ipa, SIZE);
	return transfer;
}

static struct transfer try_read(struct stage *stage, const struct sender *sender)
{
	struct vfio_pci_device *device = &stage->vmm.device;
	struct transfer transfer = prepare(stage, sender);

	copy(transfer.before, pasid_dma_buffer(device));
	oracle_memory(transfer.physical, transfer.sent, SIZE);
	oracle_mark();
	pasid_dma_read(device, sender->pasid, stage->iova, SIZE);
	dma_barrier();
	copy(transfer.after, pasid_dma_buffer(device));
	transfer.kept = guest_ram_kept(&stage->vmm.ram);
	return transfer;
}

/* The first quad-word of all events that the guest's VMM gets. */
static void print_faults(int fd)
{
	struct iommu_guest_fault faults[FAULTS_MAX];
	const char *space = "";
	int i, num;

	printf(", \"faults\": \"");
	while (guest_faults_poll(fd, 200) & POLLIN) {
		num = __guest_faults_read(fd, faults, FAULTS_MAX);
		VFIO_ASSERT(num > 0, "read a fault: %d", num);
		for (i = 0; i < num; i++, space = " ")
			printf("%s%016llx", space,
			       (unsigned long long)guest_fault_word(&faults[i], 0));
	}
	printf("\"");
}

static void print_transfer(struct stage *stage, const struct sender *sender,
			   const char *direction, const struct transfer *transfer)
{
	char *events = oracle_events();
	char *translations = oracle_translations(stage->vmm.device.sid);

	printf("{\"transfer\": \"" ROW "\", \"device\": \"dma\", \"direction\": \"%s\", \"address\": \"%#llx\", \"ipa\": \"%#llx\"",
	       direction, (unsigned long long)stage->iova,
	       (unsigned long long)sender->ipa);
	if (sender->pasid == PASID_DMA_NO_PASID)
		printf(", \"kind\": \"no PASID\"");
	else
		printf(", \"kind\": \"PASID %u\"", sender->pasid);
	print_words("sent", transfer->sent);
	print_words("before", transfer->before);
	print_words("after", transfer->after);
	printf(", \"physical\": \"%#llx\", \"kept\": %s, \"events\": \"%s\", \"translations\": \"%s\"",
	       (unsigned long long)transfer->physical,
	       transfer->kept ? "true" : "false", events, translations);
	print_faults(stage->fault_fd);
	printf("}\n");
	fflush(stdout);
	free(events);
	free(translations);
}

static void show(struct stage *stage, const struct sender *sender)
{
	struct transfer transfer = try_write(stage, sender);

	print_transfer(stage, sender, "write", &transfer);
	transfer = try_read(stage, sender);
	print_transfer(stage, sender, "read", &transfer);
}

void last_act(const char *bdf)
{
	struct stage stage = {};
	struct vmm *vmm = &stage.vmm;
	unsigned int i;

	vmm_init(vmm, bdf);
	vmm->device.vsid = VSID;
	build_table(&stage);
	stage.fault_fd = guest_fault_fd(&vmm->container, O_NONBLOCK | O_CLOEXEC);
	guest_cds_bind(&stage.cds, &vmm->device, S1DSS_SSID0);
	print_row(ROW, "BIND_GUEST_STAGE: TRANSLATE", stage.cds.base);
	print_ste(ROW, "dma", vmm->device.sid);
	for (i = 0; i < ARRAY_SIZE(senders); i++)
		show(&stage, &senders[i]);
	close(stage.fault_fd);
	vmm_cleanup(vmm);
}
