# SPDX-License-Identifier: GPL-2.0-only
"""Lines as QEMU 10.0 wrote them, and our own."""

import os
import tempfile
import unittest

from vm import trace

COMMANDS = """\
smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_STE
smmuv3_cmdq_cfgi_ste streamid= 0x10
smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC
smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_STE_RANGE
smmuv3_cmdq_cfgi_ste_range start=0x0 - end=0xffffffff
smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_CD
smmuv3_cmdq_cfgi_cd sid=0xf0
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NSNH_ALL
smmuv3_cmdq_tlbi_nsnh 
smmu_iotlb_inv_all IOTLB invalidate all
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_ALL
smmuv3_cmdq_tlbi_nh vmid=1
smmu_iotlb_inv_vmid_s1 IOTLB invalidate vmid=1
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_ASID
smmuv3_cmdq_tlbi_nh_asid asid=2
smmu_iotlb_inv_asid_vmid IOTLB invalidate asid=2 vmid=3
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_S2_IPA
smmuv3_range_inval vmid=1 asid=-1 addr=0x1000 tg=1 num_pages=0x1 ttl=3 leaf=1 stage=2
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA
smmuv3_range_inval vmid=0 asid=1 addr=0xffff8000 tg=1 num_pages=0x8 ttl=3 leaf=1 stage=1
smmuv3_range_inval vmid=0 asid=1 addr=0x10000 tg=1 num_pages=0x10 ttl=3 leaf=1 stage=1
smmuv3_cmdq_opcode <--- SMMU_CMD_ATC_INV
smmuv3_cmdq_opcode <--- SMMU_CMD_PREFETCH_CONFIG
smmuv3_cmdq_consume_error Error on SMMU_CMD_PREFETCH_CONFIG command execution: 1
""".splitlines()

OWN = """\
smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_CD
smmuv3_cmdq_cfgi_cd sid=0x10 ssid=0x0
smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_CD
smmuv3_cmdq_cfgi_cd sid=0x10 ssid=0x1f
smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_CD_ALL
smmuv3_cmdq_cfgi_cd_all sid=0x10
smmuv3_cmdq_opcode <--- SMMU_CMD_ATC_INV
smmuv3_cmdq_atc_inv sid=0x10 ssv=0 ssid=0x0 global=0 addr=0x1000 size=0x1000
smmuv3_cmdq_opcode <--- SMMU_CMD_ATC_INV
smmuv3_cmdq_atc_inv sid=0x10 ssv=1 ssid=0x5 global=1 addr=0x0 size=0x0
""".splitlines()

EVENTS = """\
smmuv3_record_event SMMU_EVT_F_TRANSLATION sid=0x10
smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC
smmuv3_record_event SMMU_EVT_C_BAD_CD sid=0x18
""".splitlines()

TRANSLATIONS = """\
smmuv3_translate_success smmuv3-iommu-memory-region-16-0 sid=0x10 iova=0x1000 translated=0x5000 perm=0x3 stage=3
smmuv3_translate_success smmuv3-iommu-memory-region-16-0 sid=0x10 iova=0x2000 translated=0x6000 perm=0x1 stage=2
smmuv3_translate_success smmuv3-iommu-memory-region-16-0 sid=0x10 iova=0x2000 translated=0x6000 perm=0x1 stage=2
smmuv3_translate_success smmuv3-iommu-memory-region-240-0 sid=0xf0 iova=0x2000 translated=0x6000 perm=0x1 stage=1
smmuv3_translate_abort smmuv3-iommu-memory-region-16-0 sid=0x10 abort on iova:0x1000 is_write=1
smmuv3_translate_bypass smmuv3-iommu-memory-region-16-0 sid=0x100 STE bypass iova:0x1000 is_write=1
""".splitlines()


class Commands(unittest.TestCase):
    def test_each_with_its_operands(self):
        self.assertEqual(trace.commands(COMMANDS), [
            "CFGI_STE:sid=10", "SYNC", "CFGI_STE_RANGE:start=0,end=ffffffff",
            "CFGI_CD:sid=f0", "TLBI_NSNH_ALL", "TLBI_NH_ALL:vmid=1",
            "TLBI_NH_ASID:vmid=3,asid=2", "TLBI_S2_IPA:vmid=1,addr=0x1000",
            "TLBI_NH_VA:vmid=0,asid=1,addr=0xffff8000,pages=24", "ATC_INV",
            "PREFETCH_CONFIG", "CERROR:cmd=PREFETCH_CONFIG,code=1"])

    def test_what_only_our_own_qemu_says(self):
        self.assertEqual(trace.commands(OWN), [
            "CFGI_CD:sid=10", "CFGI_CD:sid=10,ssid=1f", "CFGI_CD_ALL:sid=10",
            "ATC_INV:sid=10,addr=0x1000,size=0x1000",
            "ATC_INV:sid=10,ssid=5,global=1,addr=0x0,size=0x0"])

    def test_an_operand_without_its_command_is_dropped(self):
        self.assertEqual(trace.commands(["smmuv3_cmdq_cfgi_ste streamid= 0x10"]), [])


class Events(unittest.TestCase):
    def test_in_order(self):
        self.assertEqual(trace.events(EVENTS), ["F_TRANSLATION:sid=10", "C_BAD_CD:sid=18"])


class Translations(unittest.TestCase):
    def test_only_of_the_stream(self):
        self.assertEqual(trace.translations(TRANSLATIONS, 0x10),
                         ["stage1=0", "stage2=2", "nested=1", "bypass=0", "abort=1"])

    def test_another_stream(self):
        self.assertEqual(trace.translations(TRANSLATIONS, 0xf0),
                         ["stage1=1", "stage2=0", "nested=0", "bypass=0", "abort=0"])


class File(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "trace.log")
        self.append("one\n")
        self.trace = trace.TraceFile(self.path)

    def append(self, text):
        with open(self.path, "a", encoding="ascii") as file:
            file.write(text)

    def test_lines_before_the_mark_are_gone(self):
        self.trace.mark()
        self.append("two\nthree\n")
        self.assertEqual(list(self.trace.lines()), ["two", "three"])

    def test_no_mark_means_from_the_start(self):
        self.assertEqual(list(self.trace.lines()), ["one"])

    def test_a_line_without_an_end_waits(self):
        self.append("tw")
        self.assertEqual(list(self.trace.lines()), ["one"])
        self.append("o\n")
        self.assertEqual(list(self.trace.lines()), ["one", "two"])


if __name__ == "__main__":
    unittest.main()
