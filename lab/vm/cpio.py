# SPDX-License-Identifier: GPL-2.0-only
"""Archives for an initramfs (newc), the same bytes for the same files, as any user."""

import os
import stat

_BLOCK = 512
_DIR = stat.S_IFDIR | 0o755
_LINK = stat.S_IFLNK | 0o777


def _header(inode, mode, size, name_size):
    fields = (inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0)
    return b"070701" + b"".join(b"%08X" % field for field in fields)


def _pad(length, align=4):
    return b"\0" * (-length % align)


class Archive:
    """Entries by path; a later one replaces an earlier one, parents come by themselves."""

    def __init__(self):
        self._entries = {}

    def add_directory(self, path):
        path = path.strip("/")
        if path and path not in self._entries:
            self.add_directory(os.path.dirname(path))
            self._entries[path] = (_DIR, b"")

    def add_data(self, path, data, mode=0o644):
        self._add(path, stat.S_IFREG | mode, data)

    def add_link(self, path, target):
        self._add(path, _LINK, os.fsencode(target))

    def _add(self, path, mode, data):
        path = path.strip("/")
        self.add_directory(os.path.dirname(path))
        self._entries[path] = (mode, data)

    def add_file(self, path, source):
        """A file of this machine, or a link as a link. Only whether it can be
        executed is kept of its mode."""
        if os.path.islink(source):
            self.add_link(path, os.readlink(source))
            return
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        with open(source, "rb") as file:
            self.add_data(path, file.read(), mode)

    def add_tree(self, path, source):
        """A directory with all that is in it; or one file, under the name given."""
        if not os.path.isdir(source):
            self.add_file(path, source)
            return
        self.add_directory(path)
        for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
            target = f"{path}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                self.add_tree(target, entry.path)
            else:
                self.add_file(target, entry.path)

    def pack(self):
        """Padded, so that archives can be put one after the other."""
        parts = []
        entries = [*self._entries.items(), ("TRAILER!!!", (0, b""))]
        for inode, (path, (mode, data)) in enumerate(entries, 1):
            name = os.fsencode(path) + b"\0"
            head = _header(inode, mode, len(data), len(name)) + name
            parts += (head, _pad(len(head)), data, _pad(len(data)))
        archive = b"".join(parts)
        return archive + _pad(len(archive), _BLOCK)
