// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes a device through all states of a guest stage and says what happened: a
 * line of JSON for each row of the table, each stream table entry that the lab read
 * from outside, and each transfer with the data it moved. It judges nothing; that is
 * expect.py's.
 *
 * usage: demo -- BDF (an edu, bound to vfio-pci); the disk is /dev/vda
 *        demo --last-act -- BDF... (one of them a pasid-dma)
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/kernel.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libvfio.h>
#include <libvfio/pasid_dma.h>

#include "report.h"

#define DISK		"/dev/vda"
#define DISK_SYSFS	"/sys/block/vda/device"
#define SECTOR_SIZE	512
#define READ_SECTOR	0
#define WRITE_SECTOR	128
enum kind { NONE, PHYSICAL, IPA, IOVA };

static const char *const kind_names[] = {
	[PHYSICAL] = "physical",
	[IPA] = "IPA",
	[IOVA] = "IOVA",
};

/* Memory that transfers go from and to, and the device that does them. */
struct place {
	struct vfio_pci_device *device;
	struct guest_ram *ram;
	struct dma_page *src;
	struct dma_page *dst;
};

struct transfer {
	const char *row;
	const char *direction;
	const char *kind;
	u64 address;
	u64 sent[WORDS];
	u64 before[WORDS];
	u64 after[WORDS];
	bool kept;
	char *events;
	char *translations;
};

/* What the device's buffer holds; zeros when the machine starts. */
static u64 buffer[WORDS];

struct row {
	const char *name;
	const char *asked;
	/* NULL outside of a container */
	const struct guest_state *state;
};

static const struct row *row;

static void print_transfer(const struct transfer *transfer)
{
	printf("{\"transfer\": \"%s\", \"device\": \"edu\", \"direction\": \"%s\", \"kind\": \"%s\", \"address\": \"%#llx\"",
	       transfer->row, transfer->direction, transfer->kind,
	       (unsigned long long)transfer->address);
	print_words("sent", transfer->sent);
	print_words("before", transfer->before);
	print_words("after", transfer->after);
	printf(", \"kept\": %s, \"events\": \"%s\", \"translations\": \"%s\"}\n",
	       transfer->kept ? "true" : "false", transfer->events,
	       transfer->translations);
	fflush(stdout);
}

/* The addresses with which transfers arrive, if the state is what it should be. */
static enum kind usable(const struct guest_state *state)
{
	if (state->by_iova)
		return IOVA;
	return state->by_ipa ? IPA : NONE;
}

static u64 address_of(const struct dma_page *page, enum kind kind)
{
	return kind == IOVA ? page->iova : page->ipa;
}

static void begin(struct transfer *transfer, const char *direction,
		  enum kind kind, u64 address)
{
	memset(transfer, 0, sizeof(*transfer));
	transfer->row = row->name;
	transfer->direction = direction;
	transfer->kind = kind_names[kind];
	transfer->address = address;
	oracle_mark();
}

static void end(struct transfer *transfer, struct place *place)
{
	transfer->events = oracle_events();
	transfer->translations = oracle_translations(place->device->sid);
}

/* What arrives is in the device's buffer, where only look() can see it. */
static struct transfer try_read(struct place *place, enum kind kind)
{
	struct transfer transfer;
	u64 address = address_of(place->src, kind);

	begin(&transfer, "read", kind, address);
	pattern_fill(place->src->vaddr, GUEST_PAGE_SIZE);
	memcpy(transfer.sent, place->src->vaddr, SIZE);
	memcpy(transfer.before, buffer, SIZE);
	guest_ram_snapshot(place->ram);
	dma_read(place->device, address, SIZE);
	transfer.kept = guest_ram_kept(place->ram);
	end(&transfer, place);
	return transfer;
}

static struct transfer try_write(struct place *place, enum kind kind)
{
	struct transfer transfer;
	u64 address = address_of(place->dst, kind);

	begin(&transfer, "write", kind, address);
	pattern_fill(place->dst->vaddr, GUEST_PAGE_SIZE);
	memcpy(transfer.sent, buffer, SIZE);
	memcpy(transfer.before, place->dst->vaddr, SIZE);
	guest_ram_snapshot(place->ram);
	dma_write(place->device, address, SIZE);
	memcpy(transfer.after, place->dst->vaddr, SIZE);
	transfer.kept = guest_ram_kept_but(place->ram, place->dst->ipa, SIZE);
	end(&transfer, place);
	return transfer;
}

