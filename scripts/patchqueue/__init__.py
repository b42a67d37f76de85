# SPDX-License-Identifier: GPL-2.0-only
"""A patch series kept as whole new files and small edits, and its git tree.

form      one stored patch: text to fields and back
store     linux/ or qemu/: the patches and the files that they add
git       the git program, run the same way on every machine
base      the source as the first commit of a tree
compose   stored patches to commits
worktree  the git tree a person works in, and what it last agreed with the store
export    commits to stored patches, and all that a patch may not be
places    where all of this is
mail      stored patches to files for git am
"""
