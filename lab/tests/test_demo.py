# SPDX-License-Identifier: GPL-2.0-only
"""The demo's verdict: a good walk passes, and whatever differs from it fails."""

import json
import struct
import unittest
from pathlib import Path
from xml.etree import ElementTree

from demo import dma, expect, facts, judge, picture, text, words

README = Path(__file__).resolve().parent.parent.parent / "README.md"

IPA_TABLE = 0x40001000
S2TTB, VMID, MEV = 0x42ba2000, 1, 1 << 19
ZEROS = (0,) * 8


def pattern(tag):
    return tuple(tag << 32 | i for i in range(8))


def line(words):
    return " ".join(f"{word:016x}" for word in words)


def ste(expected):
    """The words of an entry that is as expected."""
    words = [1 | expected.config << 1, expected.mev << 19, *ZEROS[2:]]
    if expected.table:
        words[0] |= IPA_TABLE if expected.table == expect.GUEST else 0x42c5b000
    if expected.config in (0b110, 0b111):
        words[2], words[3] = VMID, S2TTB
    fmt, bits, dss = expected.pasids
    words[0] |= fmt << 4 | bits << 59
    words[1] |= dss
    return words


def transfer(row, expected, tag):
    sent, before = pattern(tag), pattern(tag + 1)
    arrives = expected.outcome == dma.ARRIVED
    stages = ("stage1", "stage2", "nested", "bypass", "abort")
    fields = {"transfer": row.name, "device": expected.device, "address": "0x1000",
              "direction": expected.direction, "kind": expected.kind, "kept": True,
              "sent": line(sent), "before": line(before),
              "after": line(sent if arrives else before),
              "events": "" if expected.route in stages else f"{expected.route}:sid=10",
              "translations": " ".join(f"{stage}={int(stage == expected.route)}"
                                       for stage in stages)}
    return fields


def good_walk(rows=expect.ROWS):
    """What the program reports if all is well: a list of what its lines hold."""
    walk = []
    for row in rows:
        walk.append({"row": row.name, "asked": "x: TRANSLATE", "table": hex(IPA_TABLE)})
        walk += [{"ste": row.name, "device": device, "sid": "10", "words": line(ste(entry))}
                 for device, entry in row.entries.items()]
        walk += [transfer(row, expected, 0x100 + 2 * i)
                 for i, expected in enumerate(row.transfers)]
    return [*walk, {"done": True}]


def last_act():
    """The same with a page for each PASID, which the lab reads."""
    walk = good_walk(expect.LAST_ACT)
    pages = {}
    for fields in walk:
        if "transfer" not in fields:
            continue
        number = pages.setdefault(fields["kind"], len(pages))
        fields.update(address="0x40007000", ipa=hex(0x40010000 + number * 0x1000),
                      physical=hex(0x48000000 + number * 0x1000))
        if fields["events"]:
            fields["faults"] = "00abcd010000380a"
    return walk


def read(walk):
    return facts.read([json.dumps(fields) for fields in walk])


def verdict_of(walk, rows=expect.ROWS):
    return judge.judge(read(walk), rows)


def without(walk, i):
    return walk[:i] + walk[i + 1:]


def changed(walk, i, **fields):
    return [*walk[:i], {**walk[i], **fields}, *walk[i + 1:]]


def places(walk, key):
    return [i for i, fields in enumerate(walk) if key in fields]