static struct place place_of(struct vmm *vmm)
{
	return (struct place) { &vmm->device, &vmm->ram, &vmm->src, &vmm->dst };
}

/* Run @transfer with addresses that work: it may need a moment in state 2. */
static void with_usable(struct vmm *vmm,
			void (*transfer)(struct vmm *vmm, enum kind kind))
{
	enum kind kind = usable(row->state);

	if (kind == NONE)
		state_stage2.enter(vmm);
	transfer(vmm, kind == NONE ? IPA : kind);
	if (kind == NONE)
		row->state->enter(vmm);
}

static void unload_buffer(struct vmm *vmm, enum kind kind)
{
	pattern_fill(vmm->dst.vaddr, GUEST_PAGE_SIZE);
	dma_write(&vmm->device, address_of(&vmm->dst, kind), SIZE);
	memcpy(buffer, vmm->dst.vaddr, SIZE);
}

static void load_buffer(struct vmm *vmm, enum kind kind)
{
	pattern_fill(vmm->src.vaddr, GUEST_PAGE_SIZE);
	dma_read(&vmm->device, address_of(&vmm->src, kind), SIZE);
	unload_buffer(vmm, kind);
}

/* What the read brought, if anything. */
static void look(struct vmm *vmm, struct transfer *read)
{
	with_usable(vmm, unload_buffer);
	memcpy(read->after, buffer, SIZE);
	print_transfer(read);
}

/* The device has to have something to write. */
static void fill_void_buffer(struct vmm *vmm)
{
	if (!buffer[0])
		with_usable(vmm, load_buffer);
}

/* The write comes first: a read that is blocked may leave nothing to write. */
static void try_both(struct vmm *vmm, enum kind kind)
{
	struct place place = place_of(vmm);
	struct transfer read, write;

	fill_void_buffer(vmm);
	write = try_write(&place, kind);
	print_transfer(&write);
	read = try_read(&place, kind);
	look(vmm, &read);
}

/* The device is in the state already. */
static void show_row(struct vmm *vmm)
{
	enum kind kind = usable(row->state);

	print_row(row->name, row->asked, vmm->table.cd);
	print_ste(row->name, "edu", vmm->device.sid);
	try_both(vmm, kind == IOVA ? IOVA : IPA);
	try_both(vmm, kind == IOVA ? IPA : IOVA);
	fill_void_buffer(vmm);
}

static void enter_row(struct vmm *vmm, const struct row *next)
{
	row = next;
	row->state->enter(vmm);
	show_row(vmm);
}

/* State 1 and 5: the device is driven past VFIO, through its files in sysfs. */

static struct guest_ram host_ram;
static struct dma_page host_page;

