// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nobody thought of: arguments, commands, descriptors and tables that are
 * random, or valid but for a few bits, while a device does DMA by them. Whatever is
 * accepted, no field of the host's changes, nothing is written outside of what the
 * container maps for writing, and afterwards the device works again.
 *
 * Arguments: seed=N, and with it the same happens again; rounds=N, how many;
 * round=N, the first; verbose=1, say everything before it is done.
 */
#include <sys/mman.h>

#include <libvfio/canary.h>
#include <libvfio/fuzz.h>
#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

/* If nobody asks for more; for whoever does, there is time. */
#define ROUNDS		40
#define TIMEOUT		36000

#define OPERATIONS	16
#define COMMANDS_MAX	160
#define WINDOW_IPA	0x50000000ULL
#define WINDOW_SIZE	(4 * GUEST_PAGE_SIZE)
#define MSI_IPA		0x08000000ULL
#define CDS		(GUEST_PAGE_SIZE / CD_SIZE)
#define GUEST_WORDS	32

struct fuzz {
	/* The guest that tries everything, and one that has to do with nothing of it */
	struct vmm vmm;
	struct vmm other;
	/* Memory of the first guest that comes and goes, or that it may only read */
	struct guest_ram window;
	bool window_mapped;
	bool window_writable;
	struct canaries canaries;
	/* A page of context descriptors, the first of them valid */
	u64 cds;
	/* All of the guest's memory as it should be */
	u8 *good;
	/* Where arguments are: up to a page that isn't there */
	u8 *arg;
	/* What the guest's faults are read from, or -1 */
	int faults;
	u64 ipa_end;
	/* What the SMMU had after the operation before */
	struct ste ste;
};

/*
 * QEMU's SMMUv3 aborts the whole of QEMU on a descriptor with V = 1 and a reserved
 * IPS, 6 or 7. Any memory can be taken for a descriptor, so no word that the guest
 * or its device writes looks like the first of one.
 */
static u64 harmless(u64 word)
{
	if (word & CD_0_V && FIELD_GET(CD_0_IPS, word) >= 6)
		word &= ~FIELD_PREP(CD_0_IPS, 2);
	return word;
}

static void put_word(__le64 *to, u64 word)
{
	*to = __cpu_to_le64(harmless(word));
}

static void put_words(void *to, size_t size)
{
	__le64 *words = to;

	for (; size; size -= sizeof(*words))
		put_word(words++, fuzz_word());
}

static u64 random_page(struct guest_ram *ram)
{
	return ram->ipa + fuzz_below(ram->size / GUEST_PAGE_SIZE) * GUEST_PAGE_SIZE;
}

static void *page_ptr(struct guest_ram *ram)
{
	return guest_ram_ptr(ram, random_page(ram));
}

/* Where a guest would like to get to: also by what it can't know, where the host is. */
static u64 random_target(struct fuzz *f)
{
	switch (fuzz_below(9)) {
	case 0:
		return random_page(&f->vmm.ram) - f->vmm.ram.ipa;
	case 1:
		return random_page(&f->window);
	case 2:
		return host_physical_address(f->canaries.vaddr +
				fuzz_below(f->canaries.size));
	case 3:
		return host_physical_address(page_ptr(&f->other.ram));
	case 4:
		return host_physical_address(page_ptr(&f->vmm.ram));
	case 5:
		return f->vmm.ram.ipa - GUEST_PAGE_SIZE;
	case 6:
		return f->vmm.ram.ipa + f->vmm.ram.size;
	case 7:
		return MSI_IPA;
	default:
		return fuzz_word();
	}
}

static u64 random_ipa(struct fuzz *f)
{
	return fuzz_one_in(3) ? random_target(f) : random_page(&f->vmm.ram);
}

static u64 random_iova(struct fuzz *f)
{
	switch (fuzz_below(4)) {
	case 0:
		return f->vmm.src.iova;
	case 1:
		return f->vmm.dst.iova;
	case 2:
		return GUEST_IOVA(random_ipa(f));
	default:
		return random_ipa(f);
	}
}

