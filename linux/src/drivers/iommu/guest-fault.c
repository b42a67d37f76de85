// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a guest's faults from its devices to whoever emulates its IOMMU, and
 * of the answers back
 *
 * A framework that assigns devices makes a queue for each guest, attaches the
 * guest's devices to it, and gives its file to userspace. The driver of the
 * IOMMU reports into it. Each of them holds a reference, and none of them
 * points to anything of another: they can go away in any order.
 */
#include <kunit/visibility.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "guest-response.h"
#include "iommu-priv.h"

/**
 * struct iommu_guest_faults - Faults of a guest that wait to be read
 * @users: The framework's, the file's, and one for each attached device
 * @wait: Readers that wait for a record
 * @devices: Those that are attached
 * @records: Ring of %IOMMU_GUEST_FAULTS_MAX, NULL once the file is closed
 * @first: The oldest record
 * @num: How many there are
 * @sequence: How many faults there have been, without those the hardware lost
 * @lost: How many of them were lost after the latest record
 * @lost_unknown: The hardware lost some after the latest record
 * @ended: There are no devices any more, nor will there be
 */
struct iommu_guest_faults {
	refcount_t users;
	struct wait_queue_head wait;
	struct iommu_guest_devices devices;
	/** @read_lock: Held while the oldest record is copied and removed */
	struct mutex read_lock;
	/**
	 * @lock: Protects what follows. Taken inside of
	 * &dev_iommu.guest_faults_lock.
	 */
	spinlock_t lock;
	struct iommu_guest_fault *records;
	unsigned int first;
	unsigned int num;
	u64 sequence;
	u64 lost;
	bool lost_unknown;
	bool ended;
};

/**
 * iommu_guest_faults_alloc() - Make a queue for the faults of a guest
 *
 * Its memory is accounted to the caller, and it never needs more.
 *
 * Return: The queue, for iommu_guest_faults_put(), or ERR_PTR(-ENOMEM)
 */
struct iommu_guest_faults *iommu_guest_faults_alloc(void)
{
	struct iommu_guest_faults *faults;

	faults = kzalloc(sizeof(*faults), GFP_KERNEL_ACCOUNT);
	if (!faults)
		return ERR_PTR(-ENOMEM);
	faults->records = kvcalloc(IOMMU_GUEST_FAULTS_MAX,
				   sizeof(*faults->records),
				   GFP_KERNEL_ACCOUNT);
	if (!faults->records) {
		kfree(faults);
		return ERR_PTR(-ENOMEM);
	}

	refcount_set(&faults->users, 1);
	iommu_guest_devices_init(&faults->devices);
	mutex_init(&faults->read_lock);
	init_waitqueue_head(&faults->wait);
	spin_lock_init(&faults->lock);
	return faults;
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_alloc);

static struct iommu_guest_faults *
iommu_guest_faults_get(struct iommu_guest_faults *faults)
{
	refcount_inc(&faults->users);
	return faults;
}

/**
 * iommu_guest_faults_put() - Drop a reference
 * @faults: the queue, or NULL
 */
void iommu_guest_faults_put(struct iommu_guest_faults *faults)
{
	if (!faults || !refcount_dec_and_test(&faults->users))
		return;
	kvfree(faults->records);
	kfree(faults);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_put);

/* The place behind the youngest record, with what was lost before it */
static struct iommu_guest_fault *
guest_faults_next(struct iommu_guest_faults *faults)
{
	struct iommu_guest_fault *next;

	lockdep_assert_held(&faults->lock);

	next = &faults->records[(faults->first + faults->num++) %
				IOMMU_GUEST_FAULTS_MAX];
	memset(next, 0, sizeof(*next));
	next->sequence = faults->sequence;
	next->lost = faults->lost;
	if (faults->lost_unknown)
		next->flags = IOMMU_GUEST_FAULT_LOST_UNKNOWN;
	faults->lost = 0;
	faults->lost_unknown = false;
	return next;
}

/* False if there is no room for it */
static bool guest_faults_append(struct iommu_guest_faults *faults,
				const struct iommu_guest_fault *fault)
{
	bool fits = faults->num < IOMMU_GUEST_FAULTS_MAX;
	struct iommu_guest_fault *next;

	if (fits) {
		next = guest_faults_next(faults);
		next->flags |= fault->flags;
		next->format = fault->format;
		next->smmuv3 = fault->smmuv3;
		wake_up_interruptible_poll(&faults->wait,
					   EPOLLIN | EPOLLRDNORM);
	} else {
		/* Whoever reads has been woken up for those that are there */
		faults->lost++;
	}
	faults->sequence++;
	return fits;
}

