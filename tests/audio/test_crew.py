"""A crew: the same items in the same order for any number of threads, and none of them left over."""

import threading

import pytest
from wavemend.audio.crew import Crew


def numbers(count=50):
    yield from range(count)


def doubled(crew, items):
    first = crew.doing(crew.ahead(crew.reading(items)), lambda item: 2 * item)
    return crew.ahead(crew.doing(crew.ahead(first), lambda item: item + 1))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_items_keep_their_order_and_no_thread_is_left(size):
    before = threading.active_count()
    with Crew(size) as crew:
        assert list(doubled(crew, numbers())) == [2 * item + 1 for item in range(50)]
        assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 2, 3])
def test_an_error_comes_where_its_item_would_have(size):
    def failing():
        yield from range(7)
        raise OSError("the disk is gone")

    before = threading.active_count()
    with Crew(size) as crew:
        given = doubled(crew, failing())
        for expected in range(7):
            assert next(given) == 2 * expected + 1
        with pytest.raises(OSError, match="the disk is gone"):
            next(given)
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 2, 3])
def test_who_leaves_before_the_end_leaves_no_thread(size):
    before = threading.active_count()
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    with Crew(size) as crew:
        given = doubled(crew, endless())
        assert next(given) == 1
        given.close()
    assert closed.is_set()
    assert threading.active_count() == before


def test_no_more_work_at_a_time_than_there_are_cores():
    busy, most = 0, 0
    lock, meet = threading.Lock(), threading.Barrier(2, timeout=5)

    def step(item):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        if item == 0:
            meet.wait()  # two are at work at once
        with lock:
            busy -= 1
        return item

    with Crew(2) as crew:
        lines = [crew.ahead(crew.doing(crew.ahead(crew.reading([item] * 2)), step)) for item in (0, 0, 1)]
        starters = [threading.Thread(target=list, args=(line,)) for line in lines]
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
    assert most == 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_what_is_done_beside_is_there_when_it_is_asked_for(size):
    before = threading.active_count()
    with Crew(size) as crew, crew.beside(lambda stop: threading.current_thread()) as made:
        assert (made() is threading.current_thread()) == (size == 1)
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 2, 3])
def test_what_fails_beside_is_told_where_it_is_asked_for(size):
    def failing(stop):
        raise OSError("the disk is gone")

    before = threading.active_count()
    with Crew(size) as crew, crew.beside(failing) as made, pytest.raises(OSError, match="the disk is gone"):
        made()
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [2, 3])
def test_what_is_done_beside_is_stopped_where_nobody_asks(size):
    before = threading.active_count()
    stopped = threading.Event()

    def endless(stop):
        stop.wait()
        stopped.set()

    with pytest.raises(KeyboardInterrupt), Crew(size) as crew, crew.beside(endless):
        raise KeyboardInterrupt
    assert stopped.is_set()
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 2, 3])
def test_what_is_behind_uses_all_in_order(size):
    before = threading.active_count()
    used = []
    with Crew(size) as crew, crew.behind(used.append) as use:
        for item in numbers():
            use(item)
    assert used == list(range(50))
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("who", ["makes", "uses"])
@pytest.mark.parametrize("at", [0, 7, 49])
def test_an_error_of_who_makes_or_uses_ends_both(size, who, at):
    used = []

    def fail(one, item):
        if one == who and item == at:
            raise OSError("the disk is gone")

    def use(item):
        fail("uses", item)
        used.append(item)

    before = threading.active_count()
    with Crew(size) as crew, pytest.raises(OSError, match="the disk is gone"), crew.behind(use) as give:
        for item in numbers():
            fail("makes", item)
            give(item)
    assert used == list(range(at if who == "uses" else len(used)))
    assert threading.active_count() == before