/* Copy an argument to where the kernel can read it, and sometimes not all of it. */
static void *place(struct fuzz *f, const void *arg, size_t size)
{
	size_t missing = fuzz_one_in(16) ? fuzz_below(size) : 0;
	u8 *to = f->arg;

	if (missing || fuzz_one_in(4))
		to += 2 * GUEST_PAGE_SIZE - size + missing;

	memcpy(to, arg, size - missing);
	return to;
}

/* Whether all that is the host's is as in state 2, and the rest the guest may have. */
static bool ste_is_sane(struct fuzz *f, const struct ste *ste)
{
	const struct ste *host = &f->vmm.stage2_ste;

	if (ste_config(ste) == STE_CONFIG_ABORT)
		return ste->data[0] == STE_0_V;
	if (!STE_FIELD(ste, 0, V) || ste_config(ste) < STE_CONFIG_S2_TRANS ||
	    STE_FIELD(ste, 0, S1CDMAX))
		return false;
	return ste_s1contextptr(ste) < f->ipa_end &&
	       !((ste->data[1] ^ host->data[1]) & ~STE_1_GUEST) &&
	       !memcmp(&ste->data[2], &host->data[2], 6 * sizeof(u64));
}

static const char *check_ste(struct fuzz *f, int ret)
{
	struct ste before = f->ste;

	if (!oracle_present())
		return NULL;
	oracle_ste(f->vmm.device.sid, &f->ste);
	if (ret && memcmp(&f->ste, &before, sizeof(before)))
		return "a call that failed changed the STE";
	return ste_is_sane(f, &f->ste) ? NULL : "the STE isn't the host's any more";
}

static const char *check_refused(int ret)
{
	return ret ? NULL : "a container takes another's device";
}

static void spoil_config(struct fuzz *f, struct iommu_guest_stage_config *config)
{
	switch (fuzz_below(4)) {
	case 0:
		config->state = IOMMU_GUEST_STAGE_TRANSLATE;
		config->base_ptr = random_target(f) & ~(u64)(CD_SIZE - 1);
		break;
	case 1:
		config->state = IOMMU_GUEST_STAGE_TRANSLATE;
		config->base_ptr = fuzz_word() * CD_SIZE;
		break;
	case 2:
		config->pasid_bits = fuzz_byte();
		config->smmuv3.s1fmt = fuzz_byte();
		config->smmuv3.s1dss = fuzz_byte();
		break;
	default:
		fuzz_mutate(config, sizeof(*config), 3);
	}
}

static const char *bind(struct fuzz *f)
{
	struct vfio_pci_device *device = &f->vmm.device;
	struct iommu_guest_stage_config config =
		guest_stage_config(device, 1 + fuzz_below(3),
				   f->cds + fuzz_below(CDS) * CD_SIZE);
	struct vfio_iommu_type1_bind_guest_stage arg;

	if (fuzz_one_in(2))
		spoil_config(f, &config);
	arg = guest_stage_bind_arg(device, &config);
	if (fuzz_one_in(4))
		fuzz_mutate(&arg, sizeof(arg), 3);
	return check_ste(f, __guest_stage_bind_ioctl(&f->vmm.container,
				place(f, &arg, sizeof(arg))));
}

static const char *unbind(struct fuzz *f)
{
	struct vfio_iommu_type1_unbind_guest_stage arg =
		guest_stage_unbind_arg(&f->vmm.device);

	if (fuzz_one_in(2))
		fuzz_mutate(&arg, sizeof(arg), 3);
	return check_ste(f, __guest_stage_unbind_ioctl(&f->vmm.container,
				place(f, &arg, sizeof(arg))));
}

static const char *ask(struct fuzz *f)
{
	struct vfio_iommu_type1_guest_stage_info arg =
		guest_stage_info_arg(&f->vmm.device);

	if (fuzz_one_in(2))
		fuzz_mutate(&arg, sizeof(arg), 4);
	__guest_stage_info_ioctl(&f->vmm.container, place(f, &arg, sizeof(arg)));
	return check_ste(f, -1);
}

