# SPDX-License-Identifier: GPL-2.0-only
"""Commits to stored patches, and all that a patch may not be."""

import re

from . import form
from .errors import Refused
from .git import raw, text
from .store import EXECUTABLE, PLAIN

FIXUP = re.compile(r"^(fixup|squash|amend)! ")


def export(git, store, base, head):
    """{path below the store: (mode, content)} of the commits after @base up to @head."""
    commits = _commits(git, base, head)
    patches, files, owner = [], {}, {}
    for commit in commits:
        patches.append(_export_commit(git, commit, files, owner))
    return {**_patch_files(store, patches), **files}


def _commits(git, base, head):
    if git.run("merge-base", "--is-ancestor", base, head, check=False)[0]:
        raise Refused("the branch no longer starts at the tag base: rebase it onto base")
    found = [line.split() for line in
             git.lines("rev-list", "--reverse", "--parents", f"{base}..{head}")]
    for commit, *parents in found:
        if len(parents) != 1:
            raise Refused(f"{describe(git, commit)} is a merge: make the series linear with "
                          "git rebase base")
    return [commit for commit, *_ in found]


def describe(git, commit):
    return git.out("log", "-1", "--format=commit %h (\"%s\")", commit)


def _export_commit(git, commit, files, owner):
    where = describe(git, commit)
    subject, body = form.split_message(git.out("log", "-1", "--format=%B", commit))
    if FIXUP.match(subject):
        raise Refused(f"{where} is still to be folded in: "
                      "git rebase -i --autosquash base")
    form.check_message(subject, body, where)
    new, edited = _classify(git, commit, where, owner)
    for path, (mode, blob) in new.items():
        files["src/" + path] = (mode, git.blob(blob))
        owner[path] = where
    if not new and not edited:
        raise Refused(f"{where} changes no file")
    return form.Patch(subject, body, sorted(new), _edits(git, commit, edited, where))


def _classify(git, commit, where, owner):
    """({new path: (mode, blob)}, [edited path]) of one commit."""
    fields = git.fields("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", commit)
    new, edited = {}, []
    for facts, path in zip(fields[::2], fields[1::2]):
        old_mode, mode, _, blob, status = facts.lstrip(":").split(" ")
        if status == "D":
            raise Refused(f"{where} deletes or renames {path}: the series only adds and "
                          "edits files")
        if mode not in (PLAIN, EXECUTABLE):
            raise Refused(f"{where}: {path} is a symbolic link or a submodule; "
                          "only plain files can be stored")
        if status == "A":
            new[path] = (mode, blob)
            continue
        if path in owner:
            raise Refused(f"{where} edits {path}, which {owner[path]} adds: fold it into "
                          "that one (git commit --fixup, git rebase -i --autosquash base)")
        if mode != old_mode:
            raise Refused(f"{where} changes the mode of {path}, a file of the base")
        edited.append(path)
    return new, edited


def _edits(git, commit, paths, where):
    if not paths:
        return ""
    diff = text(git.run("-c", "core.attributesFile=", "diff-tree", "-p", "--no-commit-id",
                        "--no-renames", "--no-ext-diff", "--no-textconv", "--unified=3",
                        "--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/",
                        commit, "--", *paths)[1])
    if "\nBinary files " in diff:
        raise Refused(f"{where} edits a binary file")
    return re.sub(r"^index .*\n", "", diff, flags=re.M)


def _patch_files(store, patches):
    """The patches under the names they have, or get, in the store."""
    subjects = [p.subject for p in patches]
    for subject in subjects:
        if subjects.count(subject) > 1:
            raise Refused(f"two commits have the subject \"{subject}\"")
    stored = {patch.subject: (name, patch) for name, patch in store.patches()}
    numbers = form.choose_numbers(
        subjects, {s: form.number(name) for s, (name, _) in stored.items()})
    files = {}
    for number, patch in zip(numbers, patches):
        name = f"{number:04d}-{form.slug(patch.subject)}.patch"
        files["patches/" + name] = (PLAIN, raw(_render(patch, stored)))
    return files


def _render(patch, stored):
    """The patch's text: the stored one if only the places of its hunks differ."""
    now = form.render(patch)
    if patch.subject in stored:
        before = form.render(stored[patch.subject][1])
        if form.without_places(before) == form.without_places(now):
            return before
    return now
