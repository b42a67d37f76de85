# SPDX-License-Identifier: GPL-2.0-only
"""Lines as kernel 6.12 prints them."""

import unittest

from vm import splat

SPLATS = """\
[    2.000000] Kernel panic - not syncing: kernel: panic_on_warn set ...
[    2.000000] WARNING: CPU: 0 PID: 1 at drivers/iommu/iommu.c:10 f+0x1/0x2
[    2.000000] WARNING: possible circular locking dependency detected
[    2.000000] WARNING: suspicious RCU usage
[    2.000000] BUG: KASAN: slab-use-after-free in f+0x1/0x2
[    2.000000] BUG: sleeping function called from invalid context at mm/slab.c:1
[    2.000000] UBSAN: shift-out-of-bounds in a.c:1:2
[    2.000000] UBSAN: array-index-out-of-bounds in a.c:1:2
[    2.000000] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP
[    2.000000] Unable to handle kernel NULL pointer dereference at virtual address 0
[    2.000000] kernel BUG at lib/x.c:1!
[    2.000000][   T25] INFO: task sh:25 blocked for more than 122 seconds.
[    2.000000] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[    2.000000] rcu: INFO: rcu_preempt self-detected stall on CPU
[    2.000000] INFO: trying to register non-static key.
[    2.000000] refcount_t: underflow; use-after-free.
[    2.000000] list_del corruption. prev->next should be x
[    2.000000] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
[    2.000000] kmemleak: Cannot allocate a kmemleak_object structure: Kernel memory leak detector is disabled
[    2.000000] BUG: MAX_LOCKDEP_ENTRIES too low!
[    2.000000] turning off the locking correctness validator.
[    2.000000] arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x01000000): Illegal command
[    2.000000] arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout at 0x00000010 [hwprod 1, hwcons 2]
[   12.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:25]
""".splitlines()

HARMLESS = """\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]
[    0.000000] kmemleak: Kernel memory leak detector initialized (mem pool available: 1)
[    2.000000] Disabling lock debugging due to kernel taint
[    2.000000] arm-smmu-v3 9050000.smmuv3: event 0x10 received:
[    2.000000] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc.
BUG: printed by a program on the console
""".splitlines()


class Signs(unittest.TestCase):
    def test_each_is_found(self):
        for line in SPLATS:
            with self.subTest(line):
                self.assertEqual(splat.find([line]), [line])

    def test_harmless(self):
        self.assertEqual(splat.find(HARMLESS), [])

    def test_allowed(self):
        self.assertEqual(splat.find(SPLATS[:2], [r"iommu\.c:10"]), SPLATS[:1])

    def test_full_event_queue(self):
        text = "[   1.0] arm-smmu-v3 9050000.smmuv3: unexpected global error reported (0x{:08x}), x"
        other = text.format(5)
        self.assertEqual(splat.find([text.format(4), other], [splat.FULL_EVENT_QUEUE]), [other])


if __name__ == "__main__":
    unittest.main()