/*
 * False if nobody is going to read it. What doesn't fit is counted instead, and
 * if somebody should have answered it, isn't going to be read.
 */
VISIBLE_IF_KUNIT
bool iommu_guest_faults_push(struct iommu_guest_faults *faults,
			     const struct iommu_guest_fault *fault)
{
	bool reported;

	spin_lock(&faults->lock);
	reported = faults->records;
	if (reported && !guest_faults_append(faults, fault))
		reported = !(fault->flags & IOMMU_GUEST_FAULT_STALLED);
	spin_unlock(&faults->lock);
	return reported;
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_push);

VISIBLE_IF_KUNIT
void iommu_guest_faults_lose(struct iommu_guest_faults *faults)
{
	spin_lock(&faults->lock);
	if (faults->records) {
		faults->lost_unknown = true;
		wake_up_interruptible_poll(&faults->wait,
					   EPOLLIN | EPOLLRDNORM);
	}
	spin_unlock(&faults->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_lose);

static bool guest_faults_any(struct iommu_guest_faults *faults)
{
	lockdep_assert_held(&faults->lock);

	return faults->num || faults->lost || faults->lost_unknown;
}

/*
 * Copy the oldest record: it stays the oldest. A loss that nothing follows, so
 * far, is a record of its own. It has room: the queue is empty then.
 */
VISIBLE_IF_KUNIT
bool iommu_guest_faults_peek(struct iommu_guest_faults *faults,
			     struct iommu_guest_fault *fault)
{
	bool any;

	spin_lock(&faults->lock);
	any = guest_faults_any(faults);
	if (any && !faults->num)
		guest_faults_next(faults)->flags |= IOMMU_GUEST_FAULT_NO_EVENT;
	if (any)
		*fault = faults->records[faults->first];
	spin_unlock(&faults->lock);
	return any;
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_peek);

/* Remove what iommu_guest_faults_peek() has copied */
VISIBLE_IF_KUNIT
void iommu_guest_faults_pop(struct iommu_guest_faults *faults)
{
	spin_lock(&faults->lock);
	faults->first = (faults->first + 1) % IOMMU_GUEST_FAULTS_MAX;
	faults->num--;
	spin_unlock(&faults->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_pop);

/*
 * Nobody reads them any more, nor answers any. Whoever finds the queue closed and
 * attaches the devices to another waits until all of theirs are aborted.
 */
VISIBLE_IF_KUNIT
void iommu_guest_faults_close(struct iommu_guest_faults *faults)
{
	struct iommu_guest_fault *records;

	guard(mutex)(&faults->devices.lock);
	spin_lock(&faults->lock);
	records = faults->records;
	faults->records = NULL;
	faults->num = 0;
	faults->lost = 0;
	faults->lost_unknown = false;
	spin_unlock(&faults->lock);
	kvfree(records);
	iommu_guest_devices_abort(&faults->devices);
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_close);

#if IS_ENABLED(CONFIG_KUNIT)
/* For tests, which have no file to write to */
int iommu_guest_faults_respond(struct iommu_guest_faults *faults,
			       const struct iommu_guest_fault_response *resp)
{
	return iommu_guest_devices_respond(&faults->devices, resp);
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_respond);
#endif

/**
 * iommu_guest_faults_is_open() - Whether anybody can read a guest's faults
 * @faults: the queue
 *
 * Return: True from iommu_guest_faults_alloc() until the file is closed. After
 * that @faults is of no use.
 */
bool iommu_guest_faults_is_open(struct iommu_guest_faults *faults)
{
	bool open;

	spin_lock(&faults->lock);
	open = faults->records;
	spin_unlock(&faults->lock);
	return open;
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_is_open);

/**
 * iommu_guest_faults_end() - Tell readers that nothing follows
 * @faults: the queue, or NULL, without devices that are attached
 */
void iommu_guest_faults_end(struct iommu_guest_faults *faults)
{
	if (!faults)
		return;
	spin_lock(&faults->lock);
	faults->ended = true;
	wake_up_interruptible_poll(&faults->wait, EPOLLHUP);
	spin_unlock(&faults->lock);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_end);

/**
 * iommu_guest_faults_attach() - Have a device's faults go to a queue
 * @faults: the queue
 * @dev: a device with an IOMMU, which is or is going to be bound by
 *	 iommu_bind_guest_stage(). It leaves the queue that it is attached to.
 *
 * Faults are reported while the device is both attached and bound. Answers are
 * taken from the queue that it is attached to. iommu_unbind_guest_stage() detaches
 * it. The caller sees to it that a device is not attached or detached twice at a
 * time.
 */
void iommu_guest_faults_attach(struct iommu_guest_faults *faults,
			       struct device *dev)
{
	struct iommu_guest_faults *old = dev->iommu->guest_faults;

	if (old)
		iommu_guest_devices_remove(&old->devices, dev);

	spin_lock(&dev->iommu->guest_faults_lock);
	dev->iommu->guest_faults = faults ? iommu_guest_faults_get(faults) :
					    NULL;
	spin_unlock(&dev->iommu->guest_faults_lock);

	if (faults)
		iommu_guest_devices_add(&faults->devices, dev);
	iommu_guest_faults_put(old);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_attach);

/**
 * iommu_guest_faults_detach() - Have a device's faults go nowhere
 * @dev: a device with an IOMMU, attached or not
 *
 * On return no fault is being reported any more, nor answered.
 */
void iommu_guest_faults_detach(struct device *dev)
{
	iommu_guest_faults_attach(NULL, dev);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_detach);

/**
 * iommu_guest_faults_stop() - Have no transaction of a device wait for its guest
 * @dev: a device with an IOMMU, attached or not
 *
 * It is as iommu_guest_faults_detach(), but also aborts what waits for an answer
 * already, as is done with whatever stalls from now on. Before a device is reset
 * for good: a reset waits for its transactions, and late completions would reach
 * a device that knows nothing of them.
 *
 * Context: Process context, may sleep. The device stays bound.
 */
void iommu_guest_faults_stop(struct device *dev)
{
	const struct iommu_ops *ops = dev_iommu_ops(dev);

	iommu_guest_faults_detach(dev);
	if (ops->abort_guest_faults)
		ops->abort_guest_faults(dev);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_stop);

/**
 * iommu_report_guest_fault() - Hand a fault to the guest that it belongs to
 * @dev: the device that the fault is of
 * @fault: with &iommu_guest_fault.format and the member that this says, and
 *	   nothing in them that isn't the guest's to know. With
 *	   %IOMMU_GUEST_FAULT_STALLED in &iommu_guest_fault.flags, or 0 there.
 *
 * Called by drivers, which keep @dev from being released for that time.
 *
 * Context: Any but from interrupts. Doesn't sleep.
 *
 * Return: False if nobody reads the faults of this device. False if it is one
 * that waits for an answer and isn't going to be read, though it may have been
 * counted as lost.
 */
bool iommu_report_guest_fault(struct device *dev,
			      const struct iommu_guest_fault *fault)
{
	bool reported;

	spin_lock(&dev->iommu->guest_faults_lock);
	reported = dev->iommu->guest_faults &&
		   iommu_guest_faults_push(dev->iommu->guest_faults, fault);
	spin_unlock(&dev->iommu->guest_faults_lock);
	return reported;
}
EXPORT_SYMBOL_GPL(iommu_report_guest_fault);

/**
 * iommu_guest_faults_are_read() - Whether anybody reads the faults of a device
 * @dev: a device with an IOMMU, attached or not
 *
 * Called by drivers. It may change at any time, from true to false also without
 * any call to the driver but &iommu_ops.abort_guest_faults.
 *
 * Return: True if a fault reported now would be read
 */
bool iommu_guest_faults_are_read(struct device *dev)
{
	bool are_read;

	spin_lock(&dev->iommu->guest_faults_lock);
	are_read = dev->iommu->guest_faults &&
		   iommu_guest_faults_is_open(dev->iommu->guest_faults);
	spin_unlock(&dev->iommu->guest_faults_lock);
	return are_read;
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_are_read);

/**
 * iommu_report_guest_faults_lost() - The hardware may have lost faults
 * @dev: a device behind it
 *
 * Called by drivers, as iommu_report_guest_fault().
 */
void iommu_report_guest_faults_lost(struct device *dev)
{
	spin_lock(&dev->iommu->guest_faults_lock);
	if (dev->iommu->guest_faults)
		iommu_guest_faults_lose(dev->iommu->guest_faults);
	spin_unlock(&dev->iommu->guest_faults_lock);
}
EXPORT_SYMBOL_GPL(iommu_report_guest_faults_lost);

/* 1, or 0 if there is none, or -errno. A record that can't be copied stays. */
static int guest_faults_copy_one(struct iommu_guest_faults *faults,
				 char __user *to)
{
	struct iommu_guest_fault fault;

	guard(mutex)(&faults->read_lock);
	if (!iommu_guest_faults_peek(faults, &fault))
		return 0;
	if (copy_to_user(to, &fault, sizeof(fault)))
		return -EFAULT;
	iommu_guest_faults_pop(faults);
	return 1;
}

static ssize_t guest_faults_copy(struct iommu_guest_faults *faults,
				 char __user *buf, size_t count)
{
	size_t size = sizeof(struct iommu_guest_fault), done = 0;
	int ret;

	while (count - done >= size) {
		ret = guest_faults_copy_one(faults, buf + done);
		if (ret <= 0)
			return done ?: ret;
		done += size;
	}
	return done;
}

static __poll_t guest_faults_events(struct iommu_guest_faults *faults)
{
	__poll_t events = 0;

	spin_lock(&faults->lock);
	if (guest_faults_any(faults))
		events |= EPOLLIN | EPOLLRDNORM;
	if (faults->ended)
		events |= EPOLLHUP;
	spin_unlock(&faults->lock);
	return events;
}

static ssize_t guest_faults_read(struct file *file, char __user *buf,
				 size_t count, loff_t *ppos)
{
	struct iommu_guest_faults *faults = file->private_data;
	__poll_t events;
	ssize_t done;
	int ret;

	if (count < sizeof(struct iommu_guest_fault))
		return -EINVAL;
	/* No read goes on for as long as faults come */
	count = min(count, IOMMU_GUEST_FAULTS_MAX *
			   sizeof(struct iommu_guest_fault));

	for (;;) {
		/* Before the attempt: what came last must not be missed */
		events = guest_faults_events(faults);
		done = guest_faults_copy(faults, buf, count);
		if (done || (events & EPOLLHUP))
			return done;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(faults->wait,
					       guest_faults_events(faults));
		if (ret)
			return ret;
	}
}

static ssize_t guest_faults_write(struct file *file, const char __user *buf,
				  size_t count, loff_t *ppos)
{
	struct iommu_guest_faults *faults = file->private_data;

	return iommu_guest_devices_write(&faults->devices, buf, count);
}

static __poll_t guest_faults_poll(struct file *file,
				  struct poll_table_struct *wait)
{
	struct iommu_guest_faults *faults = file->private_data;

	poll_wait(file, &faults->wait, wait);
	/* An answer is never waited for by who writes it */
	return guest_faults_events(faults) | EPOLLOUT | EPOLLWRNORM;
}

static int guest_faults_release(struct inode *inode, struct file *file)
{
	struct iommu_guest_faults *faults = file->private_data;

	iommu_guest_faults_close(faults);
	iommu_guest_faults_put(faults);
	return 0;
}

static const struct file_operations guest_faults_fops = {
	.owner		= THIS_MODULE,
	.read		= guest_faults_read,
	.write		= guest_faults_write,
	.poll		= guest_faults_poll,
	.release	= guest_faults_release,
};

/**
 * iommu_guest_faults_file() - Make the file that a guest's faults are read from
 * @faults: the queue, which gets one file in its life
 * @flags: O_NONBLOCK or 0
 *
 * read() returns whole &struct iommu_guest_fault, as many as there are and fit:
 *
 * * %-EINVAL - Not even one fits
 * * %-EFAULT - The first can't be written. It can be read again.
 * * %-EAGAIN - There is none, and O_NONBLOCK is set
 * * %-EINTR - A signal arrived before any did
 *
 * It returns 0 once there is none and iommu_guest_faults_end() was called. poll()
 * and epoll tell EPOLLIN, and EPOLLHUP after iommu_guest_faults_end().
 *
 * write() takes whole &struct iommu_guest_fault_response. Its errors are described
 * there.
 *
 * Return: The file, or the ERR_PTR() of anon_inode_getfile()
 */
struct file *iommu_guest_faults_file(struct iommu_guest_faults *faults,
				     int flags)
{
	struct file *file;

	file = anon_inode_getfile("[iommu_guest_faults]", &guest_faults_fops,
				  faults, O_RDWR | flags);
	if (!IS_ERR(file))
		iommu_guest_faults_get(faults);
	return file;
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_file);