class Judging(unittest.TestCase):
    def assert_fails(self, walk, pattern_of_reason="."):
        verdict = verdict_of(walk)
        self.assertFalse(verdict.passed())
        self.assertRegex("\n".join(verdict.sentences()), pattern_of_reason)

    def test_good_walk_passes(self):
        verdict = verdict_of(good_walk())
        self.assertEqual(verdict.sentences(), [])
        self.assertTrue(verdict.passed())

    def test_nothing_at_all_fails(self):
        self.assert_fails([], "state 3: was not reached")

    def test_each_missing_line_fails(self):
        walk = good_walk()
        for key in ("ste", "transfer", "done"):
            for i in places(walk, key):
                with self.subTest(walk[i]):
                    self.assert_fails(without(walk, i))

    def test_each_missing_row_fails(self):
        for row in expect.ROWS:
            rest = [fields for fields in good_walk() if row.name not in
                    (fields.get("row"), fields.get("ste"), fields.get("transfer"))]
            with self.subTest(row.name):
                self.assert_fails(rest, f"state {row.name}: was not reached")

    def test_each_transfer_that_does_the_opposite_fails(self):
        walk = good_walk()
        for i in places(walk, "transfer"):
            arrived = walk[i]["after"] == walk[i]["sent"]
            other = walk[i]["before"] if arrived else walk[i]["sent"]
            with self.subTest(walk[i]):
                self.assert_fails(changed(walk, i, after=other), "expected (arrives|blocked)")

    def test_each_transfer_that_hits_something_else_too_fails(self):
        walk = good_walk()
        for i in places(walk, "transfer"):
            with self.subTest(walk[i]):
                self.assert_fails(changed(walk, i, kept=False), "damaged, expected")

    def test_each_transfer_by_another_way_fails(self):
        walk = good_walk()
        for i in places(walk, "transfer"):
            with self.subTest(walk[i]):
                self.assert_fails(changed(walk, i, translations="bypass=1", events=""),
                                  "the SMMU says 'bypass'")

    def test_a_transfer_that_nobody_tried_fails(self):
        """Blocked by the data, but the SMMU never saw it."""
        walk = good_walk()
        for i in places(walk, "transfer"):
            self.assert_fails(changed(walk, i, translations="stage1=0", events=""),
                              "the SMMU says ''")

    def test_each_bit_of_an_entry_that_counts(self):
        walk = good_walk()
        for i in places(walk, "ste"):
            entry = [int(word, 16) for word in walk[i]["words"].split()]
            for index, bit in ((0, 0), (0, 1), (0, 2), (0, 3), (1, 19)):
                flipped = [*entry]
                flipped[index] ^= 1 << bit
                with self.subTest(ste=walk[i], bit=(index, bit)):
                    self.assert_fails(changed(walk, i, words=line(flipped)))

    def test_another_table_than_the_guests_fails(self):
        self.assert_entry_fails("3", lambda words: (words[0] ^ 1 << 12, *words[1:]),
                                "S1ContextPtr is 0x40000000, expected the guest's")

    def test_a_table_left_behind_fails(self):
        self.assert_entry_fails("4", lambda words: (words[0] | IPA_TABLE, *words[1:]),
                                "S1ContextPtr is 0x40001000, expected 0")

    def test_another_stage2_than_before_fails(self):
        self.assert_entry_fails("3", lambda words: (*words[:3], S2TTB + 0x1000, *words[4:]),
                                "S2TTB is 0x42ba3000 and VMID 1")
        self.assert_entry_fails("3b", lambda words: (*words[:2], 2, *words[3:]), "VMID 2")

    def test_stage2_left_in_the_default_domain_fails(self):
        self.assert_entry_fails("5", lambda words: (*words[:2], 1, *words[3:]), "VMID 1")

    def assert_entry_fails(self, row, change, reason):
        walk = good_walk()
        i = next(i for i in places(walk, "ste") if walk[i]["ste"] == row)
        words = tuple(int(word, 16) for word in walk[i]["words"].split())
        self.assert_fails(changed(walk, i, words=line(change(words))), reason)

    def test_a_wrong_expectation_fails(self):
        """Swap what two states should look like: the same walk is wrong then."""
        two, three = (next(row for row in expect.ROWS if row.name == name)
                      for name in ("2", "3"))
        swapped = [expect.Row("2", "", three.entries, two.transfers)]
        self.assertFalse(verdict_of(good_walk(), swapped).passed())
        swapped = [expect.Row("2", "", two.entries, three.transfers)]
        self.assertFalse(verdict_of(good_walk(), swapped).passed())


