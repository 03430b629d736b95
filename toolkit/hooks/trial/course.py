"""The steps of a test: two proofs are made visible and taken away one after the other, and everything is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from toolkit.errors import Declined
from toolkit.events import Event
from toolkit.hooks.trial import Step
from toolkit.hooks.trial.attempt import Attempt
from toolkit.waiting import Deadline, Stop, growing


class Sight(Protocol):
    """What can be seen from outside, now; each method returns what is wrong, in words."""

    # What one proof is called, and several of them.
    one: str
    several: str
    # Which of the two begins with a dash, as one in 64 does
    dashed: str

    def missing(self, event: Event) -> str:
        """Where its proof is not visible."""

    def showing(self, event: Event) -> str:
        """Where its proof is visible."""

    def changed(self, events: Sequence[Event]) -> str:
        """How it differs from what was there before the proofs of these events."""


@dataclass
class Course:
    """One test; what it found out is in `several_values` and `own_value_only` at its end (None: not known)."""

    attempt: Attempt
    sight: Sight
    pair: tuple[Event, Event]
    patience: float
    stop: Stop
    # Scripts of a client that presents one proof at a time do no wrong when they hold no more than one.
    lenient: bool = False
    several_values: bool | None = None
    own_value_only: bool | None = None

    def steps(self) -> Iterator[Step]:
        """Each step when it was made. Raises Declined before anything was presented, Interrupted."""
        yield from self._hold()
        yield from self._restore()

    def _hold(self) -> Iterator[Step]:
        first, second = self.pair
        if self.attempt.solver.chained:
            yield from self._present([first, second], f"two {self.sight.several}, in one call")
        else:
            yield from self._present([first], f"a {self.sight.one}")
            if self._seen:
                yield from self._present([second], f"a second {self.sight.one}, {self.sight.dashed}")
        if not self._seen:
            return
        problem, _ = self._until(lambda: self.sight.missing(first), self.attempt.solver.chained)
        self.several_values = not problem
        yield self._finding(f"holds several {self.sight.several} at a time", problem)
        cleaned = self._cleanup(first, f"the first {self.sight.one}")
        yield cleaned
        if cleaned.ok:
            yield from self._look_at_sibling(first, second)

    # Whether the last proof that was presented became visible, without which no further step tells anything
    _seen: bool = False

    def _present(self, events: Sequence[Event], what: str) -> Iterator[Step]:
        self._seen = False
        try:
            problem = self.attempt.auth(events)
        except Declined as declined:
            if not self.attempt.left():
                raise
            problem = f"{declined.message} a second one of the same type"
        yield Step(f"auth succeeds: {what}", problem)
        if problem:
            return
        problem, seconds = self._until(lambda: self.sight.missing(events[-1]))
        self._seen = not problem
        text = f"auth returned 0, but {problem}" if problem else ""
        yield Step(f"visible: {what}", text, seconds=seconds)

    def _look_at_sibling(self, first: Event, second: Event) -> Iterator[Step]:
        problem, seconds = self._until(lambda: self.sight.showing(first))
        yield Step(f"gone: the first {self.sight.one}", problem, seconds=seconds)
        if not problem:
            lost = self.sight.missing(second)
            self.own_value_only = not lost
            yield self._finding(f"cleanup leaves the second {self.sight.one} alone", lost)

    def _restore(self) -> Iterator[Step]:
        for event in self.attempt.left():
            yield self._cleanup(event, f"the {self.sight.one} that is left")
        problem, seconds = self._until(lambda: self.sight.changed(self.pair))
        yield Step("everything is as it was before", problem, seconds=seconds)
        again = self._cleanup(self.pair[-1 if self._seen else 0], f"once more, of a {self.sight.one} that is gone")
        changed = "" if problem else self.sight.changed(self.pair)
        yield again if again.problem else Step(again.what, changed)

    def _cleanup(self, event: Event, what: str) -> Step:
        return Step(f"cleanup succeeds: {what}", self.attempt.cleanup(event))

    def _finding(self, what: str, problem: str) -> Step:
        if problem and self.lenient:
            return Step(f"a script of its kind need not do this: it {what}", notes=(f"it does not: {problem}",))
        return Step(what, problem)

    def _until(self, look: Callable[[], str], patient: bool = True) -> tuple[str, float]:
        """Look until nothing is wrong, or the time is over; returns what is wrong, and the seconds that passed."""
        deadline = Deadline(self.patience)
        for interval in growing(0.1, longest=5.0):
            problem = look()
            passed = deadline.seconds - deadline.remaining()
            if not problem or not patient or deadline.passed():
                return problem, passed
            self.stop.wait(min(interval, deadline.remaining()))
        raise AssertionError  # growing() has no end