/* By the other guest's container, which has nothing to do with this device. */
static const char *call_of_other(struct fuzz *f)
{
	struct iommu_guest_stage_config config =
		guest_stage_config(&f->vmm.device, 1 + fuzz_below(3), f->cds);
	struct vfio_iommu_type1_bind_guest_stage arg =
		guest_stage_bind_arg(&f->vmm.device, &config);
	struct vfio_container *container = &f->other.container;
	void *at;

	/* Not what names the device */
	if (fuzz_one_in(2))
		fuzz_mutate(&arg.config, sizeof(arg.config), 3);
	at = place(f, &arg, sizeof(arg));
	return check_refused(__guest_stage_bind_ioctl(container, at)) ?:
	       check_refused(__guest_stage_unbind_ioctl(container, at)) ?:
	       check_ste(f, -1);
}

/* The bits that a guest may set in its commands, by opcode (IHI 0070, 4.3 to 4.5) */
static const struct {
	u8 opcode;
	u64 bits[2];
} commands[] = {
	{ CMD_OP_CFGI_CD, { GENMASK_ULL(63, 12), BIT_ULL(0) } },
	{ CMD_OP_CFGI_CD_ALL, { GENMASK_ULL(63, 32) } },
	{ CMD_OP_TLBI_NH_ALL },
	{ CMD_OP_TLBI_NH_ASID, { GENMASK_ULL(63, 48) } },
	{ CMD_OP_TLBI_NH_VA,
	  { GENMASK_ULL(63, 48) | GENMASK_ULL(24, 20) | GENMASK_ULL(16, 12),
	    GENMASK_ULL(63, 12) | GENMASK_ULL(11, 8) | BIT_ULL(0) } },
	{ CMD_OP_TLBI_NH_VAA,
	  { GENMASK_ULL(24, 20) | GENMASK_ULL(16, 12),
	    GENMASK_ULL(63, 12) | GENMASK_ULL(11, 8) | BIT_ULL(0) } },
	{ CMD_OP_TLBI_NSNH_ALL },
};

static bool command_may_be_legal(const struct iommu_guest_command_smmuv3 *cmd)
{
	u64 word0 = __le64_to_cpu(cmd->cmd[0]), word1 = __le64_to_cpu(cmd->cmd[1]);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].opcode == (u8)word0)
			return !((word0 & ~commands[i].bits[0]) >> 8) &&
			       !(word1 & ~commands[i].bits[1]);
	return false;
}

static struct iommu_guest_command_smmuv3 random_command(struct fuzz *f)
{
	unsigned int i = fuzz_below(ARRAY_SIZE(commands));
	struct iommu_guest_command_smmuv3 cmd = {
		{ commands[i].opcode | (fuzz_word() & commands[i].bits[0]),
		  fuzz_word() & commands[i].bits[1] },
	};

	/* Of the device that there is, more often than not */
	if (i < 2 && !fuzz_one_in(4))
		cmd = commands[i].opcode == CMD_OP_CFGI_CD ?
		      guest_cmd_cfgi_cd(f->vmm.device.vsid) :
		      guest_cmd_cfgi_cd_all(f->vmm.device.vsid);
	if (fuzz_one_in(64))
		fuzz_mutate(&cmd, sizeof(cmd), 2);
	if (fuzz_one_in(256))
		cmd.cmd[0] = fuzz_word();
	return cmd;
}

static const char *invalidate(struct fuzz *f)
{
	struct iommu_guest_command_smmuv3 cmds[COMMANDS_MAX];
	unsigned int i, count = 1 + fuzz_below(COMMANDS_MAX), legal = 0;
	struct vfio_iommu_type1_invalidate_guest_stage arg, *at;
	int ret;

	for (i = 0; i < count; i++) {
		cmds[i] = random_command(f);
		if (legal == i && command_may_be_legal(&cmds[i]))
			legal++;
	}
	arg = guest_commands_arg(cmds, count);
	if (fuzz_one_in(8))
		fuzz_mutate(&arg, sizeof(arg), 2);
	at = place(f, &arg, sizeof(arg));
	ret = __guest_commands_ioctl(&f->vmm.container, at);
	/* Unless it isn't these commands that were executed, or @at has no end */
	if (ret != -EFAULT && arg.commands == (uintptr_t)cmds &&
	    arg.count == count && at->done != arg.done && at->done > legal)
		return "a command with a bit that isn't the guest's is done";
	return check_ste(f, -1);
}

