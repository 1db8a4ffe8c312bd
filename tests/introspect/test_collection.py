"""The collector is held off and let go again, whatever happens and whoever else is at it."""

from __future__ import annotations

import gc
import threading

import pytest

from introspect.collection import collection_paused


def failing() -> None:
    with collection_paused():
        assert not gc.isenabled()
        raise KeyError("oops")


def test_it_is_on_again_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(KeyError, match="oops"):
        failing()
    assert gc.isenabled()


def test_it_stays_off_where_the_user_had_it_off() -> None:
    gc.disable()
    try:
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_last_thread_out_lets_it_go() -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with collection_paused():
            entered.set()
            leave.wait(5)

    thread = threading.Thread(target=other)
    with collection_paused():
        thread.start()
        assert entered.wait(5)
    assert not gc.isenabled(), "the other thread is still inside"
    leave.set()
    thread.join()
    assert gc.isenabled()
