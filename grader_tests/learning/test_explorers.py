"""What one plays with beside the circuits, in a browser on a plain page."""

from __future__ import annotations

import re
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chainrule import explorers
from chainrule.activations import ACTIVATIONS
from chainrule.numeric import numerical_gradients
from grader_tests.support import browser


def film() -> explorers.Explorer:
    grids = [np.full((3, 4), k) for k in range(3)]
    X, y = np.array([[0.0, 0.0], [0.5, -0.5], [-1.0, 1.0]]), np.array([0, 1, 2])
    return explorers.training(
        [1.1, 0.9, 0.5, 0.3, 0.1], grids, points=(X, y), notes=["first", "half", "end"]
    )


@pytest.mark.browser
def test_activation_follows_slider_and_choice(show: Any) -> None:
    widget = show(explorers.activation()).locator(".chainrule-activation")
    assert widget.locator(".said").inner_text() == (
        "value 0.7311 · slope 0.1966 · back: upstream 1 × 0.1966 = 0.1966"
    )
    widget.locator("input").fill("6")
    assert "slope 0.002467" in widget.locator(".said").inner_text()
    assert widget.locator("[aria-live]").inner_text().count("Saturated") == 1
    widget.locator("select").select_option("ReLU")
    widget.locator("input").fill("-2")
    assert "Dead" in widget.locator("[aria-live]").inner_text()
    widget.locator("input").press("ArrowRight")
    assert widget.locator(".at").inner_text() == "−1.95"


@pytest.mark.browser
def test_activations_in_javascript_are_those_of_python(show: Any) -> None:
    x = [-700.0, -3.0, -0.4, 0.0, 0.7, 2.0, 700.0]
    code = files("chainrule").joinpath("web", "activation.js").read_text(encoding="utf-8")
    found = show().evaluate(
        f"""(x) => {{ {code}
        return Object.entries(ACTIVATIONS).map(([name, {{ value, slope }}]) =>
          [name, x.map(value), x.map((v) => slope(v, value(v)))]); }}""",
        x,
    )
    assert [name for name, *_ in found] == list(explorers.EXPLORED)
    for name, values, slopes in found:
        function = ACTIVATIONS[name]
        slope = function.slope
        np.testing.assert_allclose(values, function(np.array(x)), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(slopes, slope(np.array(x)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", explorers.EXPLORED)
def test_slopes_are_the_numerical_ones(name: str) -> None:
    function, slope = ACTIVATIONS[name], ACTIVATIONS[name].slope
    x = np.array([-2.5, -0.3, 0.4, 3.0])
    (estimate,) = numerical_gradients(lambda x: function(x).sum(), (x,))
    np.testing.assert_allclose(slope(x), estimate.value, atol=1e-6)


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["softmax", "sigmoid, elementwise", "ReLU, elementwise"])
def test_jacobian_and_the_short_way_agree_and_follow_the_fields(show: Any, kind: str) -> None:
    x, upstream = [1.0, 2.0, 0.5, -1.0], [1.0, -2.0, 0.5, 3.0]
    widget = show(explorers.jacobian(kind)).locator(".chainrule-jacobian")

    def agrees() -> None:
        J = explorers._jacobian(kind, np.array(x))
        shown = [_number(text) for text in widget.locator("td.entry:not(.value)").all_inner_texts()]
        np.testing.assert_allclose(shown[:16], J.ravel(), rtol=6e-3, atol=1e-12)
        np.testing.assert_allclose(shown[16:], upstream @ J, rtol=6e-3, atol=1e-12)
        sums = [_number(text) for text in widget.locator(".pick").all_inner_texts()]
        np.testing.assert_allclose(sums, upstream @ J, rtol=6e-3, atol=1e-12)

    agrees()
    x[1], upstream[0] = -0.5, 4.0
    widget.get_by_label("x1", exact=True).fill("-0.5")
    widget.get_by_label("upstream 0", exact=True).fill("4")
    agrees()
    widget.get_by_role("button", name=re.compile("^dx2")).click()
    assert widget.locator(".said").inner_text().startswith("dx2 = 4 × ")
    assert "16,777,216" in widget.locator(".counts").inner_text()
    assert "128 MiB" in widget.locator(".counts").inner_text()
    assert "1.34 TB" in widget.locator(".counts").inner_text()


@pytest.mark.browser
def test_training_plays_frame_by_frame(show: Any) -> None:
    page = show(film())
    widget = page.locator(".chainrule-training")
    assert widget.locator(".said").inner_text() == "step 0 · loss 1.1 · first"
    browser.press(widget, "Forward")
    assert widget.locator(".said").inner_text() == "step 2 · loss 0.5 · half"
    widget.locator(".frame").focus()
    page.keyboard.press("ArrowRight")
    assert widget.locator(".said").inner_text() == "step 4 · loss 0.1 · end"
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    widget.get_by_text("step 4").wait_for()
    widget.get_by_role("button", name="Play", exact=True).wait_for()
    colour = widget.evaluate(
        "(host) => [...host.shadowRoot.querySelector('canvas').getContext('2d')"
        ".getImageData(0, 0, 1, 1).data.slice(0, 3)]"
    )
    assert colour == [0xB9, 0xE5, 0xD6]


@pytest.mark.browser
def test_the_film_is_no_bright_field_on_a_dark_page(show: Any) -> None:
    page = show(film())
    brightness = {}
    for scheme in ("light", "dark"):
        page.evaluate(f"document.documentElement.style.colorScheme = '{scheme}'")
        shot = page.locator(".chainrule-training .plane").screenshot(animations="disabled")
        pixels = np.asarray(Image.open(BytesIO(shot)).convert("L")) / 255
        brightness[scheme] = pixels.mean()
    assert brightness["light"] > 0.7
    assert brightness["dark"] < 0.35


@pytest.mark.browser
def test_without_scripts_pictures_and_tables_are_there(show: Any) -> None:
    shown = explorers.activation("tanh"), explorers.jacobian(), film()
    page = show(*shown, java_script_enabled=False)
    assert page.get_by_role("img", name=re.compile("tanh and its derivative")).is_visible()
    assert "0.4116" in page.locator("table").inner_text()
    assert page.get_by_role("img", name=re.compile("the loss falls from 1.1 to 0.1")).is_visible()


def test_text_forms() -> None:
    assert "value is 0.7311 and the slope 0.1966" in explorers.activation().text
    assert "16,777,216 entries: 128 MiB" in explorers.jacobian().text
    assert "from 1.1 to 0.1 in 4 steps" in film().text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: explorers.activation("swish"), "'swish' is not one of sigmoid"),
        (lambda: explorers.jacobian("tanh, elementwise"), "no Jacobian of 'tanh, elementwise'"),
        (lambda: explorers.training([1.0], []), "every frame needs"),
        (lambda: explorers.training([1.0], [np.ones((2, 2))], notes=["a", "b"]), "every frame"),
    ],
)
def test_what_cannot_be_shown_is_refused(wrong: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wrong()


def _number(text: str) -> float:
    return float(text.replace("−", "-"))
