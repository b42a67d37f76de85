// SPDX-License-Identifier: GPL-2.0-only
/* How a VMM gets its guest's faults, and what they may say. */
#include <fcntl.h>
#include <linux/kernel.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/fuzz_guest.h>
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

static const char *check_event(struct fuzz_guest *f, const struct iommu_guest_fault *fault)
{
	bool has_ssid = GUEST_FAULT_FIELD(fault, 0, SSV);
	u32 ssid = GUEST_FAULT_FIELD(fault, 0, SSID);

	switch (GUEST_FAULT_FIELD(fault, 0, ID)) {
	case EVT_ID_C_BAD_SUBSTREAMID:
		/* It always has one, so there is no SSV */
		has_ssid = true;
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
	if (GUEST_FAULT_FIELD(fault, 0, SID) == f->vmm.device.sid)
		return "a guest is told the host's StreamID";
	if (has_ssid ? !fuzz_pasid_was_sent(f, ssid) : ssid)
		return "a guest is told of a PASID that its device didn't send";
	return NULL;
}

static const char *check_faults(struct fuzz_guest *f, size_t num)
{
	struct iommu_guest_fault *faults = (void *)f->arg;
	const char *wrong = NULL;
	size_t i;

	for (i = 0; i < num && !wrong; i++) {
		if (!(faults[i].flags & IOMMU_GUEST_FAULT_NO_EVENT))
			wrong = check_event(f, &faults[i]);
	}
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

void fuzz_open_faults(struct fuzz_guest *f)
{
	fuzz_close_faults(f);
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

/* The SMMU has no stalls, so nothing waits for an answer. */
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
