# SPDX-License-Identifier: GPL-2.0-only
# Each verb calls programs of scripts/, lab/ and lint/; all of them say more with -h.

.PHONY: help demo check test kunit coverage lint bench mutate shell qemu tree save series \
	setup debian13 clean

kernel := $(if $(filter 1,$(DEBUG)),debug,lab)
export LINUX_TARBALL QEMU_TARBALL
# What is given to these verbs is nothing to the makes of the kernel and QEMU.
MAKEOVERRIDES :=

.DEFAULT:
	@echo "make: there is no verb $@; make lists them" >&2; exit 2

help: ## this text
	@echo 'guest-stage: let a guest own its stage of an Arm SMMUv3, on Linux 6.12 and VFIO'
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile
	@echo 'LINUX_TARBALL=FILE uses another source of Linux 6.12 than the package, and'
	@echo 'QEMU_TARBALL=FILE one of QEMU 10.0. With STORE=qemu, tree, save and series mean'
	@echo "QEMU's source, build/qemu and qemu/."

demo: ## from nothing to a device that reads and writes through a guest's own tables
	@scripts/prepare tree busybox lab programs
	@lab/demo/run

check: ## everything that proves the project; one closing line
	@scripts/setup --check
	@scripts/check

test: ## the selftests in the machine: T=name for one, DEBUG=1 for the debug kernel
	@scripts/test --exists $(T)
	@scripts/prepare tree busybox $(kernel) kselftests
	@DEBUG=$(DEBUG) scripts/test $(T)

kunit: ## the driver's unit tests, under the debug kernel
	@scripts/prepare tree busybox debug
	@scripts/kunit

coverage: ## the lines of the series in the kernel that no test reaches, and why
	@scripts/prepare --check tree
	@COVERAGE=1 scripts/check coverage
	@cat out/coverage.txt

lint: ## every patch: builds, warnings, sparse, checkpatch, documents
	@scripts/prepare --check tree
	@scripts/check lint

bench: ## what binding costs, in instructions, beside mainline's figures
	@scripts/prepare tree busybox lab programs
	@lab/bench/run

mutate: ## put known bugs back in and see that the tests catch them: B=name for one
	@scripts/mutate --exists $(B)
	@scripts/prepare --check tree busybox debug kselftests
	@scripts/mutate $(B)

shell: ## a prompt in the booted machine
	@scripts/prepare tree busybox $(kernel) kselftests
	@lab/shell --kernel $(kernel)

qemu: ## the lab's own QEMU, whose SMMUv3 has what Debian's lacks
	@scripts/prepare qemu
	@echo 'make demo, make bench and the tests with PASIDs use it from now on'

tree: ## the kernel as a git tree in build/linux, one commit a patch
	@scripts/setup$(if $(filter qemu,$(STORE)), --qemu)
	@scripts/tree $(STORE)

save: ## write the commits of build/linux back to linux/patches and linux/src
	@scripts/setup
	@scripts/save $(STORE)

series: ## mails in out/series, for git am
	@scripts/setup$(if $(filter qemu,$(STORE)), --qemu)
	@scripts/series $(STORE)

setup: ## install what is missing; the other verbs do it themselves
	@scripts/setup --check

debian13: ## make demo on a fresh Debian 13 that mmdebstrap makes
	@scripts/debian13

clean: ## remove build/ and out/; not the download cache
	@scripts/clean
