// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that the SMMU has no room for. It has a flag for that (section 7.4 of the
 * specification, IHI 0070), and each guest is told, as all of them may have lost some.
 *
 * Of QEMU's SMMUs the one that comes with PASIDs has that flag. Others call it a failed
 * write of the queue, a global error.
 */
#include <fcntl.h>
#include <sched.h>

#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>
#include <libvfio/pasid_dma.h>

#define NO_IOVA		0x7000000000ULL
#define FLOOD_VSID	0x111
#define OTHER_VSID	0x222
/* Of events that a transfer causes, at least. */
#define EVENTS		(FLOOD_SIZE / 4)
#define FLOOD_SIZE	4096
#define QUIET_MS	1000

#define SMMU_GERROR	0x60
#define SMMU_EVENTQ_CONS 0x100ac
#define EVENTQ_OVERFLOW	BIT(31)

FIXTURE(guest_stage_pasid_overflow)
{
	struct vmm flooder;
	struct vmm other;
	int flood_fd;
	int other_fd;
};

/* On one CPU, nobody takes events from the queue while the test doesn't sleep. */
FIXTURE_SETUP(guest_stage_pasid_overflow)
{
	self->flood_fd = -1;
	self->other_fd = -1;
	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_KIND(return, PASID_DMA);
	SKIP_WITHOUT_ORACLE(return);
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1)
		SKIP(return, "needs to have the only CPU");
	self->flood_fd = vmm_init_guest(&self->flooder, vfio_selftests_device(PASID_DMA),
					FLOOD_VSID);
	self->other_fd = vmm_init_guest(&self->other, vfio_selftests_bdf(0), OTHER_VSID);
}

FIXTURE_TEARDOWN(guest_stage_pasid_overflow)
{
	if (self->flood_fd >= 0)
		close(self->flood_fd);
	if (self->other_fd >= 0)
		close(self->other_fd);
	vmm_cleanup(&self->other);
	vmm_cleanup(&self->flooder);
}

/* Before everything else, interrupt threads included, or as usual. */
static void set_realtime(bool on)
{
	struct sched_param param = { .sched_priority = on ? 99 : 0 };

	VFIO_ASSERT(!sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param),
		    "real time");
}

/* More than there is room for. */
static void flood(struct vfio_pci_device *device, u32 room)
{
	u32 done;

	set_realtime(true);
	for (done = 0; done <= room; done += EVENTS)
		dma_read_start(device, NO_IOVA, FLOOD_SIZE);
	set_realtime(false);
}

/* Whether a reader is told that the hardware lost something. Reads all that there is. */
static bool is_told_of_overflow(int fd)
{
	struct iommu_guest_fault fault;
	bool told = false;

	while (guest_faults_poll(fd, QUIET_MS) & POLLIN) {
		guest_faults_expect(fd, &fault, 1);
		told |= !!(fault.flags & IOMMU_GUEST_FAULT_LOST_UNKNOWN);
	}
	return told;
}

/* OVFLG of PROD, or OVACKFLG of CONS */
static u32 overflow_flag(u32 offset)
{
	return oracle_register(offset) & EVENTQ_OVERFLOW;
}

/*
 * The other guest, which did nothing, is told as well: its event could have been among
 * those that were lost. What comes later isn't lost, and the next loss is told again.
 */
TEST_F(guest_stage_pasid_overflow, all_are_told)
{
	struct vfio_pci_device *device = &self->flooder.device;
	struct iommu_guest_fault fault;
	u32 room, pos, flag, i, gerror = oracle_register(SMMU_GERROR);

	room = 1U << FIELD_GET(EVENTQ_BASE_LOG2SIZE, oracle_register(SMMU_EVENTQ_BASE));
	for (i = 0; i < 2; i++) {
		pos = oracle_eventq_pos();
		flag = overflow_flag(SMMU_EVENTQ_PROD);
		flood(device, room);
		EXPECT_EQ(room, oracle_eventq_since(pos));
		EXPECT_NE(flag, overflow_flag(SMMU_EVENTQ_PROD));
		/* Each global error toggles a bit. */
		EXPECT_EQ(gerror, oracle_register(SMMU_GERROR));
		EXPECT_TRUE(is_told_of_overflow(self->flood_fd));
		EXPECT_TRUE(is_told_of_overflow(self->other_fd));
		EXPECT_NE(flag, overflow_flag(SMMU_EVENTQ_CONS));

		dma_read(device, NO_IOVA, sizeof(u32));
		guest_faults_expect(self->flood_fd, &fault, 1);
		EXPECT_EQ(0, fault.flags);
		EXPECT_EQ(0, fault.lost);
	}
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
