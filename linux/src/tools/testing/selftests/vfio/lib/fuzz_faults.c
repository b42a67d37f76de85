// SPDX-License-Identifier: GPL-2.0-only
/* Reads and answers a guest's faults, and checks what they say. */
#include <fcntl.h>
#include <linux/kernel.h>
#include <string.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/fuzz_faults.h>
#include <libvfio/fuzz_pasids.h>
#include <libvfio/fuzz_smmu.h>
#include <libvfio/guest_fault.h>

void fuzz_close_faults(struct fuzz_guest *f)
{
	if (f->faults >= 0)
		close(f->faults);
	f->faults = -1;
}

const char *fuzz_get_faults(struct fuzz_guest *f)
{
	struct vfio_iommu_type1_guest_fault_fd arg =
		guest_fault_fd_arg(O_NONBLOCK | O_CLOEXEC);
	int fd;

	if (fuzz_one_in(4))
		fuzz_close_faults(f);
	if (fuzz_one_in(2))
		fuzz_mutate(&arg, sizeof(arg), 2);
	fd = __guest_fault_fd_ioctl(&f->vmm.container,
				    fuzz_place(f, &arg, sizeof(arg)));
	if (fd >= 0 && f->faults >= 0)
		return "there are two readers of a guest's faults";
	if (fd >= 0) {
		f->faults = fd;
		VFIO_ASSERT(!fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	}
	return fuzz_check_ste(f, -1);
}

/* Whether the event says more than what such a fault is about. */
static bool has_other_bits(const struct iommu_guest_fault *fault)
{
	u64 used[] = { EVT_0_ID | EVT_0_SSV | EVT_0_SSID | EVT_0_SID, 0, 0, 0 };
	unsigned int i;

	switch (GUEST_FAULT_FIELD(fault, 0, ID)) {
	case EVT_ID_F_WALK_EABT:
		used[3] = EVT_3_IPA;
		fallthrough;
	case EVT_ID_F_TRANSLATION:
	case EVT_ID_F_ADDR_SIZE:
	case EVT_ID_F_ACCESS:
	case EVT_ID_F_PERMISSION:
		used[1] = EVT_1_PNU | EVT_1_IND | EVT_1_RNW | EVT_1_CLASS;
		used[2] = ~0ULL;
		break;
	case EVT_ID_F_CD_FETCH:
		used[3] = EVT_3_IPA;
		break;
	}
	for (i = 0; i < ARRAY_SIZE(used); i++) {
		if (guest_fault_word(fault, i) & ~used[i])
			return true;
	}
	return false;
}

static bool is_bound_as(struct fuzz_guest *f, u32 vsid)
{
	unsigned int i;

	for (i = 0; i < f->nr_vsids; i++) {
		if (f->vsids[i] == vsid)
			return true;
	}
	return false;
}

static const char *check_event(struct fuzz_guest *f, const struct iommu_guest_fault *fault)
{
	bool has_ssid = GUEST_FAULT_FIELD(fault, 0, SSV);
	u32 ssid = GUEST_FAULT_FIELD(fault, 0, SSID);

	switch (GUEST_FAULT_FIELD(fault, 0, ID)) {
	case EVT_ID_C_BAD_SUBSTREAMID:
		/* It has no SSV. Of a transfer without a PASID it has 0. */
		has_ssid = ssid;
		break;
	case EVT_ID_F_STREAM_DISABLED:
	case EVT_ID_F_CD_FETCH:
	case EVT_ID_C_BAD_CD:
	case EVT_ID_F_WALK_EABT:
	case EVT_ID_F_TRANSLATION:
	case EVT_ID_F_ADDR_SIZE:
	case EVT_ID_F_ACCESS:
	case EVT_ID_F_PERMISSION:
		break;
	default:
		return "a guest is told of what isn't its own";
	}
	if (!is_bound_as(f, GUEST_FAULT_FIELD(fault, 0, SID)))
		return "a guest is told of another's device";
	if (has_other_bits(fault))
		return "a guest is told more than its fault";
	if (has_ssid ? !fuzz_pasid_was_sent(f, ssid) : ssid)
		return "a guest is told of a PASID that its device didn't send";
	return NULL;
}

static const char *check_fault(struct fuzz_guest *f, const struct iommu_guest_fault *fault)
{
	static const struct iommu_guest_event_smmuv3 none;

	if (fault->flags & ~(IOMMU_GUEST_FAULT_NO_EVENT | IOMMU_GUEST_FAULT_LOST_UNKNOWN))
		return "a fault has a flag that it can't have";
	if (!(fault->flags & IOMMU_GUEST_FAULT_NO_EVENT))
		return fault->format == IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 ?
		       check_event(f, fault) : "a fault has no format";
	return fault->format || memcmp(&fault->smmuv3, &none, sizeof(none)) ?
	       "there is an event where there is none" : NULL;
}

static const char *check_faults(struct fuzz_guest *f, size_t num)
{
	struct iommu_guest_fault *faults = (void *)f->arg;
	const char *wrong = NULL;
	size_t i;

	for (i = 0; i < num && !wrong; i++)
		wrong = check_fault(f, &faults[i]);
	return wrong;
}

const char *fuzz_read_faults(struct fuzz_guest *f)
{
	size_t count = fuzz_below(3 * GUEST_PAGE_SIZE);
	ssize_t done = read(f->faults, f->arg, count);

	if (done <= 0)
		return NULL;
	if (done > count || done % sizeof(struct iommu_guest_fault))
		return "a fault is read that is none";
	return check_faults(f, done / sizeof(struct iommu_guest_fault));
}

void fuzz_note_vsid(struct fuzz_guest *f, u32 vsid)
{
	VFIO_ASSERT(f->nr_vsids < ARRAY_SIZE(f->vsids), "too many binds");
	f->vsids[f->nr_vsids++] = vsid;
}

void fuzz_open_faults(struct fuzz_guest *f)
{
	fuzz_close_faults(f);
	f->nr_vsids = 0;
	fuzz_note_vsid(f, f->vmm.device.vsid);
	fuzz_forget_pasids(f);
	f->faults = guest_fault_fd(&f->vmm.container, O_NONBLOCK | O_CLOEXEC);
}

const char *fuzz_check_faults(struct fuzz_guest *f)
{
	const size_t max = 2 * GUEST_PAGE_SIZE / sizeof(struct iommu_guest_fault);
	const char *wrong = NULL;
	int num;

	if (f->faults < 0)
		return NULL;
	if (f->vmm.device.driver)
		fuzz_wait(f);
	while (!wrong && (num = __guest_faults_read(f->faults, (void *)f->arg, max)) > 0)
		wrong = check_faults(f, num);
	return wrong;
}

/* The SMMU has no stalls, so no fault waits for an answer. */
const char *fuzz_answer_faults(struct fuzz_guest *f)
{
	struct iommu_guest_fault_response resp[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(resp); i++) {
		resp[i] = guest_fault_response(f->vmm.device.vsid, fuzz_random());
		resp[i].action = 1 + fuzz_below(3);
	}
	if (fuzz_one_in(2))
		fuzz_mutate(resp, sizeof(resp), 4);
	if (write(f->faults, fuzz_place(f, resp, sizeof(resp)),
		  fuzz_one_in(4) ? fuzz_below(2 * GUEST_PAGE_SIZE) :
				   sizeof(resp)) >= 0)
		return "an answer is taken that nothing waits for";
	return fuzz_check_ste(f, -1);
}
