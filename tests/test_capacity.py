"""The arithmetic of docs/capacity.md."""

import importlib

import pytest

capacity = importlib.import_module("docs.capacity")  # a script: outside what mypy checks
TODAY = capacity.PLACES[1]


def test_what_is_held_is_images_times_their_size() -> None:
    assert capacity.needs(TODAY).held_bytes == pytest.approx(TODAY.held_images * capacity.IMAGE_BYTES)


def test_the_busiest_hour_of_a_working_day_is_above_the_mean_of_the_year() -> None:
    mean = TODAY.images / (capacity.YEAR_DAYS * capacity.DAY_S)

    assert capacity.needs(TODAY).peak_images_s == pytest.approx(mean * capacity.PEAK * 365 / 245)


def test_twice_the_images_take_twice_the_cores_and_bytes() -> None:
    once, twice = capacity.needs(TODAY), capacity.needs(TODAY._replace(images=2 * TODAY.images))

    assert twice.centre_cores == pytest.approx(2 * once.centre_cores)
    assert twice.year_bytes == pytest.approx(2 * once.year_bytes)
    assert twice.held_bytes == once.held_bytes


def test_the_table_has_a_figure_for_each_place() -> None:
    assert {len(row) for row in capacity.rows()} == {len(capacity.head())} == {4}
