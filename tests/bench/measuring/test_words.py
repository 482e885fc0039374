"""Words are counted as people do: in small letters, without marks, and phrases as a search finds them."""

import pytest
from bench.measuring.words import Heard, plain_words, score


@pytest.fixture(autouse=True)
def counted():
    pytest.importorskip("jiwer", reason="of the extra bench")


def test_words_are_compared_as_they_sound():
    assert plain_words("I\u2019m sorry, that's 2; You cannot: press 10 or 400!") == (
        "i am sorry that is two you can not press ten or"
    )


def test_errors_and_phrases():
    found = score("One two three four five.", "one 2 three for five")
    assert found == Heard(words=5, errors=1, right=4, phrases=3, found=1)
    assert (found + found).wer == 0.2
