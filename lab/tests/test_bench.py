# SPDX-License-Identifier: GPL-2.0-only
"""The bench's arithmetic: aims that are missed are said to be missed."""

import json
import unittest

from bench import figures, report, results

NAMES = {op.name for op in figures.OPERATIONS} | {name for name, _text in figures.STEPS}


def measured(**changes):
    """The lines of a run in which all costs 1000, but for changes: {name: (1, 4, 16)}."""
    for name in sorted(NAMES):
        medians = changes.get(name, (1000, 1000, 1000))
        for devices, median in zip(figures.DEVICES, medians):
            yield json.dumps({"operation": name, "devices": devices, "count": 65,
                              "median": median, "min": median, "max": median,
                              "commands": "CFGI_STE:sid=10 SYNC"})
    yield '{"done": true}'


def reached(**changes):
    return [aim.reached for aim in results.aims(results.read(measured(**changes)))]


def missed(**changes):
    return [number for number, done in enumerate(reached(**changes)) if not done]


class Aims(unittest.TestCase):
    def test_all_reached(self):
        self.assertEqual(missed(), [])

    def test_rebind_at_the_limit_and_above(self):
        limit = figures.MAINLINE_ATTACH // 3
        self.assertTrue(reached(rebind=(limit, limit, limit))[0])
        self.assertFalse(reached(rebind=(limit, limit, limit + 1))[0])

    def test_the_limit_is_a_third(self):
        self.assertEqual(figures.REBIND_MOST, 5063)

    def test_growing_with_the_devices(self):
        self.assertEqual(missed(bind=(1000, 1020, 1070)), [])
        self.assertEqual(missed(bind=(1000, 1020, 1071)), [1])
        self.assertEqual(missed(unbind=(1000, 1000, 1100)), [2])

    def test_shrinking_with_the_devices_is_not_flat_either(self):
        self.assertEqual(missed(bind=(1100, 1000, 1000)), [1])


    def test_invalidations_have_a_limit_each(self):
        for number, (name, limit) in enumerate((("invalidate_1", 1108), ("invalidate_4", 1422),
                                                ("invalidate_64", 4298),
                                                ("invalidate_256", 15349)), 3):
            with self.subTest(name):
                self.assertEqual(missed(**{name: (limit, limit, limit)}), [])
                self.assertEqual(missed(**{name: (1, 1, limit + 1)}), [number])


def with_pasids(**changes):
    """The same for a run with PASIDs."""
    for op in figures.PASID_OPERATIONS:
        medians = changes.get(op.name, (1000, 1000, 1000))
        for pasids, median in zip(figures.PASIDS, medians):
            yield json.dumps({"operation": op.name, "pasids": pasids, "count": 65,
                              "median": median, "min": median, "max": median,
                              "commands": "CFGI_CD:sid=c0,ssid=ffff SYNC"})
    yield '{"done": true}'


class PasidAims(unittest.TestCase):
    def reached(self, **changes):
        found = results.pasid_aims(results.read(with_pasids(**changes)))
        return [aim.reached for aim in found]

    def test_sizes(self):
        self.assertEqual(figures.PASIDS, (1, 1000, 65536))

    def test_all_reached(self):
        self.assertEqual(self.reached(), [True] * 4)

    def test_more_pasids_that_cost_more(self):
        for number, name in enumerate(("bind_pasids", "unbind_pasids")):
            self.assertTrue(all(self.reached(**{name: (1000, 1000, 1010)})))
            for medians in ((1000, 1000, 1011), (1000, 1011, 1000), (1011, 1000, 1000)):
                expected = [True] * 4
                expected[number] = False
                self.assertEqual(self.reached(**{name: medians}), expected)

    def test_a_cfgi_cd_that_costs_more(self):
        self.assertTrue(all(self.reached(cfgi_cd=(1000, 1000, 1130))))
        self.assertEqual(self.reached(cfgi_cd=(1000, 1000, 1131)), [True, True, False, True])
        self.assertEqual(self.reached(cfgi_cd_in_turn=(1000, 1000, 1271)),
                         [True, True, True, False])
        self.assertEqual(self.reached(cfgi_cd=(1131, 1131, 1131), tlbi=(1200, 1000, 1200)),
                         [True, True, False, True])

    def test_one_that_is_missing(self):
        lines = [line for line in with_pasids() if '"pasids": 65536' not in line]
        with self.assertRaisesRegex(results.ResultsError, "bind_pasids was not measured with 65536"):
            results.pasid_aims(results.read(lines))

    def test_text(self):
        text = report.render_pasids(results.read(with_pasids(cfgi_cd=(1616, 1616, 1616))))
        for part in ("PASIDs in the table", "65,536", "1,616", "reached: NO   a CFGI_CD by SSID",
                     "reached: yes  bind costs the same", "CFGI_CD:sid=c0,ssid=ffff SYNC"):
            self.assertIn(part, text)

    def test_json(self):
        found = json.loads(results.as_json(results.read(measured()), results.read(with_pasids())))
        self.assertEqual(len(found["aims"]), 11)
        self.assertEqual(len([item for item in found["measured"] if "pasids" in item]), 15)


class Steps(unittest.TestCase):
    def test_they_add_up_to_a_rebind(self):
        costs = {name: (100 * i,) * 3 for i, (name, _text) in enumerate(figures.STEPS, 1)}
        found = results.read(measured(**costs))
        self.assertEqual([cost for _text, cost in found.steps()], [100] * len(figures.STEPS))
        self.assertEqual(sum(cost for _text, cost in found.steps()), found.median("rebind", 1))


class Reading(unittest.TestCase):
    def test_a_run_that_stops_early(self):
        with self.assertRaises(results.ResultsError):
            results.read(list(measured())[:-1])

    def test_a_missing_operation(self):
        lines = [line for line in measured() if '"unbind"' not in line]
        with self.assertRaisesRegex(results.ResultsError, "unbind was not measured with 1"):
            results.aims(results.read(lines))

    def test_a_broken_line(self):
        for broken in ('{"operation": "bind"', '{"operation": "bind"}'):
            with self.subTest(broken), self.assertRaises(results.ResultsError):
                results.read([broken])


class Shown(unittest.TestCase):
    def test_text_says_where_mainlines_figures_are_from(self):
        text = report.render(results.read(measured()))
        for part in ("15,190", "18,650", "16,170", "Linux 7.3.4 through iommufd", "reached: yes"):
            self.assertIn(part, text)
        self.assertNotIn("reached: NO", text)

    def test_many_commands_are_counted(self):
        lines = [line.replace("CFGI_STE:sid=10 SYNC", "TLBI_NH_VA:vmid=1 " * 64 + "SYNC")
                 for line in measured()]
        self.assertIn(" 64 TLBI_NH_VA SYNC\n", report.render(results.read(lines)))

    def test_strict_unmap_is_compared(self):
        text = report.render(results.read(measured(map_unmap=(8500, 1, 1))))
        self.assertIn("1,000 by its own tables; 8,500 for a VMM", text)
        self.assertIn(" 8.5 times", text)

    def test_text_of_a_missed_aim(self):
        text = report.render(results.read(measured(rebind=(9000, 9000, 9000))))
        self.assertIn("reached: NO   a rebind costs a third", text)

    def test_json(self):
        found = json.loads(results.as_json(results.read(measured())))
        self.assertEqual(found["mainline"]["rebind"], 18650)
        self.assertTrue(all(aim["reached"] for aim in found["aims"]))
        self.assertEqual(len(found["measured"]), len(NAMES) * len(figures.DEVICES))
