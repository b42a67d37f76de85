# SPDX-License-Identifier: GPL-2.0-only
"""Which QEMU a run takes, and what it is told of the SMMU."""

import os
import tempfile
import unittest

from vm import features, machine


class Arguments(unittest.TestCase):
    def test_none(self):
        self.assertEqual(features.arguments([]), [])

    def test_each(self):
        self.assertEqual(features.arguments(["ssid", "ats"]),
                         ["-global", "arm-smmuv3.ssidsize=16", "-global", "arm-smmuv3.ats=on"])
        self.assertIn("arm-smmuv3.ssidsize=20", features.arguments(["ssid=20"]))

    def test_the_second_smmu_has_its_own(self):
        words = features.arguments(["ssid", "smmu2=ssidsize=4,s2fwb=on"])
        self.assertIn("pxb-pcie,id=pcie.1,bus_nr=0x40,addr=0x1f", words)
        self.assertEqual(words[-3], "arm-smmuv3,primary-bus=pcie.1,stage=nested,"
                         "ats=off,msi=off,ssidsize=4,s2fwb=on")

    def test_those_of_tests_with_pasids(self):
        words = features.arguments(features.PASIDS)
        self.assertIn("arm-smmuv3.s2fwb=on", words)
        self.assertIn("s2fwb=off", words[-3])

    def test_refusals(self):
        for word, reason in (("nosuch", "there is no feature nosuch"), ("ssid=21", "1 to 20"),
                             ("ssid=x", "1 to 20"), ("ats=1", "takes no value")):
            with self.subTest(word), self.assertRaisesRegex(features.FeatureError, reason):
                features.arguments([word])

    def test_they_come_before_other_devices(self):
        words = machine.command("qemu", machine.Options(
            "Image", devices=["pasid-dma,bus=port2nd"], features=["smmu2"]))
        self.assertLess(words.index("pcie-root-port,bus=pcie.1,id=port2nd,chassis=64,addr=1"),
                        words.index("pasid-dma,bus=port2nd"))


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def test_stock_without_features(self):
        self.assertEqual(features.program([], None, "stock", self.root), "stock")

    def test_own_with_features(self):
        own = os.path.join(self.root, features.PROGRAM)
        os.makedirs(os.path.dirname(own))
        with open(own, "w", encoding="ascii"):
            os.chmod(own, 0o755)
        self.assertEqual(features.program(["ats"], None, "stock", self.root), own)

    def test_the_model_is_what_would_be_taken(self):
        self.assertIsNone(features.model(self.root))
        self.assertEqual(features.model(self.root, "mine"), "mine")
        own = os.path.join(self.root, features.PROGRAM)
        os.makedirs(os.path.dirname(own))
        with open(own, "w", encoding="ascii"):
            os.chmod(own, 0o644)
        self.assertIsNone(features.model(self.root))
        os.chmod(own, 0o755)
        self.assertEqual(features.model(self.root), own)
        self.assertEqual(features.model(self.root, ""), own)

    def test_the_given_one_wins(self):
        self.assertEqual(features.program(["ats"], "mine", "stock", self.root), "mine")

    def test_a_wrong_name_before_it_is_built(self):
        with self.assertRaisesRegex(features.FeatureError, "there is no feature nosuch"):
            features.program(["nosuch"], None, "stock", self.root)

    def test_the_word_of_the_caller(self):
        with self.assertRaisesRegex(features.FeatureError, "--pasids needs"):
            features.program([*features.PASIDS], None, "stock", self.root)

    def test_not_built(self):
        with self.assertRaisesRegex(features.FeatureError, "run make qemu"):
            features.program(["ats"], None, "stock", self.root)


if __name__ == "__main__":
    unittest.main()
