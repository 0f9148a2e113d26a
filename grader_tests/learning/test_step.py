"""Circuits one can step through, in a browser on a plain page."""

from __future__ import annotations

import json
import random
import re
from importlib.resources import files
from typing import Any

import pytest

from chainrule import draw, step
from chainrule.circuit import GATES, Scalar, log, sigmoid
from chainrule.formatting import MINUS, number
from grader_tests.support import browser
from grader_tests.support.circuits import fork, neuron, xyz


def only(page: Any) -> Any:
    return page.locator(".chainrule-stepper")


@pytest.mark.browser
def test_two_circuits_on_one_page_step_apart(show: Any) -> None:
    page = show(step.through(xyz()), step.through(neuron()))
    first, second = only(page).nth(0), only(page).nth(1)
    browser.press(second, "Forward", 3)
    browser.check_xyz(first)
    assert browser.steps(second) == (3, 24)
    browser.press(first, "Forward", 2)
    browser.check_neuron(second)
    assert browser.steps(first) == (2, 7)


@pytest.mark.browser
def test_predict(show: Any) -> None:
    browser.check_predict(only(show(step.through(xyz()))))


@pytest.mark.browser
def test_a_fork_adds(show: Any) -> None:
    widget = only(show(step.through(fork())))
    sentences = []
    for _ in range(browser.steps(widget)[1]):
        browser.press(widget, "Forward")
        sentences.append(browser.said(widget))
    assert "x forks, and what comes back on its branches adds up: 1 + (−4) = −3" in sentences
    assert browser.numbers(widget)["x"] == ["2", "−3"]
    assert browser.table(widget)["x"] == ["2", "−3"]


@pytest.mark.browser
def test_one_scalar_on_both_inputs_of_a_gate(show: Any) -> None:
    x = Scalar(3, "x")
    widget = only(show(step.through((x * x).named("f"))))
    browser.press(widget, "Forward", 4)
    assert browser.said(widget) == "multiply, back to x (input 2): upstream 1 × local 3 = 3"
    browser.to_the_end(widget)
    assert browser.numbers(widget)["x"] == ["3", "6"]


@pytest.mark.browser
def test_play_runs_to_the_end_and_stops(show: Any) -> None:
    page = show()
    page.clock.install()
    page.set_content(browser.PAGE + step.through(xyz()).html)
    widget = only(page)
    browser.keys(widget, "Space")
    page.clock.run_for(3000)
    assert 1 <= browser.steps(widget)[0] < 7
    browser.keys(widget, "Space")
    paused = browser.steps(widget)
    page.clock.run_for(10_000)
    assert browser.steps(widget) == paused
    browser.press(widget, "Play")
    page.clock.run_for(30_000)
    assert browser.steps(widget) == (7, 7)
    assert widget.get_by_role("button", name="Play", exact=True).is_visible()


@pytest.mark.browser
def test_an_input_that_is_no_number_is_marked_and_changes_nothing(show: Any) -> None:
    widget = only(show(step.through(xyz())))
    browser.to_the_end(widget)
    browser.set_input(widget, "x", "")
    field = widget.get_by_label("x, an input of the circuit")
    assert field.get_attribute("aria-invalid") == "true"
    assert browser.numbers(widget)["f"] == ["−12", "1"]
    field.blur()
    assert field.input_value() == "-2"


@pytest.mark.browser
def test_a_gate_without_a_value_says_so(show: Any) -> None:
    x = Scalar(2, "x")
    page = show(step.through((1 / x).named("f")))
    browser.set_input(only(page), "x", "0")
    browser.press(only(page), "Forward")
    assert "reciprocal has no value here" in only(page).locator(".why").inner_text()


@pytest.mark.browser
def test_keys_in_a_field_do_not_step(show: Any) -> None:
    page = show(step.through(xyz()))
    browser.press(only(page), "Forward")
    only(page).get_by_label("x, an input of the circuit").focus()
    for key in ("ArrowRight", "Home", "Space", "5"):
        page.keyboard.press(key)
    assert browser.steps(only(page)) == (1, 7)


@pytest.mark.browser
def test_everything_is_reached_by_tab_and_named(show: Any) -> None:
    page = show(step.through(xyz()))
    names = []
    for _ in range(9):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                """() => { const now = document.activeElement.shadowRoot?.activeElement;
                return now && (now.getAttribute("aria-label") ?? now.textContent) }"""
            )
        )
    assert names[0].startswith("Circuit, step by step")
    assert [name.split(",")[0] for name in names[1:4]] == ["x", "y", "z"]
    assert names[4:] == ["Reset", "Back", "Play", "Forward", "Predict"]
    live = only(page).locator("[aria-live=polite]")
    browser.press(only(page), "Forward")
    assert "q = x + y" in live.inner_text()


