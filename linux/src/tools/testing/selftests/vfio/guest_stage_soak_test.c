// SPDX-License-Identifier: GPL-2.0-only
/*
 * One VMM lives after the other, and does what comes to its mind. Some are killed on the way.
 * Whatever a VMM did, it leaves nothing behind.
 *
 * --cycles=N: so many lives. --seed=N: what they do. Both come first on the command line.
 */
#include <linux/sizes.h>
#include <sys/mman.h>

#include <libvfio/guest_commands.h>
#include <libvfio/harness.h>

#define NR_CYCLES	8
#define ACTIONS_MAX	12
#define KILL_WITHIN_US	30000
#define BALLAST_STEP	SZ_4M
/* So much is left for a VMM to live, and for the rest of the machine. */
#define MEMORY_LEFT_KB	(96 * 1024)

static unsigned int nr_cycles = NR_CYCLES;
static unsigned int seed = 1;

/* This is one life. @vmm is shared, and all else is decided before the life begins. */
struct life {
	struct vmm *vmm;
	const char *bdf;
	unsigned int seed;
	bool until_killed;
};

static void enter_any(struct vmm *vmm)
{
	guest_states[random() % nr_guest_states]->enter(vmm);
}

static void rebind(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
}

/* The transfer may lead anywhere. */
static void transfer(struct vmm *vmm)
{
	struct vfio_pci_device *device = &vmm->device;
	u64 addr = random() % 2 ? vmm->dst.iova : vmm->dst.ipa;

	if (!device->driver || dma_busy(device))
		return;
	if (device->driver->stream_size && random() % 2)
		dma_stream_start(device, addr, GUEST_PAGE_SIZE, DMA_STREAM_WRITE);
	else
		dma_write_start(device, addr, DMA_SIZE);
}

/* Memory that is unmapped may stay so. */
static void unmap_and_map(struct vmm *vmm)
{
	if (__vfio_dma_unmap(&vmm->container, vmm->ram.ipa, vmm->ram.size) ||
	    random() % 4)
		guest_ram_map(&vmm->ram);
}

static void reset(struct vmm *vmm)
{
	if (vfio_pci_device_can_reset(&vmm->device))
		__vfio_pci_device_reset(&vmm->device);
}

static void hot_reset(struct vmm *vmm)
{
	__vfio_pci_device_hot_reset(&vmm->device);
}

static void interrupts(struct vmm *vmm)
{
	struct vfio_pci_irqs irqs;

	if (!vmm->device.driver || dma_busy(&vmm->device))
		return;
	vfio_pci_irqs_enable(&irqs, &vmm->device, &vmm->dst);
	vfio_pci_irq_send(&irqs, 0, vmm->dst.ipa);
	if (random() % 2)
		vfio_pci_irqs_disable(&irqs);
}

static void invalidate(struct vmm *vmm)
{
	struct iommu_guest_command_smmuv3 cmd = guest_cmd_tlbi_asid(GUEST_ASID);
	struct vfio_iommu_type1_invalidate_guest_stage arg;

	__guest_commands(&vmm->container, &cmd, 1, &arg);
}

static void reopen(struct vmm *vmm)
{
	vfio_pci_device_put(&vmm->device);
	vfio_pci_device_get(&vmm->device);
}

static void (*const actions[])(struct vmm *vmm) = {
	enter_any, enter_any, rebind, transfer, transfer, unmap_and_map, reset,
	hot_reset, interrupts, invalidate, reopen,
};

static void live(struct vmm *vmm, unsigned int nr_actions)
{
	unsigned int i;

	for (i = 0; i < nr_actions; i++)
		actions[random() % ARRAY_SIZE(actions)](vmm);
}

/* Close the files in any order, or leave them to the kernel. */
static void die(struct vmm *vmm)
{
	unsigned int i, which = random();

	for (i = 0; i < 3; i++, which++) {
		if (which % 4 == 0)
			vfio_pci_device_put(&vmm->device);
		else if (which % 4 == 1)
			vfio_container_close(&vmm->container);
		else if (which % 4 == 2 && vmm->device.group_fd >= 0)
			close(vmm->device.group_fd);
	}
}