class LastAct(unittest.TestCase):
    """What differs from a good one is wrong."""

    def setUp(self):
        self.walk = last_act()

    def sentences(self, walk):
        return verdict_of(walk, expect.LAST_ACT).sentences()

    def assert_each_fails(self, reason, change):
        for i in places(self.walk, "transfer"):
            with self.subTest(self.walk[i]):
                walk = changed(self.walk, i, **change(self.walk[i]))
                self.assertRegex("\n".join(self.sentences(walk)), reason)

    def test_good(self):
        self.assertEqual(self.sentences(self.walk), [])

    def test_each_missing_line_fails(self):
        for i in range(len(self.walk)):
            with self.subTest(self.walk[i]):
                self.assertTrue(self.sentences(without(self.walk, i)))

    def test_each_that_does_the_opposite_fails(self):
        self.assert_each_fails("expected (arrives|blocked)", lambda fields: {
            "after": fields["before" if fields["after"] == fields["sent"] else "sent"]})

    def test_each_that_hits_another_page_too_fails(self):
        self.assert_each_fails("damaged, expected", lambda _fields: {"kept": False})

    def test_each_that_gets_what_is_anothers_fails(self):
        self.assert_each_fails("damaged, expected", lambda _fields: {"after": line(pattern(7))})

    def test_each_by_another_way_fails(self):
        self.assert_each_fails("the SMMU says 'stage2'", lambda _fields: {
            "translations": "stage2=1", "events": ""})

    def test_each_with_an_address_of_its_own_fails(self):
        self.assert_each_fails("an address of its own", lambda _fields: {"address": "0x40008000"})

    def test_pages_that_are_shared_fail(self):
        for fields in self.walk:
            if fields.get("kind") == "PASID 1093":
                fields["ipa"] = "0x40011000"
        self.assertEqual(self.sentences(self.walk),
                         ["state 6: PASID 1, PASID 1093 have the same page, 0x40011000"])

    def test_what_the_vmm_reads_counts(self):
        for other in ("00abcd0100003810", "00abcd010000280a", "00abcd010000300a",
                      "00abcd020000380a", "00abcd010000380a 00abcd010000380a"):
            self.assert_each_fails("the VMM reads .*, expected",
                                   lambda _fields, other=other: {"faults": other})
        deaf = [{**fields, "faults": ""} for fields in self.walk]
        self.assertEqual(len(self.sentences(deaf)), 2)
        self.assertIn("the VMM reads nothing, expected C_BAD_CD: PASID 3", self.sentences(deaf)[0])

    def test_the_format_of_the_table_counts(self):
        i, = places(self.walk, "ste")
        for index, bit in ((0, 4), (0, 5), (0, 59), (0, 63), (1, 0), (1, 1)):
            entry = [int(word, 16) for word in self.walk[i]["words"].split()]
            entry[index] ^= 1 << bit
            self.assertRegex("\n".join(self.sentences(changed(self.walk, i, words=line(entry)))),
                             "S1Fmt, S1CDMax and S1DSS are")

    def test_memory_has_to_be_what_the_lab_read(self):
        found = read(self.walk)
        log = [mark + text for request, answer in found.outside
               for mark, text in (("> ", request), ("< ", answer))]
        self.assertIn("> mem 0x48001000 64", log)
        self.assertIn("< " + struct.pack("<8Q", *pattern(0x100)).hex(), log)
        facts.check_outside(found, log)
        self.assertEqual(found.problems, [])
        for i in range(0, len(log), 2):
            found.problems.clear()
            facts.check_outside(found, log[:i + 1] + ["< error no"] + log[i + 2:])
            self.assertRegex(found.problems[0], "not what the lab read")


class Outcome(unittest.TestCase):
    def outcome(self, direction, after, sent=pattern(1), before=pattern(2), kept=True):
        fields = transfer(expect.ROWS[1], expect.ROWS[1].transfers[0], 1)
        fields.update(direction=direction, after=line(after), sent=line(sent),
                      before=line(before), kept=kept)
        return dma.Transfer(fields).outcome()

    def test_all_of_it_arrives(self):
        for direction in ("read", "write"):
            self.assertEqual(self.outcome(direction, pattern(1)), dma.ARRIVED)

    def test_part_of_it_arrives(self):
        half = pattern(1)[:4] + pattern(2)[4:]
        for direction in ("read", "write"):
            self.assertEqual(self.outcome(direction, half), dma.DAMAGED)

    def test_nothing_arrives(self):
        for direction in ("read", "write"):
            self.assertEqual(self.outcome(direction, pattern(2)), dma.BLOCKED)

    def test_zeros_instead_are_no_data_of_a_read_but_they_are_of_a_write(self):
        self.assertEqual(self.outcome("read", ZEROS), dma.BLOCKED)
        self.assertEqual(self.outcome("write", ZEROS), dma.DAMAGED)

    def test_something_else_arrives(self):
        for direction in ("read", "write"):
            self.assertEqual(self.outcome(direction, pattern(3)), dma.DAMAGED)

    def test_sending_what_is_there_already_proves_nothing(self):
        self.assertEqual(self.outcome("write", pattern(1), before=pattern(1)), dma.UNCLEAR)