@pytest.mark.browser
def test_without_scripts_image_and_table_are_there(show: Any) -> None:
    page = show(step.through(xyz()), java_script_enabled=False)
    image = page.get_by_role("img", name=re.compile("Circuit of 2 gates"))
    assert image.is_visible()
    box = image.bounding_box()
    assert box["width"] > 400
    assert box["height"] > 100
    page.locator("summary").click()
    assert "multiply of q, z" in page.locator("table").inner_text()


@pytest.mark.browser
def test_on_paper_the_finished_circuit_is_shown(show: Any) -> None:
    page = show(step.through(xyz()))
    image = page.locator("img")
    assert not image.is_visible()
    page.emulate_media(media="print")
    assert image.is_visible()
    assert not only(page).locator(".step").is_visible()


def scripts(*names: str) -> str:
    web = files("chainrule").joinpath("web")
    return "".join(web.joinpath(name).read_text(encoding="utf-8") for name in names)


@pytest.mark.browser
def test_gates_in_javascript_are_those_of_circuit(show: Any) -> None:
    rng = random.Random(1)
    cases = []
    for name, gate in GATES.items():
        arity = gate.forward.__code__.co_argcount - 1
        for trial in range(40):
            inputs = [rng.uniform(-3, 3) for _ in range(arity)]
            if trial == 0 and name != "reciprocal":
                inputs = [0.0] * arity  # the kinks, and a tie
            constant = (
                rng.choice([-2.0, -1.0, 0.0, 0.5, 2.0, 3.0]) if "{c}" in gate.symbol else None
            )
            if name == "log" or (name == "power" and constant != 2.0):
                inputs = [abs(value) + 0.01 for value in inputs]
            out = gate.forward(*inputs, constant)
            cases.append((name, inputs, constant, out, gate.local(*inputs, out, constant)))
    found = show().evaluate(
        f"""(cases) => {{ {scripts("common.js", "gates.js")}
        return [Object.keys(GATES), cases.map(([name, inputs, c]) => {{
          const out = GATES[name].forward(...inputs, c);
          return [out, GATES[name].local(...inputs, out, c)];
        }})]; }}""",
        [case[:3] for case in cases],
    )
    names, results = found
    assert names == list(GATES)
    for (name, inputs, constant, out, local), (js_out, js_local) in zip(
        cases, results, strict=True
    ):
        where = f"{name} at {inputs}, c = {constant}"
        assert js_out == pytest.approx(out, rel=1e-12, abs=1e-300), where
        assert js_local == pytest.approx(list(local), rel=1e-12, abs=1e-300), where


@pytest.mark.browser
def test_numbers_in_javascript_look_as_in_the_drawing(show: Any) -> None:
    rng = random.Random(2)
    values = [rng.uniform(-1, 1) * 10 ** rng.randint(-8, 8) for _ in range(300)]
    values += [0.0, -0.0, 1.0, -12.0, 0.0001, 0.00001, 9999.0, 10000.0, 99999.0, 1e22]
    shown = show().evaluate(
        f"(values) => {{ {scripts('common.js')} return values.map((value) => show(value)); }}",
        values,
    )
    assert shown == [number(value, 4, MINUS) for value in values]


GUESSES = [
    ("0.20", 0.196612, "right"),
    ("0.2", 0.196612, "right"),
    ("0.1966", 0.196612, "right"),
    ("0.18", 0.196612, "close"),
    ("−0.53", -0.534447, "right"),
    ("-0,53", -0.534447, "right"),
    ("0.53", -0.534447, "not"),
    ("1/3", 1 / 3, "right"),
    ("1.4", 1.367879, "right"),
    ("12", 12.0, "right"),
    ("12.4", 12.0, "close"),
    ("-12.0", -12.0, "right"),
    ("160", 156.3, "close"),
    ("156", 156.3, "right"),
    ("0", 0.0, "right"),
    ("0.1", 0.0, "not"),
    ("5", 0.5, "not"),
]


@pytest.mark.browser
def test_a_guess_may_be_rounded_to_two_digits(show: Any) -> None:
    found = show().evaluate(
        f"(cases) => {{ {scripts('common.js', 'gates.js', 'lesson.js')} "
        "return cases.map(([guess, truth]) => judge(typed(guess), truth, []).mark); }",
        [case[:2] for case in GUESSES],
    )
    assert [(*case[:2], mark) for case, mark in zip(GUESSES, found, strict=True)] == GUESSES


@pytest.mark.browser
def test_every_gate_steps_to_the_end_with_the_numbers_of_python(show: Any) -> None:
    x, y = Scalar(0.7, "x"), Scalar(1.9, "y")
    shared = (x * y).named("shared")
    circuits = []
    for gate in GATES.values():
        constant = 3.0 if "{c}" in gate.symbol else None
        arity = gate.forward.__code__.co_argcount - 1
        made = Scalar._made_by(gate.name, *[shared, y][:arity], constant=constant)
        circuits.append((log(sigmoid(made)) + shared).named("f"))
    page = show(*map(step.through, circuits))
    for i, circuit in enumerate(circuits):
        circuit.backward()
        widget = only(page).nth(i)
        browser.to_the_end(widget, by_key=True)
        found = list(browser.numbers(widget).values())
        for scalar, (value, gradient) in zip(circuit.circuit(), found, strict=True):
            if scalar.gate:
                assert value == number(scalar.value, 4, MINUS)
            assert gradient == number(scalar.gradient or 0.0, 4, MINUS)


