# SPDX-License-Identifier: GPL-2.0-only
"""What lab/run -h says of the machine is so, as far as it can be told without one."""

import re
import subprocess
import unittest
from pathlib import Path

from vm import inside, machine
from vm.rootfs import LAB

ROOT = Path(LAB).parent


class Words(unittest.TestCase):
    def test_they_are_in_the_help(self):
        done = subprocess.run([ROOT / "lab/run", "-h"], capture_output=True, text=True,
                              check=True)
        self.assertIn(inside.TEXT, done.stdout)

    def test_files_that_they_name_exist(self):
        named = re.findall(r"\b(?:linux|scripts|lab)/[\w./-]*\w", inside.TEXT)
        self.assertIn("scripts/programs", named)
        self.assertEqual([name for name in named if not (ROOT / name).is_file()], [])

    def test_headers_are_where_the_program_makes_them(self):
        self.assertIn(f"headers=$root/{inside.HEADERS}\n",
                      (ROOT / "scripts/programs").read_text())

    def test_every_edu_has_all_bits(self):
        words = machine.command("qemu", machine.Options("Image", edus=2, nvmes=1))
        edus = [word for word in words if word.startswith("edu,")]
        self.assertEqual(len(edus), 2)
        for word in edus:
            self.assertIn(f"dma_mask={(1 << 64) - 1:#x}", word)

    def test_lines_fit_a_terminal(self):
        self.assertLess(max(map(len, inside.TEXT.splitlines())), 96)