static void host_ram_init(void)
{
	host_ram.size = GUEST_PAGE_SIZE;
	host_ram.shadow = malloc(GUEST_PAGE_SIZE);
	host_ram.vaddr = mmap(NULL, GUEST_PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	VFIO_ASSERT(host_ram.shadow && host_ram.vaddr != MAP_FAILED, "a page");
	pattern_fill(host_ram.vaddr, GUEST_PAGE_SIZE);
	host_ram.ipa = host_physical_address(host_ram.vaddr);
	VFIO_ASSERT(host_ram.ipa, "physical addresses are not told");
	host_page.ipa = host_ram.ipa;
	host_page.iova = host_ram.ipa;
	host_page.vaddr = (void *)host_ram.vaddr;
}

/* The caller looks at what the read brought as soon as the device can write. */
static struct transfer show_host_edu(const char *bdf)
{
	struct vfio_pci_device device;
	struct place place = { &device, &host_ram, &host_page, &host_page };
	struct transfer read, write;

	print_ste(row->name, "edu", pci_requester_id(bdf));
	host_device_open(&device, bdf);
	VFIO_ASSERT(device.driver, "no driver here makes %s do DMA", bdf);
	write = try_write(&place, PHYSICAL);
	print_transfer(&write);
	read = try_read(&place, PHYSICAL);
	host_device_close(&device);
	return read;
}

static u16 disk_sid(void)
{
	char path[PATH_MAX];

	VFIO_ASSERT(realpath(DISK_SYSFS, path), DISK_SYSFS);
	return pci_requester_id(basename(dirname(path)));
}

static void print_disk_transfer(const char *direction, unsigned int sector,
				const char *key, const u64 *words)
{
	char *events = oracle_events();
	char *translations = oracle_translations(disk_sid());

	printf("{\"transfer\": \"%s\", \"device\": \"disk\", \"direction\": \"%s\", \"kind\": \"sector\", \"address\": \"%u\"",
	       row->name, direction, sector);
	print_words(key, words);
	printf(", \"events\": \"%s\", \"translations\": \"%s\"}\n", events,
	       translations);
	fflush(stdout);
	free(events);
	free(translations);
}

/* The host side compares with the image of the disk. */
static void show_disk(void)
{
	unsigned int sector = WRITE_SECTOR + 8 * atoi(row->name);
	int fd = open(DISK, O_RDWR | O_DIRECT | O_SYNC | O_CLOEXEC);

	VFIO_ASSERT(fd >= 0, DISK);
	print_ste(row->name, "disk", disk_sid());

	oracle_mark();
	VFIO_ASSERT(pwrite(fd, host_page.vaddr, GUEST_PAGE_SIZE,
			   sector * SECTOR_SIZE) == GUEST_PAGE_SIZE, "write");
	print_disk_transfer("read", sector, "sent", host_page.vaddr);

	oracle_mark();
	VFIO_ASSERT(pread(fd, host_page.vaddr, GUEST_PAGE_SIZE,
			  READ_SECTOR * SECTOR_SIZE) == GUEST_PAGE_SIZE, "read");
	print_disk_transfer("write", READ_SECTOR, "after", host_page.vaddr);
	close(fd);
}

static struct transfer show_host(const char *bdf, const struct row *host)
{
	struct transfer read;

	row = host;
	print_row(row->name, row->asked, 0);
	read = show_host_edu(bdf);
	show_disk();
	return read;
}

static const struct row row_1 = {
	.name = "1",
	.asked = "nothing: the default domain",
};

static const struct row row_2 = {
	.name = "2",
	.asked = "SET_IOMMU: VFIO_TYPE1_NESTING_IOMMU",
	.state = &state_stage2,
};

static const struct row row_2a = {
	.name = "2a",
	.asked = "BIND_GUEST_STAGE: ABORT",
	.state = &state_abort,
};

static const struct row row_3 = {
	.name = "3",
	.asked = "BIND_GUEST_STAGE: TRANSLATE",
	.state = &state_translate,
};

static const struct row row_3b = {
	.name = "3b",
	.asked = "BIND_GUEST_STAGE: BYPASS",
	.state = &state_bypass,
};

static const struct row row_4 = {
	.name = "4",
	.asked = "TRANSLATE, then UNBIND_GUEST_STAGE",
	.state = &state_unbound,
};

static const struct row row_5 = {
	.name = "5",
	.asked = "close the device and the container",
};

/* Into state 2, where the read from before can be looked at. */
static void enter_container(struct vmm *vmm, const char *bdf,
			    struct transfer *read)
{
	vmm_init(vmm, bdf);
	row = &row_2;
	look(vmm, read);
}

static void walk(const char *bdf)
{
	struct transfer read;
	struct vmm vmm;

	read = show_host(bdf, &row_1);
	enter_container(&vmm, bdf, &read);
	show_row(&vmm);
	enter_row(&vmm, &row_2a);
	enter_row(&vmm, &row_3);
	enter_row(&vmm, &row_3b);
	enter_row(&vmm, &row_4);
	vmm_cleanup(&vmm);

	read = show_host(bdf, &row_5);
	enter_container(&vmm, bdf, &read);
	vmm_cleanup(&vmm);
}

static bool wants_last_act(int argc, char *argv[])
{
	return argc > 1 && !strcmp(argv[1], "--last-act");
}

int main(int argc, char *argv[])
{
	vfio_selftests_init(&argc, argv);
	VFIO_ASSERT(vfio_selftests_bdf(0), "no device: name one after --");
	VFIO_ASSERT(oracle_present(), "no oracle: run this in the lab");
	if (wants_last_act(argc, argv)) {
		VFIO_ASSERT(pasid_dma_bdf(0), "no device with PASIDs");
		last_act(pasid_dma_bdf(0));
	} else {
		host_ram_init();
		walk(vfio_selftests_bdf(0));
	}
	printf("{\"done\": true}\n");
	return 0;
}
