import io
import sys
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flow_assets.automation.alerting.charts import HEIGHT, WIDTH, png
from flow_assets.ledger.findings import Chart

NUMBERS = st.lists(st.floats(), max_size=30).map(tuple)
NOW, BAND, LIMIT = (213, 94, 0), (197, 230, 246), (0, 114, 178)


def picture(chart: Chart) -> Image.Image:
    with Image.open(io.BytesIO(png(chart))) as image:
        return image.convert("RGB")


def places(image: Image.Image, colour: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Where that colour is."""
    pixels = image.load()

    def is_near(place: tuple[int, int]) -> bool:
        return max(abs(a - b) for a, b in zip(pixels[place], colour, strict=True)) < 8

    return [place for place in product(range(image.width), range(image.height)) if is_near(place)]


def test_the_last_point_stands_out_above_its_band() -> None:
    values = (60.0, 55.0, 64.0, 58.0, 61.0, 131.0)
    labels = tuple(f"2024-03-0{day}" for day in range(1, 7))
    image = picture(Chart("Seconds of readings", labels, values, (48.0,) * 6, (74.0,) * 6))
    assert image.size == (WIDTH, HEIGHT)
    now = [(x, y) for x, y in places(image, NOW) if x > WIDTH / 2]  # the legend has one too
    band = [(x, y) for x, y in places(image, BAND) if y > HEIGHT / 4]
    assert min(x for x, _ in now) > WIDTH * 0.85
    assert len(now) > 40
    assert len(band) > 2000
    assert max(y for _, y in now) < min(y for _, y in band)


@pytest.mark.parametrize("limits", [((), (74.0,) * 3), ((48.0,) * 3, ())])
def test_one_limit_is_a_line(limits: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    image = picture(Chart("Seconds", ("a", "b", "c"), (60.0, 61.0, 90.0), *limits))
    assert len(places(image, LIMIT)) > 50
    assert not places(image, BAND)


def test_of_a_long_series_the_end_is_drawn() -> None:
    values = tuple(float(number) for number in range(5000))
    drawn = picture(Chart("Rows", tuple(map(str, range(5000))), values))
    assert drawn.tobytes() == picture(Chart("Rows", tuple(map(str, range(4880, 5000))), values[-120:])).tobytes()


@given(NUMBERS, NUMBERS, NUMBERS, st.text(max_size=80))
@settings(max_examples=25)
def test_whatever_it_is_given_it_draws(
    values: tuple[float, ...], low: tuple[float, ...], high: tuple[float, ...], text: str
) -> None:
    for bands in ((low, high), (values, values), ((), ())):
        assert picture(Chart(text, (text,) * len(values), values, *bands)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("text", ["$x$", "$\\frac", "_a_b_", "日本", "a\nb\x00c"])
def test_text_is_drawn_as_it_is(text: str) -> None:
    assert picture(Chart(text, (text,), (1.0,))).size == (WIDTH, HEIGHT)


def test_no_window_is_ever_opened() -> None:
    png(Chart("Seconds", ("a",), (1.0,)))
    assert "matplotlib.pyplot" not in sys.modules