def test_stepping_leaves_the_circuit_as_it_was() -> None:
    f = xyz()
    walk = step.through(f)
    assert all(scalar.gradient is None for scalar in f.circuit())
    before = walk.html
    f.inputs[1].value = 100.0
    assert walk.html == before


def test_forms() -> None:
    bundle = step.through(xyz())._repr_mimebundle_()
    finished = xyz()
    finished.backward()
    assert bundle["text/plain"] == draw.circuit(finished).table
    assert bundle["text/html"].count("<script>") == 1
    # The static picture comes first, and no address of anything stands in the page.
    assert draw.circuit(finished).html in bundle["text/html"]
    assert set(re.findall(r"https?://[^\"' ]+", bundle["text/html"])) <= {
        "http://www.w3.org/2000/svg"
    }


def test_a_name_cannot_end_the_script() -> None:
    walk = step.through((Scalar(1, "</script><b>") + 1).named("<!--"))
    script = walk.html.split("<script>")[1]
    assert script.count("</script>") == 1
    assert "<!--" not in script
    assert json.loads(json.dumps(walk.data))["nodes"][0]["label"] == "</script><b>"


# ---- The graph of somebody's own engine, and narrow columns.


class Engine:
    """A value of an engine that forgets that forks add."""

    def __init__(self, value: float, operands: tuple[Any, ...] = (), local: Any = ()) -> None:
        self.value, self.operands, self.local, self.gradient = value, operands, local, 0.0

    def __add__(self, other: Engine) -> Engine:
        return Engine(self.value + other.value, (self, other), (1.0, 1.0))

    def __mul__(self, other: Engine) -> Engine:
        return Engine(self.value * other.value, (self, other), (other.value, self.value))

    def backward(self, upstream: float = 1.0) -> None:
        self.gradient = upstream
        for operand, local in zip(self.operands, self.local, strict=True):
            operand.backward(upstream * local)


@pytest.mark.browser
def test_ones_own_engine_is_stepped_through_and_told_where_it_differs(show: Any) -> None:
    x, y = Engine(2.0), Engine(-4.0)
    f = x * y + x
    f.backward()
    widget = only(show(step.through(f)))
    told = []
    for _ in range(browser.steps(widget)[1]):
        browser.press(widget, "Forward")
        told.append(f"{browser.said(widget)} {widget.locator('.why').inner_text()}")
    assert any("(1) forks" in one and "Your engine has 1 at (1)." in one for one in told)
    assert sum("Your engine" in one for one in told) == 1
    assert browser.numbers(widget)["(1)"] == ["2", "−3"]


@pytest.mark.browser
def test_a_gate_the_course_does_not_have_keeps_its_numbers(show: Any) -> None:
    x = Engine(2.0)
    cube = Engine(8.5, (x,), (12.25,))
    cube.gradient, x.gradient = 1.0, 12.25
    widget = only(show(step.through(cube)))
    browser.press(widget, "Forward")
    assert browser.said(widget) == "(2), made of (1): 8.5"
    browser.to_the_end(widget)
    assert browser.said(widget) == "back to (1): upstream 1 × local 12.25 = 12.25"
    assert widget.locator("foreignObject input").count() == 0  # nobody knows its formula


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
def test_labels_of_the_neuron_can_be_read(show: Any, width: int) -> None:
    page = show(step.through(neuron()), viewport={"width": width, "height": 900})
    browser.to_the_end(only(page))
    sizes = only(page).evaluate(
        """(host) => {
          const svg = host.shadowRoot.querySelector(".view > svg");
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          return [...svg.querySelectorAll("text")].map((text) =>
            parseFloat(getComputedStyle(text).fontSize) * scale);
        }"""
    )
    assert len(sizes) > 40
    assert min(sizes) >= 11
    view = only(page).locator(".view")
    assert view.evaluate("(box) => box.scrollWidth <= box.clientWidth"), "one has to scroll"
    browser.check_neuron(only(page))


@pytest.mark.browser
def test_a_column_that_becomes_narrow_turns_the_picture(show: Any) -> None:
    page = show(step.through(xyz()), viewport={"width": 900, "height": 900})
    browser.press(only(page), "Forward", 2)
    page.set_viewport_size({"width": 340, "height": 900})
    page.wait_for_function(
        """() => document.querySelector(".chainrule-stepper").shadowRoot
             .querySelector(".view > svg").viewBox.baseVal.width < 340"""
    )
    assert browser.steps(only(page)) == (2, 7)
    assert browser.numbers(only(page))["f"] == ["−12", ""]
    browser.check_xyz(only(page))
    browser.check_predict(only(page))
