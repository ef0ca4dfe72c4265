"""The explorers on the built pages draw what the package computes.

Every knob is turned by keyboard; the numbers are read off the drawn marks, through
the scales of the picture, and compared with the package's functions.
"""

import base64
import json
import re
from pathlib import Path

import numpy as np
from conftest import SITE, swipe, wait_until, wake
from playwright.sync_api import expect

from vgcourse import explorers, formats, products
from vgcourse.activations import ACTIVATIONS
from vgcourse.explorers import _runs
from vgcourse.explorers.patient import HIGHEST_LOSS
from vgcourse.explorers.reading import Reading
from vgcourse.meanfield import predict_profile
from vgcourse.propagation import measure_grid
from vgcourse.unit_chain import unit_chain

PIXEL = 0.02  # of a mark's position, in layers; coordinates have two decimals

READ = (Path(__file__).parent / "read_marks.js").read_text()


def linear_chain(knobs):
    factors = np.full(knobs["depth"], knobs["gain"])
    sizes = formats.naive_products(factors, dtype=knobs["number_format"])
    with np.errstate(divide="ignore"):
        held = np.log10(np.abs(sizes.astype(float)))
    return {
        "size": {
            "exact": np.insert(products.log10_products(factors), 0, 0.0),
            "held": np.insert(held, 0, 0.0),
        }
    }


def chain(knobs):
    names = ("weight", "start", "depth", "activation")
    weight, start, depth, activation = (knobs[name] for name in names)
    run = unit_chain(weight, start, activation=activation, depth=depth)
    return {
        "factors": {"factors": products.log10_products(run.factors[:, None])[:, 0]},
        "product": {"product": np.insert(products.log10_products(run.factors), 0, 0.0)},
    }


def saturation(knobs):
    names = ("weight", "start", "bias", "depth", "activation")
    weight, start, bias, depth, activation = (knobs[name] for name in names)
    phi = ACTIVATIONS[activation]
    run = unit_chain(weight, start, bias=bias, activation=activation, depth=depth)
    best = np.full(depth, weight * phi.max_slope)
    grid = np.linspace(-8.0, 8.0, 97)
    return {
        "curve": {"curve": phi.function(grid), "h": run.h},
        "factors": {"factors": np.abs(run.factors)},
        "product": {
            "product": np.insert(products.log10_products(run.factors), 0, 0.0),
            "best": np.insert(products.log10_products(best), 0, 0.0),
        },
    }


def rectifiers(knobs):
    names = ("activation", "sigma_w", "depth")
    activation, sigma_w, depth = (knobs[name] for name in names)
    grid = measure_grid(
        activations=[activation],
        initializers=["lecun_normal"],
        gains=[sigma_w],
        depths=(5, 10, 20, 50),
        batch=64,
        rng=0,
    )
    theory = predict_profile(depth=depth, activation=activation, sigma_w=sigma_w)
    which = grid.depths.index(depth)
    return {
        "gradient": {
            "measured": grid.log10_gradient_rms[0, 0, 0, which, :depth],
            "predicted": theory.log10_gradient_rms,
        },
        "active": {
            "active": 1 - grid.saturation[0, 0, 0, :depth],
            "expected": 1 - theory.saturation,
        },
    }


def initialization(knobs):
    names = ("activation", "initializer", "gain", "depth")
    activation, initializer, gain, depth = (knobs[name] for name in names)
    layers = [n for n in (1, 2, 5, 10, 20, 30, 60, 100) if n <= depth]
    grid = measure_grid(
        activations=[activation],
        initializers=[initializer],
        gains=[gain],
        depths=(10, 30, 100),
        batch=64,
        histogram_layers=[layer - 1 for layer in layers],
        rng=0,
    )
    sigma_w = round(float(grid.sigma_w[0, 0]), 2)
    theory = predict_profile(depth=depth, activation=activation, sigma_w=sigma_w)
    which = grid.depths.index(depth)
    return {
        "activations": {"shares": grid.histograms[0, 0, 0].ravel()},
        "gradient": {
            "measured": grid.log10_gradient_rms[0, 0, 0, which, :depth],
            "predicted": theory.log10_gradient_rms,
        },
        "active": {
            "active": 1 - grid.saturation[0, 0, 0, :depth],
            "expected": 1 - theory.saturation,
        },
    }


def patient(knobs):
    """Return the stored runs, which tests/test_patient.py trains anew."""
    runs = _runs.stored()
    depth = knobs["depth"]
    scale = _runs.SCALES.index(knobs["weight_scale"])
    place = scale, _runs.DEPTHS.index(depth)
    loss = runs.loss[place]
    return {
        "network": {"gradient": runs.gradient[place][:depth]},
        "loss": {
            # From where it is not a number on, there is no loss.
            "loss": np.minimum(loss[~np.isnan(loss)], HIGHEST_LOSS),
            "chance": np.full(_runs.STEPS, runs.chance),
        },
    }


