"""The one stylesheet of the built book: what stays in it, and in what order."""

from pathlib import Path

import pytest

from coursebook import styles
from coursebook.publish import publish
from coursebook.styles import parsed, reduced

WORDS = frozenset({"used", "here", "open"})


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("p{color:red}", "p{color:red}"),
        (".used.here>p{a:b}", ".used.here>p{a:b}"),
        (".used .gone{a:b}", ""),
        ("#gone{a:b}", ""),
        (".gone,.used,#here{a:b}", ".used,#here{a:b}"),
        # What stands in :not() need not be there; what may stand in :is() might.
        ("p:not(.gone){a:b}", "p:not(.gone){a:b}"),
        (":is(.gone,.used) p{a:b}", ":is(.gone,.used) p{a:b}"),
        ("[class~=gone]{a:b}", "[class~=gone]{a:b}"),
        (".vg-made-of-parts{a:b}", ".vg-made-of-parts{a:b}"),
        (".bs-tooltip-top .used{a:b}", ".bs-tooltip-top .used{a:b}"),
        ("@media print{.gone{a:b}.used{a:b}}", "@media print{.used{a:b}}"),
        ("@supports (a:b){@media print{.gone{a:b}}}", ""),
        ("@media print{@page{margin:0}}", "@media print{@page{margin:0}}"),
        ('@font-face{src:url("a.woff2")}', '@font-face{src:url("a.woff2")}'),
        ("/* said */p{a:b}", "p{a:b}"),
        ("/*! Licence */.gone{a:b}", "/*! Licence */"),
        ('@charset "utf-8";p{a:b}', "p{a:b}"),
    ],
)
def test_a_rule_stays_if_something_may_match_it(rule, kept):
    assert "".join(reduced(parsed(rule), WORDS)).replace("\n", "") == kept


def test_what_cannot_be_read_is_an_error():
    with pytest.raises(ValueError, match="cannot be read"):
        list(reduced(parsed("p { } }"), WORDS))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A site of two pages in different folders, with the same four stylesheets."""
    link = '<link rel="stylesheet" href="{}_static/{}" />'
    more = '<link media="print" href="{}_static/print.css?v=1" rel="stylesheet">'
    for name, up in (("index.html", ""), ("sub/page.html", "../")):
        links = [link.format(up, f"{s}.css?digest=2") for s in ("theme/a", "b")]
        head = "\n".join([*links, more.format(up), '<link rel="icon" href="i.svg">'])
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f'{head}<p class="one">A page</p>')
    texts = {
        "theme/a.css": '@import "../base.css?v=3"; .one{background:url(i.png)} .zero{}',
        "base.css": "p { --i: url('sub/i.png') url(data:image/png;base64,AA==) }",
        "b.css": ".two { color: red } .three { color: blue }",
        "print.css": "@page { margin: 0 } .one { color: black }",
        "s.js": 'node.className = "two";',
        "explorers/0.js": '"three"',
    }
    for name, text in texts.items():
        file = tmp_path / "_static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_pages_share_one_stylesheet_in_the_order_of_theirs(root):
    publish(root)
    (sheet,) = (root / "_static").glob("styles-*.css")
    rules = sheet.read_text()
    order = ['url("sub/i.png")', ".one{background:url(theme/i.png)", ".two", "@page"]
    places = [rules.index(text) for text in order]
    assert places == sorted(places)
    assert "url(data:image/png;base64,AA==)" in rules
    assert "zero" not in rules
    assert "three" not in rules
    assert "@media print {\n@page { margin: 0 }\n.one{color: black}\n}" in rules
    for page, up in ((root / "index.html", ""), (root / "sub/page.html", "../")):
        (link,) = styles.LINK.findall(page.read_text())
        assert f'href="{up}_static/{sheet.name}?v=' in link
        assert '<link rel="icon" href="i.svg">' in page.read_text()


def test_other_stylesheets_make_another(root):
    page = root / "index.html"
    page.write_text(page.read_text().replace("_static/b.css", "_static/base.css"))
    publish(root)
    assert len(list((root / "_static").glob("styles-*.css"))) == 2
