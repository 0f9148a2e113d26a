"""A Ctrl-C that Python forgets is remembered."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from chainrule.grading.gradebook.interrupts import Interrupts


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # the handler runs between two instructions
        pass


class Finalised:
    """Interrupted while it is cleared away: what is raised there is lost."""

    def __del__(self) -> None:
        press()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_comes_in_a_finaliser_is_raised_at_the_next_check() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        interrupts.check()
        made = Finalised()
        del made
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
    assert signal.getsignal(signal.SIGINT) is before


def test_one_that_comes_anywhere_else_is_raised_at_once() -> None:
    with Interrupts(), pytest.raises(KeyboardInterrupt):
        press()


def test_another_thread_and_one_who_ignores_it_are_let_be() -> None:
    found = []

    def use() -> None:
        with Interrupts() as interrupts:
            interrupts.check()
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        use()
    finally:
        signal.signal(signal.SIGINT, before)
    assert found[1] is signal.SIG_IGN