FUNCTIONS = {
    "Chain": chain,
    "Initialization": initialization,
    "LinearChain": linear_chain,
    "Patient": patient,
    "Rectifiers": rectifiers,
    "Saturation": saturation,
}


def which(place):
    """The class of an explorer on a page, by its title."""
    title = place.locator(".vg-explorer-live").get_attribute("aria-label")
    return next((cls for cls in explorers.LARGE if cls.title == title), None)


def position_of(control):
    """Where a knob stands: a slider, a list, or a row of buttons."""
    if control.evaluate("(node) => node.tagName") == "FIELDSET":
        return int(control.locator("input:checked").input_value())
    return int(control.input_value())


def kept(place):
    """The description and the table that the page has, as Python reads them."""
    name = Path(place.get_attribute("data-state")).name
    text = (SITE / "_static/explorers" / name).read_text("utf-8")
    state = json.loads(text.partition("(")[2].rpartition(")")[0])
    return Reading(state["spec"], base64.b64decode(state["table"]))


def positions_of(place, reading):
    """Where the inputs of the page stand."""
    return {
        name: position_of(place.locator(f"[data-knob={name}]"))
        for name in reading.knobs
    }


def press(control, *keys):
    """Move a knob by keyboard."""
    buttons = control.locator("input:checked")
    for key in keys:
        target = buttons if buttons.count() else control
        target.focus()
        target.press(key)


def turn(place, rng):
    """Move every knob by keyboard; a different way each time."""
    for control in place.locator("[data-knob]").all():
        is_range = control.get_attribute("type") == "range"
        keys = ["ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"]
        if not is_range:
            keys = ["ArrowDown", "ArrowUp", "ArrowDown"]
        press(control, str(rng.choice(keys)))


def compare(drawn, panel, reading, at, expected):
    """Compare what one panel shows with what Python computes; count the numbers."""
    if panel["view"] == "histograms":
        return compare_histograms(drawn, panel, reading, at, expected)
    if panel["view"] == "heat":
        # A picture of pixels, without marks that could be read.
        (cells,) = panel["series"]
        found = reading.row(cells["array"], at)
        np.testing.assert_allclose(found, expected[cells["array"]], atol=0.006)
        return len(found)
    picture = reading.picture(panel, at)
    low, high = picture["y_domain"]
    if panel["view"] == "network":
        (trace,) = panel["series"]
        name = trace["array"]
        points = np.array(drawn[f"boxes {name}"])
        shares = np.clip(expected[name] / high, -1, 1)
        np.testing.assert_allclose(points[:, 0], 1 + np.arange(len(shares)), atol=0.01)
        np.testing.assert_allclose(points[:, 1], shares, atol=0.006 + 0.006 / high)
        return len(points)
    compared = 0
    for trace, series in zip(panel["series"], picture["series"], strict=True):
        name, mark = trace["array"], trace["mark"]
        y = np.asarray(expected[name], float)
        x = np.asarray(series["x"])
        if trace["color"] == "fate" and x[0] > x[-1]:  # read from left to right
            x, y, there = x[::-1], y[::-1], series["y"][::-1]
        else:
            there = series["y"]
        layout = reading.layouts[name]
        unit = layout["unit"] if layout["dtype"] != "float32" else 0.0
        finite = np.isfinite(y)
        np.testing.assert_array_equal(np.isfinite(there), finite)
        np.testing.assert_allclose(
            there[finite], y[finite], rtol=1e-5, atol=1e-5 + unit / 2
        )
        tag = {"line": "line", "dots": "dot", "bars": "rect"}[mark]
        points = np.array(drawn.get(f"{tag} {name}", []))
        if not len(points):
            # A line needs two points; a bar of height zero is not there.
            assert finite.sum() <= 1 or (mark == "bars" and not y[finite].any())
            continue
        np.testing.assert_allclose(points[:, 0], x[finite], atol=PIXEL)
        height = points[:, 1]
        if mark == "bars":
            rises = np.abs(points[:, 2] - panel["base"]) < 1e-6 * (high - low)
            height = np.where(rises, points[:, 1], points[:, 2])
        np.testing.assert_allclose(
            height, y[finite], atol=unit / 2 + 2e-3 * (high - low)
        )
        compared += len(points)
    return compared