static void close_faults(struct fuzz *f)
{
	if (f->faults >= 0)
		close(f->faults);
	f->faults = -1;
}

static const char *get_faults(struct fuzz *f)
{
	struct vfio_iommu_type1_guest_fault_fd arg =
		guest_fault_fd_arg(O_NONBLOCK | O_CLOEXEC);
	int fd;

	if (fuzz_one_in(4))
		close_faults(f);
	if (fuzz_one_in(2))
		fuzz_mutate(&arg, sizeof(arg), 2);
	fd = __guest_fault_fd_ioctl(&f->vmm.container,
				    place(f, &arg, sizeof(arg)));
	if (fd >= 0 && f->faults >= 0)
		return "there are two readers of a guest's faults";
	if (fd >= 0) {
		f->faults = fd;
		VFIO_ASSERT(!fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	}
	return check_ste(f, -1);
}

static const char *read_faults(struct fuzz *f)
{
	size_t count = fuzz_below(3 * GUEST_PAGE_SIZE);
	ssize_t done = read(f->faults, f->arg, count);

	if (done > 0 && (done > count || done % sizeof(struct iommu_guest_fault)))
		return "a fault is read that is none";
	return NULL;
}

/* The SMMU has no stalls, so nothing waits for an answer. */
static const char *answer_faults(struct fuzz *f)
{
	struct iommu_guest_fault_response resp[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(resp); i++) {
		resp[i] = guest_fault_response(f->vmm.device.vsid, fuzz_random());
		resp[i].action = 1 + fuzz_below(3);
	}
	if (fuzz_one_in(2))
		fuzz_mutate(resp, sizeof(resp), 4);
	if (write(f->faults, place(f, resp, sizeof(resp)),
		  fuzz_one_in(4) ? fuzz_below(2 * GUEST_PAGE_SIZE) :
				   sizeof(resp)) >= 0)
		return "an answer is taken that nothing waits for";
	return check_ste(f, -1);
}

static void spoil_cd(struct fuzz *f, __le64 *cd)
{
	u64 word0 = __le64_to_cpu(cd[0]);

	switch (fuzz_below(5)) {
	case 0:
		put_word(&cd[1], random_target(f) & CD_1_TTB0);
		break;
	case 1:
		word0 &= ~(CD_0_T0SZ | CD_0_TG0);
		put_word(&cd[0], word0 | (fuzz_random() & (CD_0_T0SZ | CD_0_TG0)));
		break;
	case 2:
		word0 &= ~(CD_0_IPS | CD_0_EPD1 | CD_0_EPD0);
		put_word(&cd[0], word0 | (fuzz_random() &
			 (CD_0_IPS | CD_0_EPD1 | CD_0_EPD0 | GENMASK_ULL(23, 16))));
		put_word(&cd[2], random_target(f) & CD_1_TTB0);
		break;
	case 3:
		put_word(&cd[0], word0 ^ BIT_ULL(fuzz_below(64)));
		break;
	default:
		put_words(cd, CD_SIZE);
	}
}

/* A descriptor that is in use, or is going to be. */
static const char *write_cd(struct fuzz *f)
{
	__le64 *page = guest_ram_ptr(&f->vmm.ram, f->cds);
	__le64 *cd = page + fuzz_below(CDS) * CD_DWORDS;

	memcpy(cd, f->good + (f->vmm.table.cd - f->vmm.ram.ipa), CD_SIZE);
	if (!fuzz_one_in(4))
		spoil_cd(f, cd);
	dma_barrier();
	return NULL;
}

static bool is_ram(struct guest_ram *ram, u64 ipa)
{
	return ipa >= ram->ipa && ipa - ram->ipa < ram->size;
}

/* An entry of any level, on the way that the SMMU goes. */
static __le64 *random_entry(struct fuzz *f)
{
	struct guest_ram *ram = &f->vmm.ram;
	u64 table = f->vmm.table.ttb, iova = random_iova(f);
	unsigned int level, last = fuzz_below(4);
	__le64 *entry;

	for (level = 0; ; level++) {
		entry = guest_ram_ptr(ram, table);
		entry += iova >> (39 - 9 * level) & 511;
		table = __le64_to_cpu(*entry) & PTE_ADDR;
		if (level == last || !is_ram(ram, table))
			return entry;
	}
}

static const char *write_entry(struct fuzz *f)
{
	u64 page = PTE_VALID | PTE_TABLE_OR_PAGE | PTE_AP_UNPRIVILEGED |
		   PTE_SH_INNER | PTE_AF | PTE_NG;
	__le64 *entry = random_entry(f);

	switch (fuzz_below(5)) {
	case 0:
		put_word(entry, (random_ipa(f) & PTE_ADDR) | page);
		break;
	case 1:
		put_word(entry, (random_ipa(f) & PTE_ADDR) |
			 (page & ~PTE_TABLE_OR_PAGE));
		break;
	case 2:
		put_word(entry, __le64_to_cpu(*entry) ^ BIT_ULL(fuzz_below(64)));
		break;
	case 3:
		put_word(entry, (random_ipa(f) & PTE_ADDR) | page |
			 (fuzz_random() & ~PTE_ADDR));
		break;
	default:
		put_word(entry, fuzz_word());
	}
	dma_barrier();
	return NULL;
}

/* Anywhere, also where it is none of the guest's business what is there. */
static const char *write_words(struct fuzz *f)
{
	__le64 *page = page_ptr(&f->vmm.ram);

	put_words(page + fuzz_below(512 - GUEST_WORDS), GUEST_WORDS * sizeof(*page));
	dma_barrier();
	return NULL;
}

/* Whole words, so that none comes together that isn't harmless. */
static void start_transfer(struct fuzz *f)
{
	struct vfio_pci_device *device = &f->vmm.device;
	u64 addr = (random_iova(f) + fuzz_below(GUEST_PAGE_SIZE)) & ~7ULL;
	size_t size = 8 * (1 + fuzz_below(fuzz_one_in(16) ? 128 : 8));

	dma_wait(device);
	if (fuzz_one_in(3))
		dma_read_start(device, addr, size);
	else
		dma_write_start(device, addr, size);
}

static const char *transfer(struct fuzz *f)
{
	start_transfer(f);
	dma_wait(&f->vmm.device);
	return NULL;
}

/* What comes next may happen before it, with it or after it. */
static const char *transfer_meanwhile(struct fuzz *f)
{
	start_transfer(f);
	return NULL;
}

static const char *check_window(struct fuzz *f)
{
	return f->window_writable || guest_ram_kept(&f->window) ?
	       NULL : "memory that isn't mapped for writing was written";
}

static void unmap_window(struct fuzz *f)
{
	if (f->window_mapped)
		guest_ram_unmap(&f->window);
	if (f->window_writable)
		guest_ram_snapshot(&f->window);
	f->window_mapped = false;
	f->window_writable = false;
}

static const char *remap_window(struct fuzz *f)
{
	const char *problem = check_window(f);
	unsigned int how = fuzz_below(3);
	u32 flags = VFIO_DMA_MAP_FLAG_READ;

	unmap_window(f);
	if (problem || !how)
		return problem;
	f->window_mapped = true;
	f->window_writable = how == 1;
	if (f->window_writable)
		flags |= VFIO_DMA_MAP_FLAG_WRITE;
	VFIO_ASSERT(!__vfio_dma_map(&f->vmm.container, f->window.vaddr,
				    f->window.ipa, f->window.size, flags),
		    "map the window");
	return NULL;
}

/*
 * One for each way that a VMM or its guest has to reach the kernel or the SMMU: a
 * new ioctl or file goes here. Those that need no device that does DMA come first.
 */
static const struct operation {
	const char *name;
	const char *(*run)(struct fuzz *f);
	unsigned int weight;
	bool memory;
} operations[] = {
	{ "bind", bind, 4 },
	{ "unbind", unbind, 1 },
	{ "ask what can be bound", ask, 1 },
	{ "invalidate", invalidate, 2 },
	{ "bind by another container", call_of_other, 1 },
	{ "get the faults", get_faults, 1 },
	{ "read faults", read_faults, 1 },
	{ "answer faults", answer_faults, 1 },
	{ "write a descriptor", write_cd, 2, true },
	{ "write an entry of a table", write_entry, 4, true },
	{ "write words", write_words, 1, true },
	{ "transfer", transfer, 3, true },
	{ "transfer meanwhile", transfer_meanwhile, 2, true },
	{ "remap memory", remap_window, 1, true },
};

static const struct operation *random_operation(bool memory)
{
	unsigned int i, sum = 0, n;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		if (memory || !operations[i].memory)
			sum += operations[i].weight;
	n = fuzz_below(sum);
	for (i = 0; n >= operations[i].weight; i++)
		n -= operations[i].weight;
	return &operations[i];
}

/* Everything that the SMMU was told is in the name of this guest, if in any. */
static const char *check_commands(struct fuzz *f)
{
	static const char * const known[] = { "CFGI_STE", "CFGI_CD", "TLBI_NH_",
					      "TLBI_S2_IPA", "SYNC" };
	unsigned int i, count = 0;
	char *line, *pos;
	bool own;

	if (!oracle_present())
		return NULL;
	own = oracle_commands_of_vmid(ste_vmid(&f->vmm.stage2_ste));
	line = oracle_commands();
	for (i = 0; i < ARRAY_SIZE(known); i++)
		count += oracle_count(line, known[i]);
	own &= count == oracle_count(line, "");
	for (pos = line; own && (pos = strstr(pos, "sid=")); pos++)
		/* Not of asid= */
		own = pos[-1] == 'a' ||
		      strtoul(pos + 4, NULL, 16) == f->vmm.device.sid;
	free(line);
	return own ? NULL : "the SMMU was given a command that isn't this guest's";
}

static const char *check_canaries(struct fuzz *f)
{
	if (!canaries_kept(&f->canaries))
		return "memory that no device has to do with was written";
	if (!guest_ram_kept(&f->other.ram))
		return "another guest's memory was written";
	if (!vmm_ste_is(&f->other, &state_translate))
		return "another guest's STE has changed";
	return check_window(f);
}

/* As a VMM would do for a guest that starts again. */
static void recover(struct fuzz *f)
{
	struct vmm *vmm = &f->vmm;

	if (vmm->device.driver)
		dma_wait(&vmm->device);
	state_stage2.enter(vmm);
	close_faults(f);
	unmap_window(f);
	memcpy(vmm->ram.vaddr, f->good, vmm->ram.size);
	dma_barrier();
	state_translate.enter(vmm);
	check_ste(f, 0);
}

static const char *check_works(struct fuzz *f)
{
	if (!vmm_ste_is(&f->vmm, &state_translate))
		return "a bind at the end isn't complete";
	if (f->vmm.device.driver && !vmm_dma_by_iova(&f->vmm))
		return "the device doesn't work any more";
	return NULL;
}

/* Let the device have words of this round in its buffer. */
static void load_device(struct fuzz *f)
{
	struct dma_page *src = &f->vmm.src;

	put_words(src->vaddr, GUEST_PAGE_SIZE);
	dma_read(&f->vmm.device, src->iova, 1024);
}

static const char *run_round(struct fuzz *f, const char *test,
			     unsigned int round, bool memory)
{
	const struct operation *operation;
	const char *problem = NULL;
	unsigned int i;

	fuzz_round(round);
	fuzz_operation(test, round, "start");
	if (oracle_present())
		oracle_mark();
	if (memory)
		load_device(f);
	for (i = 0; !problem && i < OPERATIONS; i++) {
		operation = random_operation(memory);
		fuzz_operation(test, round, operation->name);
		problem = operation->run(f);
	}
	if (problem)
		return problem;
	recover(f);
	return check_commands(f) ?: check_canaries(f) ?: check_works(f);
}

static const char *run_rounds(struct fuzz *f, const char *test,
			      unsigned int rounds, bool memory)
{
	unsigned int round = fuzz_options.round;
	unsigned int end = round + (fuzz_options.rounds ?: rounds);
	const char *problem = NULL;

	printf("# %s: %u rounds, seed=%llu\n", test, end - round,
	       (unsigned long long)fuzz_options.seed);
	fflush(stdout);
	while (!problem && round != end)
		problem = run_round(f, test, round++, memory);
	if (problem)
		fuzz_print_replay(test, problem);
	fuzz_done();
	return problem;
}

static void setup_memory(struct fuzz *f)
{
	struct vmm *vmm = &f->vmm;

	canaries_init(&f->canaries, &vmm->ram);
	f->cds = guest_ram_alloc(&vmm->ram, GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
	f->good = malloc(vmm->ram.size);
	VFIO_ASSERT(f->good, "memory");
	memcpy(f->good, vmm->ram.vaddr, vmm->ram.size);
	guest_ram_init(&f->window, &vmm->container, WINDOW_IPA, WINDOW_SIZE);
	put_words(f->window.vaddr, WINDOW_SIZE);
	f->window_mapped = true;
	f->window_writable = true;
}

static void setup_arg(struct fuzz *f)
{
	f->arg = mmap(NULL, 3 * GUEST_PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT(f->arg != MAP_FAILED, "three pages");
	VFIO_ASSERT(!mprotect(f->arg + 2 * GUEST_PAGE_SIZE, GUEST_PAGE_SIZE,
			      PROT_NONE), "a page that isn't there");
}

static void setup_other(struct vmm *other)
{
	vmm_init(other, vfio_selftests_bdf(1));
	guest_stage_translate(&other->device, &other->table);
	pattern_fill(other->src.vaddr, GUEST_PAGE_SIZE);
	pattern_fill(other->dst.vaddr, GUEST_PAGE_SIZE);
	guest_ram_snapshot(&other->ram);
}

FIXTURE(guest_stage_fuzz)
{
	struct fuzz f;
};

FIXTURE_SETUP(guest_stage_fuzz)
{
	struct iommu_guest_stage_info info;
	struct fuzz *f = &self->f;

	SKIP_WITHOUT_DEVICES(return, 2);
	f->faults = -1;
	vmm_init(&f->vmm, vfio_selftests_bdf(0));
	setup_other(&f->other);
	guest_stage_info(&f->vmm.device, &info);
	f->ipa_end = 1ULL << info.ipa_bits;
	setup_memory(f);
	setup_arg(f);
	recover(f);
}

FIXTURE_TEARDOWN(guest_stage_fuzz)
{
	close_faults(&self->f);
	vmm_cleanup(&self->f.vmm);
	vmm_cleanup(&self->f.other);
	EXPECT_TRUE(vmm_ste_is_host(&self->f.vmm));
	EXPECT_TRUE(vmm_ste_is_host(&self->f.other));
}

TEST_F_TIMEOUT(guest_stage_fuzz, arguments, TIMEOUT)
{
	EXPECT_EQ(NULL, run_rounds(&self->f, _metadata->name, ROUNDS, false));
}

TEST_F_TIMEOUT(guest_stage_fuzz, guest_memory, TIMEOUT)
{
	struct fuzz *f = &self->f;

	SKIP_WITHOUT_DMA(return, &f->vmm.device);
	TH_LOG("%u of %llu canaries are beside the guest's memory",
	       canaries_beside(&f->canaries, &f->vmm.ram),
	       f->canaries.size / GUEST_PAGE_SIZE);
	EXPECT_EQ(NULL, run_rounds(f, _metadata->name, ROUNDS, true));
	EXPECT_TRUE(vmm_dma_by_iova(&f->other));
}

int main(int argc, char *argv[])
{
	fuzz_options_init(argc, argv);
	return vfio_selftests_run(argc, argv);
}
