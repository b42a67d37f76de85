// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of devices that are bound to a guest, and the guest's answers
 *
 * A framework that assigns devices makes a queue for each guest, attaches the
 * guest's devices to it, and gives its file to userspace. The driver of the IOMMU
 * reports faults into the queue, and is given the answers that userspace writes.
 * The framework, the file and each attached device hold a reference to the queue,
 * and the queue does not point to the framework. They can go away in any order.
 */
#include <kunit/visibility.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "iommu-priv.h"

/**
 * struct iommu_guest_faults - Faults of a guest that wait to be read
 * @users: the framework's reference, the file's, and one for each device
 * @wait: readers that wait for a record
 * @devices: attached devices, by &dev_iommu.guest_faults_node
 * @records: ring of %IOMMU_GUEST_FAULTS_MAX records, NULL after the file is closed
 * @first: index of the oldest record
 * @num: how many records there are
 * @sequence: how many faults there have been, without those that the hardware lost
 * @lost: how many of these were lost after the latest record
 * @lost_unknown: the hardware lost faults after the latest record
 * @ended: no device is attached, or will be
 */
struct iommu_guest_faults {
	refcount_t users;
	struct wait_queue_head wait;
	/**
	 * @devices_lock: Protects @devices. A device in the list stays there
	 * while this is held, and so exists. Taken inside of the mutex of a
	 * group, and outside of all locks that a driver takes to answer a fault.
	 */
	struct mutex devices_lock;
	struct list_head devices;
	/** @read_lock: Held while a reader copies and removes the oldest record */
	struct mutex read_lock;
	/**
	 * @lock: Protects all fields below. Taken inside of
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
 * The memory of the queue is accounted to the caller. The queue never needs more.
 *
 * Return: The queue, which the caller gives up with iommu_guest_faults_put(), or
 * ERR_PTR(-ENOMEM)
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
	mutex_init(&faults->devices_lock);
	INIT_LIST_HEAD(&faults->devices);
	mutex_init(&faults->read_lock);
	init_waitqueue_head(&faults->wait);
	spin_lock_init(&faults->lock);
	return faults;
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_alloc);

static struct iommu_guest_faults *
guest_faults_get(struct iommu_guest_faults *faults)
{
	refcount_inc(&faults->users);
	return faults;
}

static void guest_faults_put(struct iommu_guest_faults *faults)
{
	if (!refcount_dec_and_test(&faults->users))
		return;
	kvfree(faults->records);
	kfree(faults);
}

/**
 * iommu_guest_faults_put() - Give a queue up that iommu_guest_faults_alloc() made
 * @faults: the queue, or NULL
 *
 * The caller attaches no device any more. A reader that has read all records gets
 * end of file. The queue exists until its file is closed and its last device is
 * detached.
 */
void iommu_guest_faults_put(struct iommu_guest_faults *faults)
{
	if (!faults)
		return;
	spin_lock(&faults->lock);
	faults->ended = true;
	wake_up_interruptible_poll(&faults->wait, EPOLLHUP);
	spin_unlock(&faults->lock);
	guest_faults_put(faults);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_put);

/* Adds a record, and notes in it what was lost before */
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

/* Returns false if there is no room */
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
		/* Readers were woken up for the records that are there */
		faults->lost++;
	}
	faults->sequence++;
	return fits;
}