def compare_histograms(drawn, panel, reading, at, expected):
    """Bars as wide as the shares, beside each other layer by layer."""
    (trace,) = panel["series"]
    edges = reading.row(panel["edges"], at)
    shares = expected[trace["array"]].reshape(-1, len(edges) - 1)
    points = np.array(drawn[f"rect {trace['array']}"])
    widths = np.zeros_like(shares)
    bins = np.searchsorted(edges, (points[:, 1] + points[:, 2]) / 2) - 1
    widths[np.rint(points[:, 0]).astype(int), bins] = points[:, 3]
    widest = shares.max(axis=1, keepdims=True)
    # A share is stored in steps of 1/255.
    np.testing.assert_allclose(
        widths / 0.9, shares / widest, atol=(1 / 255) / widest.min()
    )
    return len(points)


def test_every_knob_turned_by_keyboard_draws_what_python_computes(visit):
    for place in visit.explorers:
        # A figure that turns has its table tested where it is made.
        if (cls := which(place)) is not None:
            turn_and_compare(place, cls)


def turn_and_compare(place, cls):
    """Read off the picture what it shows at twelve settings, and compute it anew."""
    reading = kept(place)
    rng = np.random.default_rng(0)
    compared, seen = 0, {knob: set() for knob in reading.knobs}
    for _ in range(12):
        at = positions_of(place, reading)
        knobs = {name: reading.value(name, at) for name in at}
        for knob, value in knobs.items():
            seen[knob].add(value)
        assert place.locator(".vg-readout").inner_text() == reading.sentence(at)
        expected = FUNCTIONS[cls.__name__](knobs)
        panels = reading.panels(at)
        assert place.locator("svg[data-panel]").count() == len(panels)
        for panel in panels:
            name = panel["name"]
            drawn = place.locator(f"svg[data-panel={name}]").evaluate(READ)
            compared += compare(drawn, panel, reading, at, expected[name])
        turn(place, rng)
    assert compared >= 50
    assert all(len(values) > 1 for values in seen.values()), seen


def test_a_turned_knob_changes_the_picture(visit):
    for place in visit.explorers:
        for control in place.locator("[data-knob]").all():
            before = place.locator(".vg-pictures").inner_html()
            at_start = position_of(control) == 0
            keys = ("ArrowRight", "ArrowLeft")
            if control.get_attribute("type") != "range":
                keys = ("ArrowDown", "ArrowUp")
            press(control, keys[0] if at_start else keys[1])
            assert place.locator(".vg-pictures").inner_html() != before


def test_each_name_in_a_legend_has_its_color_beside_it(page, site):
    page.goto(f"{site}/book/intro.html")
    (place,) = wake(page)
    keys = place.locator(".vg-key").all()
    assert len(keys) == 2
    for key in keys:
        around, swatch = key.bounding_box(), key.locator("i").bounding_box()
        assert swatch["width"] > 5
        assert around["x"] <= swatch["x"] < around["x"] + around["width"]
        assert around["y"] <= swatch["y"] < around["y"] + around["height"]


SENTENCES = """
window.sentences = [];
new MutationObserver(() => {
  const readout = document.querySelector(".vg-explorer[data-ready] .vg-readout");
  const text = readout?.innerText;
  if (text && text !== window.sentences.at(-1)) window.sentences.push(text);
}).observe(document, { childList: true, subtree: true });
"""


def test_the_first_page_moves_once_and_ends_where_python_set_it(page, site):
    page.emulate_media(reduced_motion="no-preference")
    page.add_init_script(SENTENCES)
    page.goto(f"{site}/book/intro.html")
    (place,) = wake(page)
    readout = place.locator(".vg-readout")
    wait_until(page, "() => sentences.length > 3")
    expect(readout).to_have_attribute("aria-live", "polite")
    sentences = page.evaluate("sentences")
    scales = [float(re.search(r"of ([\d.]+) times", s)[1]) for s in sentences]
    rising = scales[scales.index(min(scales)) :]
    assert rising == sorted(rising)
    assert sentences[-1] == explorers.Patient().sentence()


def test_a_touch_ends_the_motion(page, site):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(f"{site}/book/intro.html")
    (place,) = wake(page)
    readout = place.locator(".vg-readout")
    place.locator(
        "[data-knob=depth] input"
    ).first.focus()  # another than the one that moves
    expect(readout).to_have_attribute("aria-live", "polite")
    still = readout.inner_text()
    assert "0.7 times" in still
    page.wait_for_timeout(500)
    assert readout.inner_text() == still


def test_nothing_moves_for_a_reader_who_asked_for_less_motion(page, site):
    page.goto(f"{site}/book/intro.html")
    (place,) = wake(page)
    readout = place.locator(".vg-readout")
    assert readout.get_attribute("aria-live") == "polite"
    expect(readout).to_contain_text("0.7 times")


CHAIN = 5  # place of the linear chain among its chapter's explorers
AT = "gain=1.5&depth=50&number_format=float32"


def linear_chain_of(page, site, state=AT):
    """The linear chain of its chapter, alive, in a state that its address names."""
    page.goto(f"{site}/notebooks/02_linear_chain.html#explorer-{CHAIN}?{state}")
    place = wake(page)[CHAIN - 1]
    assert which(place) is explorers.LinearChain
    return place


