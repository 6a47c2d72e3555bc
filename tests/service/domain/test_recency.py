"""A bounded memory."""

from service.domain.recency import Recent


def test_what_was_used_longest_ago_makes_room() -> None:
    memory: Recent[str, int] = Recent(2)
    memory.keep("a", 1)
    memory.keep("b", 2)
    assert memory.find("a") == 1
    memory.keep("c", 3)
    assert (memory.find("a"), memory.find("b"), memory.find("c"), len(memory)) == (1, None, 3, 2)


def test_a_value_is_made_where_it_is_missing_and_only_there() -> None:
    memory: Recent[str, list[int]] = Recent(2)
    made = memory.of("a", list)
    assert memory.of("a", list) is made
    memory.forget("a")
    assert memory.of("a", list) is not made
    memory.clear()
    assert len(memory) == 0
