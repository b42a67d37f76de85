# SPDX-License-Identifier: GPL-2.0-only
"""Which stages may run now."""

from .stages import BUILD

BUILDS = 2          # at a time: one is at work while the other configures or links
SPARE = 1           # stages more than cores, since each waits now and then
SHORT = 0.2         # minutes, of a stage that doesn't say how long it takes


def chains(stages):
    """{name: minutes from the start of the stage to the end of all that waits for it}."""
    found = {}
    for stage in reversed(stages):
        waiting = [found[s.name] for s in stages
                   if stage.name in (*s.needs, *s.after) and s.name in found]
        found[stage.name] = (stage.minutes or SHORT) + max(waiting, default=0)
    return found


class Plan:
    """Starts first what the longest chain of stages waits for.

    Builds take what cores the others leave, so they are no part of the budget.
    """

    def __init__(self, stages, cores):
        length = chains(_in_order(stages))
        self.cores = cores
        self.waiting = sorted(stages, key=lambda s: -length[s.name])
        self.running = []
        self.bad = set()

    def start(self):
        """The stages to start now; they count as running from now on."""
        started = []
        full = False
        for stage in list(self.waiting):
            if self._waits(stage):
                continue
            if stage.cores == BUILD:
                fits = sum(s.cores == BUILD for s in self.running) < BUILDS
            else:
                fits = not full and self._cores_left() >= self._width(stage)
                # What is shorter doesn't overtake: else a wide stage would never start.
                full = full or not fits
            if fits:
                self.waiting.remove(stage)
                self.running.append(stage)
                started.append(stage)
        return started

    def _waits(self, stage):
        unfinished = {s.name for s in (*self.waiting, *self.running)}
        used = {thing for s in self.running for thing in s.uses}
        return (unfinished & {*stage.needs, *stage.after} or used & {*stage.uses}
                or self.lacks(stage))

    def _width(self, stage):
        return min(stage.cores, max(self.cores, 1))

    def _cores_left(self):
        return self.cores + SPARE - sum(self._width(s) for s in self.running)

    def finished(self, stage, good):
        self.running.remove(stage)
        if not good:
            self.bad.add(stage.name)

    def lacks(self, stage):
        """The failed stages that it needs."""
        return sorted(self.bad & set(stage.needs))

    def give_up(self):
        """Takes out the stages that need a failed one; they have failed too."""
        given_up = []
        for stage in list(self.waiting):
            if self.lacks(stage):
                self.waiting.remove(stage)
                self.bad.add(stage.name)
                given_up.append(stage)
        return given_up


def _in_order(stages):
    """Each after those that it waits for."""
    left, done = list(stages), []
    while left:
        names = {s.name for s in left}
        ready = [s for s in left if not names & {*s.needs, *s.after}]
        if not ready:
            raise ValueError("stages wait for each other: " + ", ".join(sorted(names)))
        done += ready
        left = [s for s in left if s not in ready]
    return done