class Reading(unittest.TestCase):
    def test_other_lines_are_passed_over(self):
        found = facts.read(["a word", '{"done": true}', ""])
        self.assertTrue(found.done)
        self.assertEqual(found.problems, [])

    def test_complaints_of_the_program(self):
        found = facts.read(["# no device"])
        self.assertEqual(found.problems, ["the program: no device"])

    def test_broken_lines(self):
        for broken in ('{"done": tr', '{"ste": "2", "device": "edu"}',
                       '{"ste": "9", "device": "edu", "sid": "10", "words": "%s"}' % line(ZEROS),
                       '{"row": "1", "asked": ""}', '{"row": "1", "asked": "", "table": "x"}'):
            with self.subTest(broken):
                self.assertRegex(facts.read([broken]).problems[0], "cannot read")

    def test_problems_are_differences(self):
        verdict = judge.judge(facts.read([*map(json.dumps, good_walk()), "# it hurts"]))
        self.assertEqual(verdict.sentences(), ["the program: it hurts"])

    def test_disk_is_compared_with_its_image(self):
        image = bytearray(512) + b"guest-stage sector 1".ljust(512, b".")
        words = tuple(int.from_bytes(image[512 + 8 * i:520 + 8 * i], "little")
                      for i in range(8))
        common = {"transfer": "1", "device": "disk", "kind": "sector", "address": "1",
                  "events": "", "translations": "stage1=1"}
        for direction, known in (("write", "after"), ("read", "sent")):
            found = read([{"row": "1", "asked": "", "table": "0"},
                          {**common, "direction": direction, known: line(words)}])
            facts.add_disk(found, bytes(image))
            disk, = found.rows["1"].transfers.values()
            self.assertEqual(disk.outcome(), dma.ARRIVED)
            facts.add_disk(found, bytes(1024))
            self.assertNotEqual(disk.outcome(), dma.ARRIVED)

    def test_entries_have_to_be_those_that_the_lab_read(self):
        found = read(good_walk())
        log = []
        for request, answer in found.outside:
            log += [f"> {request}\n", f"< {answer}\n", "> mark x\n", "< ok\n"]
        facts.check_outside(found, log)
        facts.check_outside(found, ["> ste 10\n", "< error no\n", *log])
        self.assertEqual(found.problems, [])
        for wrong in (log[4:], [entry.replace("ste 10", "ste 18") for entry in log], []):
            found.problems.clear()
            facts.check_outside(found, wrong)
            self.assertRegex(found.problems[0], "not what the lab read")


class Rendering(unittest.TestCase):
    def render(self, walk, table=words.STATES):
        found = read(walk)
        verdict = judge.judge(found, table.rows)
        return text.render(table, found, verdict), picture.render(table, found, verdict)

    def test_good(self):
        table, svg = self.render(good_walk())
        self.assertIn("PASS: all 7 states are as they should be", table)
        self.assertNotIn("WRONG", table)
        self.assertIn("PASS", svg)
        ElementTree.fromstring(svg)

    def test_bad(self):
        walk = good_walk()
        table, svg = self.render(walk[:places(walk, "row")[3]])
        self.assertRegex(table, r"FAIL: \d+ differences")
        self.assertIn("3: WRONG", table)
        self.assertIn("state 3: was not reached", svg)
        ElementTree.fromstring(svg)

    def test_no_line_is_too_wide_for_the_rule(self):
        for table, svg in (self.render(good_walk()), self.render(last_act(), words.PASIDS)):
            self.assertLessEqual(max(map(len, table.splitlines())), 125)
            ElementTree.fromstring(svg)

    def test_the_last_act(self):
        for part in self.render(last_act(), words.PASIDS):
            for shown in ("PASS: each PASID's DMA", "S1Fmt 1, S1CDMax 12, S1DSS 2",
                          "PASID 1093", "IPA 0x40012000", "all DMA: IOVA 0x40007000",
                          "the VMM reads C_BAD_CD: PASID 3, vSID 0xabcd01"):
                self.assertIn(shown.replace("'", "&#x27;") if "<svg" in part else shown, part)

    def test_the_readme_has_the_line_of_those_without_the_model(self):
        self.assertIn(words.NO_MODEL + "\n", README.read_text())