/*
 * Returns false if nobody is going to read the fault. A fault that does not fit is
 * counted as lost. It then counts as read, unless it waits for an answer.
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
 * Copies the oldest record and leaves it where it is. A loss that no fault has
 * followed so far becomes a record of its own. There is room for it, because the
 * queue is empty then.
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

/* Removes the record that iommu_guest_faults_peek() has copied */
VISIBLE_IF_KUNIT
void iommu_guest_faults_pop(struct iommu_guest_faults *faults)
{
	spin_lock(&faults->lock);
	faults->first = (faults->first + 1) % IOMMU_GUEST_FAULTS_MAX;
	faults->num--;
	spin_unlock(&faults->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_pop);

static void guest_faults_abort_waiting(struct device *dev)
{
	const struct iommu_ops *ops = dev_iommu_ops(dev);

	if (ops->abort_guest_faults)
		ops->abort_guest_faults(dev);
}

/*
 * Nobody reads or answers faults of this queue any more. devices_lock is held all
 * the time: whoever then attaches a device to another queue waits until the
 * transactions of that device are aborted.
 */
VISIBLE_IF_KUNIT
void iommu_guest_faults_close(struct iommu_guest_faults *faults)
{
	struct iommu_guest_fault *records;
	struct dev_iommu *param;

	guard(mutex)(&faults->devices_lock);
	spin_lock(&faults->lock);
	records = faults->records;
	faults->records = NULL;
	faults->num = 0;
	faults->lost = 0;
	faults->lost_unknown = false;
	spin_unlock(&faults->lock);
	kvfree(records);
	list_for_each_entry(param, &faults->devices, guest_faults_node)
		guest_faults_abort_waiting(param->guest_faults_dev);
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_close);

/**
 * iommu_guest_faults_is_open() - Whether anybody can read a guest's faults
 * @faults: the queue
 *
 * Return: True from iommu_guest_faults_alloc() until the file is closed. A closed
 * queue can't be opened again.
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
 * iommu_guest_faults_detach() - Have a device's faults go nowhere
 * @dev: a device with an IOMMU, attached or not
 *
 * When this returns, no fault of @dev is being reported or answered, and no
 * transaction of @dev waits for an answer. If @dev stays bound, transactions that
 * stall later are aborted. A framework calls this before it resets a device for
 * good: a reset waits for transactions, and completions that come late would reach
 * a device that knows nothing of them.
 *
 * Context: Process context, may sleep. See iommu_guest_faults_attach().
 */
void iommu_guest_faults_detach(struct device *dev)
{
	struct dev_iommu *param = dev->iommu;
	struct iommu_guest_faults *faults = param->guest_faults;

	if (!faults)
		return;

	mutex_lock(&faults->devices_lock);
	list_del(&param->guest_faults_node);
	mutex_unlock(&faults->devices_lock);

	spin_lock(&param->guest_faults_lock);
	param->guest_faults = NULL;
	spin_unlock(&param->guest_faults_lock);

	guest_faults_abort_waiting(dev);
	guest_faults_put(faults);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_detach);

/**
 * iommu_guest_faults_attach() - Have a device's faults go to a queue
 * @faults: the queue
 * @dev: a device with an IOMMU, which is bound or is about to be bound by
 *	 iommu_bind_guest_stage(). If it is attached to another queue, it is
 *	 detached from that.
 *
 * Faults that happen after this call are reported while @dev is both attached and
 * bound. Faults that happened before are not. Answers are taken from the queue that
 * @dev is attached to. iommu_unbind_guest_stage() detaches it.
 *
 * Context: Process context, may sleep. The caller attaches, detaches, binds and
 * unbinds a device from one thread at a time.
 */
void iommu_guest_faults_attach(struct iommu_guest_faults *faults,
			       struct device *dev)
{
	const struct iommu_ops *ops = dev_iommu_ops(dev);
	struct dev_iommu *param = dev->iommu;

	iommu_guest_faults_detach(dev);
	if (ops->discard_guest_faults)
		ops->discard_guest_faults(dev);

	/* First the list: a fault that is reported can be answered at once */
	mutex_lock(&faults->devices_lock);
	param->guest_faults_dev = dev;
	list_add_tail(&param->guest_faults_node, &faults->devices);
	mutex_unlock(&faults->devices_lock);

	spin_lock(&param->guest_faults_lock);
	param->guest_faults = guest_faults_get(faults);
	spin_unlock(&param->guest_faults_lock);
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_attach);

/**
 * iommu_report_guest_fault() - Hand a fault to the guest that it belongs to
 * @dev: the device that the fault is of
 * @fault: the fault. The driver has set &iommu_guest_fault.format and the member
 *	   for that format, with nothing in it that the guest must not know.
 *	   &iommu_guest_fault.flags is %IOMMU_GUEST_FAULT_STALLED or 0.
 *
 * Called by drivers, which keep @dev from being released meanwhile.
 *
 * Context: Process context, does not sleep.
 *
 * Return: False if nobody reads the faults of this device. Also false if @fault
 * waits for an answer and there is no room for it. It is then counted as lost.
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
 * Called by drivers. When the last reader goes away, the driver is told by
 * &iommu_ops.abort_guest_faults only.
 *
 * Return: True if a fault that is reported now would be read
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

/*
 * Returns 1, 0 if there is no record, or -errno. A record that can't be copied stays
 * in the queue. Userspace can serve the memory itself and so delay the copy for
 * ever. So a signal ends the wait for the lock.
 */
static int guest_faults_copy_one(struct iommu_guest_faults *faults,
				 char __user *to)
{
	struct iommu_guest_fault fault;
	int ret = 0;

	if (mutex_lock_interruptible(&faults->read_lock))
		return -ERESTARTSYS;
	if (!iommu_guest_faults_peek(faults, &fault))
		goto out_unlock;

	ret = -EFAULT;
	if (copy_to_user(to, &fault, sizeof(fault)))
		goto out_unlock;
	iommu_guest_faults_pop(faults);
	ret = 1;
out_unlock:
	mutex_unlock(&faults->read_lock);
	return ret;
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
	/* A read ends, even if faults come all the time */
	count = min(count, IOMMU_GUEST_FAULTS_MAX *
			   sizeof(struct iommu_guest_fault));

	for (;;) {
		/* Looked at before the attempt, which then sees the last record */
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

static int guest_response_check(const struct iommu_guest_fault_response *resp)
{
	if (resp->argsz != sizeof(*resp) || resp->flags || resp->__reserved)
		return -EINVAL;

	switch (resp->action) {
	case IOMMU_GUEST_FAULT_RETRY:
	case IOMMU_GUEST_FAULT_IGNORE:
	case IOMMU_GUEST_FAULT_ABORT:
		break;
	default:
		return -EINVAL;
	}

	if (resp->format != IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3 ||
	    memchr_inv(resp->smmuv3.__reserved, 0,
		       sizeof(resp->smmuv3.__reserved)))
		return -EINVAL;
	return 0;
}

/*
 * The driver compares the guest's name for the device, because it may change while
 * no lock of the driver is held.
 */
static int guest_faults_respond_locked(struct iommu_guest_faults *faults,
				       const struct iommu_guest_fault_response *resp)
{
	struct dev_iommu *param;
	int ret;

	lockdep_assert_held(&faults->devices_lock);

	list_for_each_entry(param, &faults->devices, guest_faults_node) {
		struct device *dev = param->guest_faults_dev;

		if (!dev_iommu_ops(dev)->respond_guest_fault)
			continue;
		ret = dev_iommu_ops(dev)->respond_guest_fault(dev, resp);
		if (ret != -ENODEV)
			return ret;
	}
	return -ENOENT;
}

VISIBLE_IF_KUNIT
int iommu_guest_faults_respond(struct iommu_guest_faults *faults,
			       const struct iommu_guest_fault_response *resp)
{
	int ret;

	ret = guest_response_check(resp);
	if (ret)
		return ret;

	if (mutex_lock_killable(&faults->devices_lock))
		return -EINTR;
	ret = guest_faults_respond_locked(faults, resp);
	mutex_unlock(&faults->devices_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(iommu_guest_faults_respond);

static ssize_t guest_faults_write(struct file *file, const char __user *buf,
				  size_t count, loff_t *ppos)
{
	struct iommu_guest_faults *faults = file->private_data;
	struct iommu_guest_fault_response resp;
	size_t done = 0;
	int ret;

	if (!count || count % sizeof(resp))
		return -EINVAL;

	do {
		if (copy_from_user(&resp, buf + done, sizeof(resp)))
			ret = -EFAULT;
		else
			ret = iommu_guest_faults_respond(faults, &resp);
		if (ret)
			return done ?: ret;
		done += sizeof(resp);
		cond_resched();
	} while (done < count && !signal_pending(current));
	return done;
}

static __poll_t guest_faults_poll(struct file *file,
				  struct poll_table_struct *wait)
{
	struct iommu_guest_faults *faults = file->private_data;

	poll_wait(file, &faults->wait, wait);
	/* A write never waits */
	return guest_faults_events(faults) | EPOLLOUT | EPOLLWRNORM;
}

static int guest_faults_release(struct inode *inode, struct file *file)
{
	struct iommu_guest_faults *faults = file->private_data;

	iommu_guest_faults_close(faults);
	guest_faults_put(faults);
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
 * read() returns whole &struct iommu_guest_fault, as many as there are and fit.
 * It fails with
 *
 * * %-EINVAL - Not even one record fits
 * * %-EFAULT - The first record can't be written. It can be read again.
 * * %-EAGAIN - There is no record, and O_NONBLOCK is set
 * * %-EINTR - A signal arrived before any record did
 *
 * After iommu_guest_faults_put(), when there is no record left, read() returns 0.
 * poll() and epoll tell EPOLLIN if there is a record, and EPOLLHUP after
 * iommu_guest_faults_put().
 *
 * write() takes whole &struct iommu_guest_fault_response. The errors are described
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
		guest_faults_get(faults);
	return file;
}
EXPORT_SYMBOL_GPL(iommu_guest_faults_file);
