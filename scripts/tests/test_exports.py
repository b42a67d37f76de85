# SPDX-License-Identifier: GPL-2.0-only
"""lint/exports: what counts as missing."""

import importlib.machinery
import importlib.util
import unittest
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent.parent / "lint/exports"


def load():
    loader = importlib.machinery.SourceFileLoader("exports", str(PROGRAM))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("exports", loader))
    loader.exec_module(module)
    return module


exports = load()
KERNEL = "the kernel proper"


class Missing(unittest.TestCase):
    def check(self, symbols, *wanted):
        found = exports.missing({name: exports.parse(text) for name, text in symbols.items()})
        self.assertEqual(list(found), list(wanted))

    def test_exported(self):
        self.check({KERNEL: "bind T 0 4\n__export_symbol_bind r 0\n", "a.ko": "bind U\n"})

    def test_forgotten(self):
        self.check({KERNEL: "bind T 0 4\n", "a.ko": "bind U\n"}, ("a.ko", "bind", KERNEL))

    def test_static_function_of_that_name(self):
        self.check({KERNEL: "bind t 0 4\n", "a.ko": "bind U\n"})

    def test_data(self):
        self.check({KERNEL: "lock D 0 4\n", "a.ko": "lock U\n"}, ("a.ko", "lock", KERNEL))

    def test_between_modules(self):
        self.check({KERNEL: "", "a.ko": "bind U\n", "b.ko": "bind T 0 4\n"},
                   ("a.ko", "bind", "b.ko"))

    def test_elsewhere_in_the_kernel(self):
        self.check({KERNEL: "", "a.ko": "kfree U\n"})

    def test_kernel_proper_links_by_itself(self):
        self.check({KERNEL: "init U\n", "a.ko": "init T 0 4\n"})


if __name__ == "__main__":
    unittest.main()
