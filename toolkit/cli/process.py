"""One run of a command: its signals, its workers, and the exit status that tells the truth."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from toolkit import document, errors
from toolkit.cli.input import Item
from toolkit.cli.messages import Messages
from toolkit.cli.output import Output
from toolkit.document import Document
from toolkit.errors import Interrupted, ToolkitError
from toolkit.waiting import Stop

Enter = Callable[[str], None]
Work = Callable[[Document, Enter], None]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Process:
    """Runs a stage over a stream of documents; `stop` is raised by the first signal, `force` by the third."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self.stop = Stop()
        self.force = Stop()
        self.on_stop: Callable[[], None] = lambda: None
        self._statuses: set[int] = set()
        self._reading = False
        self._signals = 0
        # Nobody takes what we write, so that nothing more is begun.
        self._closed = False
        # Hears of a document that nobody took.
        self.on_lost: Callable[[Document], None] = lambda lost: None

    def catch_signals(self) -> None:
        """From here on a signal lets what was started be cleaned up first."""
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._caught)

    def run(
        self, stage: str, source: Iterator[Item], work: Work, output: Output, jobs: int, *, always: bool = False
    ) -> None:
        """Do the work on every document, `jobs` at a time, and write each as it is done.

        A document that failed in an earlier stage passes through, unless `always`.
        """
        free = threading.Semaphore(jobs)
        threads: list[threading.Thread] = []
        try:
            while (item := self._next(source)) is not None:
                free.acquire()
                if self.stop.reason or self._closed:
                    break
                threads = [thread for thread in threads if thread.is_alive()]
                thread = threading.Thread(target=self._one, args=(stage, item, work, output, free, always))
                thread.start()
                threads.append(thread)
        except ToolkitError as error:
            self.failed(error)
        finally:
            for thread in threads:
                thread.join()
        try:
            output.close()
        except ToolkitError as error:
            self.failed(error)

    def failed(self, error: ToolkitError, about: str = "") -> None:
        """Print the error and let the exit status know."""
        if not isinstance(error, Interrupted):
            self.messages.error(error, about)
        self._statuses.add(error.status)

    def end(self) -> int:
        """The exit status; ends the process by the signal if one came."""
        reason = self.stop.reason
        if reason:
            self.messages.error(reason)
            signal.signal(reason.number, signal.SIG_DFL)
            os.kill(os.getpid(), reason.number)
        for status in (errors.FAILED, errors.USAGE, errors.TRY_LATER):
            if status in self._statuses:
                return status
        return max(self._statuses, default=errors.DONE)

    def _next(self, source: Iterator[Item]) -> Item | None:
        self._reading = True
        try:
            self.stop.check()
            return next(source, None)
        finally:
            self._reading = False

    def _one(self, stage: str, item: Item, work: Work, output: Output, free: threading.Semaphore, always: bool) -> None:
        try:
            if item.document is None:
                self.failed(item.error or errors.BadDocument("no document"), item.where)
            else:
                self._document(stage, item.document, work, always)
                output.write(item.document)
        except ToolkitError as error:
            self.failed(error)
            self._closed = True
        finally:
            free.release()
            if self._closed and item.document is not None:
                self.on_lost(item.document)

    def _document(self, stage: str, doc: Document, work: Work, always: bool) -> None:
        current = [stage]
        if not document.enter(doc, stage) and not always:
            self._statuses.add(errors.FAILED)
            return
        earlier = doc.get("error")
        try:
            work(doc, lambda name: current.__setitem__(0, name))
        except ToolkitError as error:
            document.fail(doc, current[0], error)
            self.failed(error, document.title(doc))
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            # A document edited by hand may lack anything; a CA may leave out anything.
            trouble = errors.BadDocument(
                f"cannot go on with the document: {type(error).__name__}: {error}", "was it edited by hand?"
            )
            document.fail(doc, current[0], trouble)
            self.failed(trouble, document.title(doc))
        except Exception as error:  # noqa: BLE001 - a defect must not lose the document, nor those behind it
            self.messages.crash(error)
            self._statuses.add(errors.FAILED)
            document.fail(doc, current[0], ToolkitError(f"internal error: {type(error).__name__}: {error}"))
        else:
            if earlier:
                self._statuses.add(errors.FAILED)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 1:
            self.stop.request(Interrupted(number, signal.Signals(number).name))
            _aside(self.on_stop)
        elif self._signals == 2:
            _aside(self.messages.say, "cleaning up; a third signal ends that too")
        else:
            self.force.request(Interrupted(number, signal.Signals(number).name))
        if self._reading and self.stop.reason:
            self._reading = False
            raise self.stop.reason


def _aside(what: Callable[..., object], *args: object) -> None:
    """Call it in a thread of its own: a lock it needs may be held right where the signal came."""
    threading.Thread(target=what, args=args, daemon=True).start()
