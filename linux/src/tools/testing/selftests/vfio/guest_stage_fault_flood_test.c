// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that causes faults as fast as its device can. What is lost of them is
 * counted, exactly, and another guest's single fault arrives all the same.
 *
 * --faults=N: cause at least so many instead of 100,000. Comes first on the command
 * line.
 */
#include <time.h>

#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

#define NO_IOVA		0x7000000000ULL
#define FLOOD_VSID	0x111
#define OTHER_VSID	0x222

/* For what the other guest waits at most, of which its device takes 100 ms. */
#define LONGEST_MS	2000

static unsigned int nr_faults = 100000;

FIXTURE(guest_stage_fault_flood)
{
	struct vmm flooder;
	struct vmm other;
	int flood_fd;
	int other_fd;
	/* What the flooding guest's VMM has read and been told. */
	u64 got;
	u64 lost;
	u64 next;
	u64 entered;
};

FIXTURE_SETUP(guest_stage_fault_flood)
{
	SKIP_WITHOUT_DEVICES(return, 2);
	SKIP_WITHOUT_ORACLE(return);
	self->flood_fd = vmm_init_guest(&self->flooder, vfio_selftests_bdf(0), FLOOD_VSID);
	self->other_fd = vmm_init_guest(&self->other, vfio_selftests_bdf(1), OTHER_VSID);
	SKIP_WITHOUT_DMA(return, &self->flooder.device);
	SKIP_WITHOUT_DMA(return, &self->other.device);
}

FIXTURE_TEARDOWN(guest_stage_fault_flood)
{
	close(self->flood_fd);
	close(self->other_fd);
	vmm_cleanup(&self->other);
	vmm_cleanup(&self->flooder);
}

/* Read what there is. Whether each follows the one before, and is the guest's. */
static bool read_flood(FIXTURE_DATA(guest_stage_fault_flood) * self)
{
	struct iommu_guest_fault faults[128];
	bool right = true;
	int i, num;

	while ((num = __guest_faults_read(self->flood_fd, faults, 128)) > 0) {
		for (i = 0; i < num; i++) {
			struct iommu_guest_fault *fault = &faults[i];
			bool event = !(fault->flags & IOMMU_GUEST_FAULT_NO_EVENT);

			right &= fault->sequence == self->next + fault->lost &&
				 !(fault->flags & IOMMU_GUEST_FAULT_LOST_UNKNOWN) &&
				 (!event || GUEST_FAULT_FIELD(fault, 0, SID) ==
						    FLOOD_VSID);
			self->next = fault->sequence + event;
			self->lost += fault->lost;
			self->got += event;
		}
	}
	return right && num == -EAGAIN;
}

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* As the last of what was started, at an address of its own. How long it took. */
static u64 other_faults(FIXTURE_DATA(guest_stage_fault_flood) * self, u64 addr)
{
	struct iommu_guest_fault fault;
	u64 started = now_ms();

	dma_read_start(&self->other.device, addr, sizeof(u32));
	guest_faults_expect(self->other_fd, &fault, 1);
	VFIO_ASSERT(GUEST_FAULT_FIELD(&fault, 0, SID) == OTHER_VSID &&
		    guest_fault_word(&fault, 2) == addr && !fault.lost,
		    "another fault, or one before it was lost");
	return now_ms() - started;
}

/*
 * Transfers of both devices end at about the same time: first come all events of the
 * one, behind which the other's has to wait in the queue of the SMMU.
 */
TEST_F(guest_stage_fault_flood, two_guests)
{
	u64 longest = 0, took, i;
	size_t size = self->flooder.device.driver->buffer_size;
	u32 pos;

	for (i = 0; self->entered < nr_faults; i++) {
		pos = oracle_eventq_pos();
		dma_read_start(&self->flooder.device, NO_IOVA, size);
		if (i % 8 == 7) {
			took = other_faults(self, NO_IOVA + i * GUEST_PAGE_SIZE);
			longest = took > longest ? took : longest;
		}
		dma_wait(&self->flooder.device);
		self->entered += oracle_eventq_since(pos);
		/* Now and then its VMM is slow. */
		if (i % 5 == 4)
			EXPECT_TRUE(read_flood(self));
	}
	/* What is still in the SMMU's queue */
	usleep(200000);
	EXPECT_TRUE(read_flood(self));
	self->entered -= i / 8;
	TH_LOG("%llu events: %llu read, %llu lost; another guest's after %llu ms at most",
	       (unsigned long long)self->entered, (unsigned long long)self->got,
	       (unsigned long long)self->lost, (unsigned long long)longest);
	EXPECT_EQ(self->entered, self->got + self->lost);
	EXPECT_LT(0, self->lost);
	EXPECT_LT(IOMMU_GUEST_FAULTS_MAX, self->got);
	EXPECT_GT(LONGEST_MS, longest);
	/* And nobody got what is another's. */
	EXPECT_EQ(0, guest_faults_drain(self->other_fd));
}

/* Who doesn't read has the oldest, and how many followed: no memory is needed for it. */
TEST_F(guest_stage_fault_flood, without_reading)
{
	size_t size = self->flooder.device.driver->buffer_size;
	u32 pos = oracle_eventq_pos(), i;

	for (i = 0; i < 4; i++)
		dma_read(&self->flooder.device, NO_IOVA, size);
	usleep(200000);
	EXPECT_TRUE(read_flood(self));
	EXPECT_EQ(oracle_eventq_since(pos), self->got + self->lost);
	EXPECT_EQ(IOMMU_GUEST_FAULTS_MAX, self->got);
	EXPECT_EQ(self->got + self->lost, self->next);
}

int main(int argc, char *argv[])
{
	while (option_take(&argc, &argv, "--faults", &nr_faults))
		;
	return vfio_selftests_run(argc, argv);
}
