"""The audit chain: every change to it is found, at the right place."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.audit import GENESIS_HASH, Head, Link, Verification, link_hash, verify

payloads = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=2, max_size=12)


def chain(texts: list[str]) -> list[Link]:
    links: list[Link] = []
    previous = GENESIS_HASH
    for seq, text in enumerate(texts, start=1):
        links.append(Link(seq, previous, text, link_hash(seq, previous, text)))
        previous = links[-1].hash
    return links


def head_of(links: list[Link]) -> Head:
    return Head(links[-1].seq, links[-1].hash) if links else Head(0, GENESIS_HASH)


def finding(result: Verification) -> tuple[str | None, int | None]:
    assert not result.holds
    return result.finding, result.first_bad_seq


def test_the_hash_is_what_the_specification_says() -> None:
    written = b"edgewise/audit/v1\n7\n" + b"0" * 64 + b'\n{"a":"\xc3\xa9"}\n'
    assert link_hash(7, GENESIS_HASH, '{"a":"é"}') == hashlib.sha256(written).hexdigest()


@given(payloads)
def test_an_untouched_chain_holds(texts: list[str]) -> None:
    links = chain(texts)
    result = verify(links, head_of(links))
    assert result.holds
    assert (result.events, result.head_seq, result.head_hash) == (len(links), len(links), links[-1].hash)
    assert result.first_bad_seq is None


def test_an_empty_chain_holds() -> None:
    assert verify([], head_of([])).holds


@given(payloads, st.data())
def test_an_altered_event_is_found(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 1))
    head = head_of(links)
    links[at] = links[at]._replace(payload=links[at].payload + "!")
    assert finding(verify(links, head)) == ("altered", at + 1)


@given(payloads, st.data())
def test_an_event_rewritten_with_a_fitting_hash_is_found_at_its_successor(
    texts: list[str], data: st.DataObject
) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 2))
    head, forged = head_of(links), links[at].payload + "!"
    links[at] = links[at]._replace(payload=forged, hash=link_hash(at + 1, links[at].prev_hash, forged))
    assert finding(verify(links, head)) == ("forked", at + 2)


@given(payloads, st.data())
def test_a_removed_event_is_found(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 2))
    head = head_of(links)
    del links[at]
    assert finding(verify(links, head)) == ("missing", at + 1)


@given(payloads, st.data())
def test_a_removed_event_is_found_although_the_others_were_renumbered(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 2))
    head = Head(len(links) - 1, links[-1].hash)
    del links[at]
    links = [link._replace(seq=seq) for seq, link in enumerate(links, start=1)]
    assert finding(verify(links, head)) == ("forked", at + 1)


@given(payloads, st.data())
def test_an_inserted_event_is_found(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 1))
    head, before = head_of(links), links[at].prev_hash
    forged = Link(at + 1, before, "forged", link_hash(at + 1, before, "forged"))
    moved = [link._replace(seq=link.seq + 1) for link in links[at:]]
    assert finding(verify([*links[:at], forged, *moved], head)) == ("forked", at + 2)


@given(payloads, st.data())
def test_two_events_at_one_place_are_found(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 1))
    doubled = [*links[: at + 1], links[at], *links[at + 1 :]]
    assert finding(verify(doubled, head_of(links))) == ("forked", at + 1)


@given(payloads, st.data())
def test_exchanged_events_are_found(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 2))
    head = head_of(links)
    one, two = links[at], links[at + 1]
    links[at : at + 2] = [two._replace(seq=one.seq), one._replace(seq=two.seq)]
    assert finding(verify(links, head)) == ("forked", at + 1)


@given(payloads, st.data())
def test_a_broken_link_is_found(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 1))
    head = head_of(links)
    links[at] = links[at]._replace(prev_hash="f" * 64)
    assert finding(verify(links, head)) == ("forked", at + 1)


@given(payloads, st.data())
def test_a_cut_tail_is_found_by_the_head(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    kept = data.draw(st.integers(0, len(links) - 1))
    assert finding(verify(links[:kept], head_of(links))) == ("cut", kept + 1)


@given(payloads, st.data())
def test_a_tail_cut_together_with_its_head_is_found_by_a_checkpoint(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    kept = data.draw(st.integers(0, len(links) - 1))
    cut = links[:kept]
    assert verify(cut, head_of(cut)).holds
    assert finding(verify(cut, head_of(cut), checkpoint=head_of(links))) == ("cut", kept + 1)


@given(payloads, st.data())
def test_a_chain_written_anew_is_found_by_a_checkpoint(texts: list[str], data: st.DataObject) -> None:
    checkpoint = head_of(chain(texts))
    at = data.draw(st.integers(0, len(texts) - 1))
    forged = chain([text + "!" if place == at else text for place, text in enumerate(texts)])
    assert verify(forged, head_of(forged)).holds
    assert finding(verify(forged, head_of(forged), checkpoint)) == ("forked", checkpoint.seq)


@given(payloads, st.data())
def test_a_longer_chain_holds_against_an_earlier_checkpoint(texts: list[str], data: st.DataObject) -> None:
    links = chain(texts)
    kept = data.draw(st.integers(0, len(links)))
    assert verify(links, head_of(links), head_of(links[:kept])).holds


@pytest.mark.parametrize("checkpoint", [Head(0, "f" * 64)])
def test_a_checkpoint_of_another_beginning_is_found(checkpoint: Head) -> None:
    links = chain(["one"])
    assert finding(verify(links, head_of(links), checkpoint)) == ("forked", 0)


def test_every_link_names_its_predecessor() -> None:
    links = chain(["one", "two", "three"])
    assert all(after.prev_hash == before.hash for before, after in pairwise(links))
