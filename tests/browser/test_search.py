"""Search finds symbols, names, numbers and words; its excerpts read well."""

import json
from urllib.parse import quote

import pytest
from conftest import SITE

# What a reader types; a place that must be among the first five; what it must show.
ASKED = [
    ("χ", "Glossary: chi (χ)", "χ"),
    ("chi", "Glossary: chi (χ)", "χ"),
    ("chi", "The edge of chaos: Send a gradient back", "χ"),
    ("σ_w", "The edge of chaos: Follow two signals", "σ_w"),
    ("sigma_w", "The edge of chaos: Follow two signals", "σ_w"),
    ("spectral norm", "Glossary: spectral norm", "largest singular value"),
    ("spectral norm", "The linear chain: Follow a signal through one", "spectral"),
    ("He", "Glossary: He initialization", "Kaiming"),
    ("He", "Initialization: Put the activation in", "He initialization"),
    ("0.25", "Saturation: Prove the bound of one quarter", "below 0.25 everywhere"),
    ("vanishing", "Glossary: vanishing gradient", "Vanished means"),
    ("vanish", "Glossary: vanishing gradient", "Vanished means"),
    ("Xavier", "Glossary: Glorot initialization", "Xavier"),
    ("Xavier", "Initialization: Choose between two fans", "Xavier"),
    ("Kaiming", "Glossary: He initialization", "Kaiming"),
    ("φ'", "The chained derivative: Write the derivative as a product", "φ'"),
    ("φ′", "The chained derivative: Write the derivative as a product", "φ'"),
    ("bfloat16", "The linear chain: Find the cliff of your number format", "bfloat16"),
    ("bf16", "The linear chain: Find the cliff of your number format", "bfloat16"),
    ("1.5·I", "The linear chain: Multiply the identity by one number", "1.5·I"),
    ("1.5*I", "The linear chain: Multiply the identity by one number", "1.5·I"),
    (
        "the first layer learns last",
        "The chained derivative: Send the loss back",
        "last",
    ),
    ("he_normal", "Initialization: See the two faces", "he_normal"),
]


def ask(page, address: str, query: str) -> list[tuple[str, str]]:
    """Return the first five places and their excerpts."""
    page.goto(f"{address}/search.html?q={quote(query)}")
    page.locator("#search-results [role=status]:not(:empty)").wait_for()
    items = page.locator("#search-results li").all()[:5]
    return [
        (item.locator("a").inner_text(), item.locator("p").inner_text())
        for item in items
    ]


@pytest.mark.parametrize(("query", "place", "shown"), ASKED)
def test_search_finds(page, site, query, place, shown):
    found = ask(page, site, query)
    excerpts = [text for name, text in found if name.startswith(place)]
    assert excerpts, [name for name, _ in found]
    assert shown in excerpts[0]
    assert page.locator("#search-results mark").count()
    assert page.complaints == []


def test_search_works_from_a_folder(page):
    assert ask(page, SITE.as_uri(), "χ")[0][0] == "Glossary: chi (χ)"
    assert page.complaints == []


def test_place_opens_at_its_section(page, site):
    ask(page, site, "bound of one quarter")
    page.locator("#search-results a").first.click()
    page.wait_for_url("**/notebooks/04_saturation.html#prove-the-bound-of-one-quarter")
    assert page.locator("#prove-the-bound-of-one-quarter h2").is_visible()


def test_every_place_exists():
    texts = (SITE / "_static/search-texts.js").read_text("utf-8")
    data = json.loads(texts.partition("= ")[2].rstrip(";\n"))
    for page in data["pages"]:
        html = (SITE / page["address"]).read_text("utf-8")
        for _, anchor, _ in page["sections"]:
            assert not anchor or f'id="{anchor}"' in html


def test_texts_hold_no_tex():
    texts = (SITE / "_static/search-texts.js").read_text("utf-8")
    data = json.loads(texts.partition("= ")[2].rstrip(";\n"))
    for page in data["pages"]:
        for title, _, text in page["sections"]:
            prose = text.replace("\\n", " ").replace("\\s", " ")
            assert "\\" not in prose, (page["title"], title)
            assert "%s" not in prose


def test_nothing_found_is_said_and_helped(page, site):
    assert ask(page, site, "zebra") == []
    assert "Nothing found" in page.locator("[role=status]").first.inner_text()


def test_words_that_stand_nowhere_together_are_still_found(page, site):
    assert ask(page, site, "bfloat16 zebra")
    assert "some of them" in page.locator("[role=status]").first.inner_text()


def test_dialog_leads_to_the_results(page, site):
    page.goto(f"{site}/notebooks/04_saturation.html")
    page.keyboard.press("Control+k")
    field = page.locator("#pst-search-dialog input[type=search]")
    field.wait_for()
    field.fill("σ_w")
    field.press("Enter")
    page.locator("#search-results li").first.wait_for()
    assert page.complaints == []
