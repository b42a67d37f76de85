# SPDX-License-Identifier: GPL-2.0-only
"""tree and save: what the two programs of these names do."""

import os

from . import base as source
from .compose import compose
from .errors import Refused
from .export import export
from .store import digests
from .worktree import Worktree

FILES = {"linux": 86000, "qemu": 38000}   # about, for a progress


def make_tree(store, tree, fetch, say):
    """Brings the tree to what the store says. @fetch gives (tarball, words)."""
    with tree.locked():
        if tree.exists():
            _check_nothing_to_lose(tree)
        ensure_base(store, tree, fetch, say)
        state, now = tree.state(), digests(store.contents())
        head = tree.head()
        if state.get("files") == now and head == state.get("commit") == state.get("made"):
            say(f"{tree.directory} is up to date: {_count(store)} on {state['words']}")
            return
        commit = compose(tree.git, store, state["base"])
        tree.switch(commit)
        tree.git.run("tag", "--force", "base", state["base"])
        tree.remember(base=state["base"], source=state["source"], words=state["words"],
                      given=state["given"], commit=commit, made=commit, files=now)
        say(f"{tree.directory} has {_count(store)} on {state['words']}")


def _count(store):
    number = len(store.names())
    return "1 patch" if number == 1 else f"{number} patches"


def _check_nothing_to_lose(tree):
    if not tree.notes.exists():
        raise Refused(f"{tree.directory} was not made by {tree.how('tree')}: move it away")
    tree.finish_switch()
    tree.check_branch()
    tree.check_clean()
    head, known = tree.head(), tree.state().get("commit")
    if head != known:
        count = tree.git.out("rev-list", "--count", f"{known}..{head}")
        raise Refused(f"{tree.directory} has commits that are not saved ({count} new): run "
                      f"{tree.how('save')}, or drop them with git -C {tree.directory} reset --hard "
                      f"{known[:12]}")


def ensure_base(store, tree, fetch, say):
    """Imports the source if there is no tree, or if another source is asked for."""
    state = tree.state() if tree.exists() else {}
    given = os.environ.get(store.variable, "")
    if state and state["given"] == given == "":
        return
    if state and given and os.path.exists(given) and state["source"] == source.key(
            os.path.realpath(given)):
        return
    tarball, words = fetch()
    found = source.key(tarball)
    if state.get("source") != found:
        say(f"importing {words}")
        fresh = {"source": found, "words": words, "given": given, "files": {}}
        state["base"] = source.import_base(
            tree.directory, tarball, words, FILES.get(store.name, 1000), lambda place, commit:
            Worktree(place, tree.store).remember(base=commit, commit=commit, **fresh))
        state = {**tree.state(), **state}
        state.pop("made", None)
    tree.remember(**{**state, "source": found, "words": words, "given": given})


def save_tree(store, tree, say, check=False):
    """Writes the tree's commits to the store; with @check only says what it would."""
    with tree.locked():
        if not tree.exists():
            raise Refused(f"there is no {tree.directory}: run {tree.how('tree')} first")
        _check_savable(tree)
        state, head = tree.state(), tree.head()
        if head == state["base"] and store.names():
            raise Refused(f"{tree.directory} has no commit on top of base, and the store has "
                          f"patches: run {tree.how('tree')}; the series is never emptied")
        wanted = export(tree.git, store, state["base"], head)
        stored = store.contents()
        changes = _changes(store, tree, wanted, stored, state["files"])
        if check and changes:
            raise Refused("saving would change " + ", ".join(sorted(changes)))
        for path in sorted(changes):
            _write(store, path, wanted.get(path))
            say(("wrote " if path in wanted else "removed ") + str(store.directory / path))
        if not check:
            tree.remember(**{**state, "commit": head, "files": digests(wanted)})
        _say_rest(store, tree, wanted, len(changes), say)


def _check_savable(tree):
    if not tree.notes.exists():
        raise Refused(f"{tree.directory} was not made by {tree.how('tree')}: move it away")
    if "switching" in tree.state() or "made" not in tree.state():
        raise Refused(f"an interrupted {tree.how('tree')} is half-way: run it again")
    tree.check_branch()
    tree.check_clean()
    forgotten = tree.untracked_sources()
    if forgotten:
        raise Refused(f"{tree.directory}/{forgotten[0]} is in no commit: git add -f it and "
                      "commit it, or remove it")


def _changes(store, tree, wanted, stored, agreed):
    """The paths to write or remove. Refuses where the store changed there as well."""
    now, then = digests(stored), digests(wanted)
    changes = set()
    for path in {*then, *agreed}:
        if then.get(path) == agreed.get(path) or then.get(path) == now.get(path):
            continue
        there = now.get(path)
        if there is None and (store.directory / path).exists():
            there = digests({path: store.new_file(path[len("src/"):])}
                            if path.startswith("src/") else {}).get(path)
        if there == then.get(path):
            continue
        if there != agreed.get(path):
            raise Refused(f"{store.directory / path} was changed, and so was what the tree "
                          "has for it. Keep one: git checkout it in the store and edit the "
                          "tree, or git reset --hard the tree to what "
                          f"{tree.how('tree')} gave, and run that")
        changes.add(path)
    return changes


def _write(store, path, entry):
    if entry is None:
        store.remove(path)
    else:
        store.write(path, *entry)


def _say_rest(store, tree, wanted, count, say):
    newer = digests(store.contents()) != digests(wanted)
    say(f"{count} files written" if count else "nothing to write")
    if newer:
        say("the store has changes that the tree does not have yet: run "
            + tree.how("tree"))
    for path in store.unowned():
        say(f"warning: no patch adds {store.src / path}")
