# SPDX-License-Identifier: GPL-2.0-only
"""What a program finds in the machine, in words for lab/run -h."""

from . import machine

GATE = next(word for word in machine.APPEND if "allow_unsafe_guest_stage" in word)
EXAMPLE = "linux/src/tools/testing/selftests/vfio/guest_stage_example.c"
LIBRARY = "linux/src/tools/testing/selftests/vfio/lib"
HEADERS = "build/obj/headers"

TEXT = f"""\
In the machine:
  The system has busybox, and no C library: link programs with -static. The command is
  run by sh, as root, in /root, with nothing to read. What it writes is printed.

  The edu devices are 0000:00:{machine.EDU_SLOT:02x}.0, 0000:00:{machine.EDU_SLOT + 1:02x}.0 and so on. With --nvmes each of them, like
  each controller, is behind a root port of its own, on another bus. All edu, nvme and
  pasid-dma devices are bound to vfio-pci before the command starts, unless there is
  --no-bind. $VFIO_SELFTESTS_BDF has their addresses, in this order.

  An edu can reach any address: its dma_mask has 64 bits, where QEMU's default has 28.

  Where nothing keeps a guest's DMA coherent, a bind is refused, and QEMU's own SMMU has
  no S2FWB. So the kernel is booted with {GATE},
  which lets all binds through. --append {GATE[:-1]}0
  has them refused again.

  A warning stops the kernel, because it is booted with panic_on_warn=1.

A program of your own:
  {EXAMPLE} is one
  that needs no library. Any other is built and run as it is:

    scripts/programs     # makes the headers in {HEADERS}; so does make demo
    aarch64-linux-gnu-gcc -static -I {HEADERS}/usr/include -o build/example \\
        {EXAMPLE}
    lab/run --add build/example:/example --test '/example $VFIO_SELFTESTS_BDF'

  The headers have to be these: the C library's lack the new ioctls.

  A program reaches the oracle by /dev/virtio-ports/{machine.PORT}oracle. It opens
  that for reading and writing, writes a request with a newline, and reads the answer up
  to the newline. Only one process at a time can have it open. With --icount it has to poll
  for the answer without sleeping. In C, {LIBRARY}/oracle.c
  does all this. In a shell:

    exec 3<>/dev/virtio-ports/{machine.PORT}oracle
    echo "ste {machine.EDU_SLOT << 3:x}" >&3; read -r answer <&3; echo "$answer"
"""
