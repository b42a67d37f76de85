# SPDX-License-Identifier: GPL-2.0-only
"""linux/ or qemu/: BASE, patches/ and src/."""

import hashlib
import os
import stat
from pathlib import Path

from . import form
from .errors import Refused
from .git import raw, text

EXECUTABLE, PLAIN = "100755", "100644"


class Store:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.patch_dir = self.directory / "patches"
        self.src = self.directory / "src"
        self.name = self.directory.name
        self.variable = f"{self.name.upper()}_TARBALL"  # names another source

    def names(self):
        """The file names of the patches, in order, without the cover letter."""
        if not self.patch_dir.is_dir():
            return []
        found = sorted(p.name for p in self.patch_dir.iterdir()
                       if not p.name.startswith("."))
        for name in found:
            if name != form.COVER and not form.NAME.fullmatch(name):
                raise Refused(f"{self.patch_dir / name} is not named NNNN-slug.patch")
        numbers = [form.number(n) for n in found if n != form.COVER]
        for one in {n for n in numbers if numbers.count(n) > 1}:
            raise Refused(f"{self.patch_dir} has two patches numbered {one:04d}")
        return [n for n in found if n != form.COVER]

    def patches(self):
        """[(file name, Patch)] in order. Every file is added by one patch only."""
        loaded = [(n, form.parse(text((self.patch_dir / n).read_bytes()), n))
                  for n in self.names()]
        owner = {}
        for name, patch in loaded:
            for path in patch.new:
                if path in owner:
                    raise Refused(f"{path} is added by {owner[path]} and by {name}: "
                                  "one patch adds a file whole")
                owner[path] = name
        for name, patch in loaded:
            for path in set(patch.edited) & set(owner):
                raise Refused(f"{name} edits {path}, which {owner[path]} adds: "
                              "change the file in src instead")
        return loaded

    def cover(self):
        """(subject, body) of the cover letter, or None."""
        path = self.patch_dir / form.COVER
        if not path.exists():
            return None
        return form.parse_cover(text(path.read_bytes()), form.COVER)

    def new_file(self, path):
        """(mode, content) of a file that a patch adds."""
        place = self.src / path
        if place.is_symlink():
            raise Refused(f"{place} is a symbolic link: a patch adds plain files only")
        if not place.is_file():
            raise Refused(f"{place} is missing, and a patch says that it adds it")
        mode = EXECUTABLE if place.stat().st_mode & stat.S_IXUSR else PLAIN
        return mode, place.read_bytes()

    def contents(self):
        """{path below the store: (mode, content)} of all patches and the files they add."""
        found = {}
        for name, patch in self.patches():
            found["patches/" + name] = (PLAIN, (self.patch_dir / name).read_bytes())
            for path in patch.new:
                found["src/" + path] = self.new_file(path)
        return found

    def unowned(self):
        """Files in src that no patch names."""
        owned = {path for _, patch in self.patches() for path in patch.new}
        present = {str(p.relative_to(self.src)) for p in self.src.rglob("*")
                   if not p.is_dir()} if self.src.is_dir() else set()
        return sorted(present - owned)

    def write(self, path, mode, content):
        """Writes one file whole or not at all."""
        place = self.directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        work = place.with_name(f".{place.name}.{os.getpid()}")
        work.write_bytes(content)
        work.chmod(0o755 if mode == EXECUTABLE else 0o644)
        work.replace(place)

    def remove(self, path):
        """Removes one file, and the directories that it leaves empty."""
        place = self.directory / path
        place.unlink(missing_ok=True)
        for parent in place.parents:
            if parent in (self.src, self.patch_dir) or any(parent.iterdir()):
                break
            parent.rmdir()


def digest(mode, content):
    return hashlib.sha256(raw(mode) + b"\n" + content).hexdigest()


def digests(contents):
    return {path: digest(*entry) for path, entry in contents.items()}
