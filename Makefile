# SPDX-License-Identifier: GPL-2.0-only
# Every verb is a program in scripts/ or lab/; this file only names them.

.PHONY: help fetch tree save series
help: ## this text
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

tree: ## the kernel as a git tree in build/linux, one commit a patch
	@scripts/tree
save: ## write the commits of build/linux back to linux/patches and linux/src
	@scripts/save
series: ## mail-ready patches in out/series, for git am
	@scripts/series
