# SPDX-License-Identifier: GPL-2.0-only
"""verify, on small configurations."""

import os
import subprocess
import tempfile
import unittest

VERIFY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                      "kconfig/verify")


class Verify(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.config = self.write("config", "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_N=4\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def verify(self, *fragments):
        paths = [self.write(f"{number}.config", text)
                 for number, text in enumerate(fragments)]
        done = subprocess.run([VERIFY, self.config, *paths], capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stderr

    def test_all_there(self):
        self.assertEqual(self.verify("CONFIG_A=y\nCONFIG_N=4\n# CONFIG_B is not set\n"
                                     "# CONFIG_C is not set\n# A comment\n"), (0, ""))

    def test_each_that_is_missing_is_named(self):
        for asked, found in (("CONFIG_B=y", "# CONFIG_B is not set"), ("CONFIG_N=5", "CONFIG_N=4"),
                             ("CONFIG_C=y", "# CONFIG_C is not set"),
                             ("# CONFIG_A is not set", "CONFIG_A=y")):
            with self.subTest(asked):
                code, words = self.verify(asked + "\n")
                self.assertEqual((code, words),
                                 (1, f'verify: asked for "{asked}", got "{found}"\n'))

    def test_a_later_fragment_wins(self):
        self.assertEqual(self.verify("CONFIG_A=n\n", "CONFIG_A=y\n")[0], 0)

    def test_asking_for_nothing_is_an_error(self):
        self.assertEqual(self.verify("# CONFIG_A\n")[0], 2)

    def test_a_missing_file_is_an_error(self):
        self.config += ".none"
        self.assertEqual(self.verify("CONFIG_A=y\n")[0], 2)


if __name__ == "__main__":
    unittest.main()