def test_an_address_restores_a_state_and_a_move_writes_it(page, site):
    place = linear_chain_of(page, site, "gain=0.5&depth=20")
    readout = place.locator(".vg-readout")
    expect(readout).to_contain_text("After 20\u00a0layers of gain 0.5")
    place.locator("[data-knob=gain]").press("ArrowRight")
    assert page.url.endswith(f"#explorer-{CHAIN}?gain=0.55&depth=20")
    page.evaluate(f"location.hash = '#explorer-{CHAIN}?gain=2'")
    expect(readout).to_contain_text("After 20\u00a0layers of gain 2")
    place.get_by_role("button", name="Reset").click()
    assert "#" not in page.url


def test_arrow_keys_and_pointer_read_values_in_the_picture(page, site):
    place = linear_chain_of(page, site, "gain=2&depth=40")
    readout = place.locator(".vg-readout")
    picture = place.locator("svg[data-panel=size]")
    picture.focus()
    picture.press("End")
    expect(readout).to_contain_text("layer 40: true value 1.1\u00a0×\u00a010¹²")
    picture.press("ArrowLeft")
    expect(readout).to_contain_text("layer 39: ")
    picture.press("Escape")
    expect(readout).to_contain_text("After 40\u00a0layers of gain 2")
    picture.hover(position={"x": 62, "y": 100})
    expect(readout).to_contain_text("layer 0: true value 1.0")


def test_a_finger_reads_values_in_the_picture(phone, site):
    place = linear_chain_of(phone, site, "gain=2&depth=40")
    readout = place.locator(".vg-readout")
    picture = place.locator("svg[data-panel=size]")
    picture.evaluate("node => node.scrollIntoView({ block: 'center' })")
    box = picture.bounding_box()
    y = box["y"] + box["height"] / 2
    phone.touchscreen.tap(box["x"] + box["width"] - 16, y)
    expect(readout).to_contain_text("layer 40: true value 1.1\u00a0×\u00a010¹²")
    assert picture.locator(".vg-reader circle").count() > 0
    # It stays when the finger is gone, and follows one that moves sideways.
    across = np.linspace(box["x"] + box["width"] - 30, box["x"] + 59, 12)
    swipe(phone, *((x, y) for x in across))
    expect(readout).to_contain_text("layer 0: true value 1.0")
    place.get_by_role("button", name="less", exact=False).first.tap()
    expect(readout).to_contain_text("of gain")
    assert picture.locator(".vg-reader circle").count() == 0


def test_the_layers_of_a_network_are_read_by_keyboard_and_by_touch(page, phone, site):
    page.goto(f"{site}/book/intro.html")
    (place,) = wake(page)
    network = place.locator("svg[data-panel=network]")
    network.focus()
    network.press("End")
    readout = place.locator(".vg-readout")
    expect(readout).to_have_text("layer 30: 1.0 of the last layer's gradient")
    network.press("Home")
    expect(readout).to_contain_text("layer 1: ")
    expect(readout).to_contain_text("10⁻⁶ of the last layer's gradient")
    press(place.locator("[data-knob=weight_scale]"), "ArrowRight")
    expect(readout).to_contain_text("With weights of 0.75 times")
    assert place.locator(".vg-reader path").count() == 0

    phone.goto(f"{site}/book/intro.html")
    (place,) = wake(phone)
    place.locator("svg[data-panel=network]").tap(position={"x": 48, "y": 30})
    expect(place.locator(".vg-readout")).to_contain_text("layer 1: ")


def test_the_last_setting_stays_as_a_ghost_and_one_can_be_pinned(page, site):
    place = linear_chain_of(page, site)
    knob = place.locator("[data-knob=gain]")
    place.get_by_role("button", name="Pin").click()
    knob.press("ArrowLeft")
    assert place.locator(".vg-ghost, .vg-pinned").count() == 2
    line = "g[data-mark=line] path"
    kept = place.locator(f".vg-pinned {line}").first.get_attribute("d")
    now = place.locator(f"svg > g > g > {line}").first.get_attribute("d")
    assert kept != now


def test_a_frame_stands_still_until_the_hand_lets_go(page, site):
    place = linear_chain_of(page, site)
    ticks = place.locator(".vg-frame")
    knob = place.locator("[data-knob=gain]")
    before = ticks.inner_html()
    knob.hover()  # waits until nothing above it is laid out any more
    box = knob.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.7, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"], y)
    expect(place.locator(".vg-readout")).to_contain_text("gain 2 ")
    held = ticks.inner_html()
    page.mouse.up()
    assert held == before
    assert ticks.inner_html() != before  # 2⁵⁰ needs a larger one
