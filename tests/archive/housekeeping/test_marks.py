"""How much has to go, of the store and of each site."""

from services.archive.housekeeping.marks import Excess, Marks, parsed


def test_nothing_goes_below_the_mark_and_above_it_as_much_as_the_low_mark_says() -> None:
    marks = Marks(store=100, low=0.9)

    assert Excess({"a": 60, "b": 40}, marks).size_bytes == 0
    assert Excess({"a": 61, "b": 40}, marks).size_bytes == 11


def test_a_site_above_its_own_mark_gives_up_its_own_studies_only() -> None:
    excess = Excess({"a": 60, "b": 40}, parsed(1000, ("a=50", "*=45"), 80))

    assert (excess.size_bytes, excess.concerns("a"), excess.concerns("b")) == (20, True, False)
    excess.evicted("a", 15)
    assert excess.concerns("a")
    excess.evicted("a", 15)
    assert (excess.size_bytes, excess.concerns("a")) == (0, False)


def test_what_goes_for_the_store_counts_for_its_site_too() -> None:
    excess = Excess({"a": 60, "b": 60}, parsed(100, ("a=50",), 100))

    assert excess.size_bytes == 20
    excess.evicted("a", 12)
    assert (excess.size_bytes, excess.concerns("a"), excess.concerns("b")) == (8, True, True)
    excess.evicted("b", 8)
    assert excess.size_bytes == 0


def test_without_a_mark_nothing_ever_goes() -> None:
    assert not parsed(0, ("a=0",), 90).is_set
    assert Excess({"a": 1 << 60}, Marks()).size_bytes == 0
    assert parsed(0, ("site=with=equals=5",), 90).sites == {"site=with=equals": 5}