static void live_and_die(struct child *child, void *arg)
{
	struct life *life = arg;

	srandom(life->seed);
	vmm_init(life->vmm, life->bdf);
	if (life->vmm->device.driver)
		dma_wait(&life->vmm->device);
	child_ready(child);
	live(life->vmm, life->until_killed ? -1U : random() % ACTIONS_MAX);
	die(life->vmm);
}

static const char *any_device(void)
{
	unsigned int n = 0;

	while (vfio_selftests_bdf(n))
		n++;
	return vfio_selftests_bdf(random() % n);
}

FIXTURE(guest_stage_soak)
{
	struct life life;
	s64 pinned;
	u16 vmid;
};

/* The next container gets the same VMID again, if none was lost. */
static u16 next_vmid(struct vmm *vmm)
{
	vmm_init(vmm, vfio_selftests_bdf(0));
	vmm_cleanup(vmm);
	return ste_vmid(&vmm->stage2_ste);
}

FIXTURE_SETUP(guest_stage_soak)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	self->life.vmm = child_shared(sizeof(*self->life.vmm));
	self->vmid = next_vmid(self->life.vmm);
	self->pinned = host_pinned_pages();
	srandom(seed);
	TH_LOG("--cycles=%u --seed=%u", nr_cycles, seed);
}

FIXTURE_TEARDOWN(guest_stage_soak)
{
	struct vmm *vmm = self->life.vmm;
	unsigned int i;

	EXPECT_EQ(self->vmid, next_vmid(vmm));
	for (i = 0; vfio_selftests_bdf(i); i++) {
		vmm_init(vmm, vfio_selftests_bdf(i));
		EXPECT_TRUE(vmm_works(vmm));
		vmm_cleanup(vmm);
	}
}

/* Live one life. Whether it left nothing. */
static bool cycle(struct life *life)
{
	struct child child;
	bool well;

	life->bdf = any_device();
	life->seed = random();
	life->until_killed = random() % 3 == 0;
	child_start(&child, live_and_die, life);
	child_wait_ready(&child);
	if (life->until_killed) {
		usleep(random() % KILL_WITHIN_US);
		child_kill(&child);
		well = true;
	} else {
		well = child_wait(&child);
	}
	return well && vmm_ste_is_host(life->vmm);
}

static void cycles(struct __test_metadata *_metadata,
		   struct _test_data_guest_stage_soak *self, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		ASSERT_TRUE(cycle(&self->life))
			TH_LOG("life %u: %s, seed %u%s", i, self->life.bdf,
			       self->life.seed,
			       self->life.until_killed ? ", killed" : "");
		ASSERT_EQ(self->pinned, host_pinned_pages());
	}
}

TEST_F_TIMEOUT(guest_stage_soak, lives, 1000000)
{
	cycles(_metadata, self, nr_cycles);
}

static void hold_memory(struct child *child, void *arg)
{
	while (host_available_kb() > MEMORY_LEFT_KB) {
		void *ballast = mmap(NULL, BALLAST_STEP, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		VFIO_ASSERT(ballast != MAP_FAILED, "memory to hold");
		madvise(ballast, BALLAST_STEP, MADV_HUGEPAGE);
		memset(ballast, 1, BALLAST_STEP);
	}
	child_ready(child);
	pause();
}

/* The machine is short of memory meanwhile, and moves what isn't pinned. */
TEST_F_TIMEOUT(guest_stage_soak, under_pressure, 1000000)
{
	struct child child;

	child_start(&child, hold_memory, NULL);
	child_wait_ready(&child);
	host_compact_memory();
	cycles(_metadata, self, nr_cycles / 4 + 1);
	child_kill(&child);
}

int main(int argc, char *argv[])
{
	while (option_take(&argc, &argv, "--cycles", &nr_cycles) ||
	       option_take(&argc, &argv, "--seed", &seed))
		;
	return vfio_selftests_run(argc, argv);
}
