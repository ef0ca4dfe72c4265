"""What publishing makes of the pages: addresses, the list of files, the policy."""

import base64
import hashlib
from pathlib import Path

import pytest

from coursebook import publish

NAME = f"{'0a' * 8}.png"  # a name that is a hash


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A site of two pages, with all the ways to call a file."""
    texts = {
        "index.html": '<link href="_static/a.css"><a href="sub/page.html#there">',
        "sub/page.html": (
            '<link href="../_static/a.css?digest=1"><script src="../x%20y.js"></script>'
            f'<img src="../{NAME}" srcset="../s.png 1x, ../l.png 2x">'
            '<a href="../course.pdf"><a href="https://example.org/s.png">'
            '<script src="../gone.js"></script><img src="../lite/s.png">'
        ),
        "_static/a.css": '@import "b.css"; p { background: url("../s.png"); }',
        "_static/b.css": "p { background: url(data:image/png;base64,AA==) }",
        "_static/unused.css": "p { background: url(../s.png) }",
        "_static/template.html": "",
        "lite/index.html": '<script src="x.js"></script>',
        **dict.fromkeys(("x y.js", "s.png", "l.png", "course.pdf"), "1"),
        **dict.fromkeys(("lite/x.js", "lite/s.png", NAME), "1"),
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def query(file: Path) -> str:
    return f"?v={hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"


def test_files_are_called_and_listed_by_the_hash_of_their_content(root):
    files = dict(publish.publish(root))
    one = query(root / "s.png")
    styles = {f"_static/{s}.css{query(root / f'_static/{s}.css')}" for s in "ab"}
    pictures = {f"s.png{one}", f"l.png{one}", NAME}
    pages = {"index.html", "sub/page.html"}
    assert set(files) == {*pages, *styles, *pictures, f"x%20y.js{one}"}
    content = hashlib.sha256((root / "sub/page.html").read_bytes()).digest()
    assert files["sub/page.html"] == base64.b64encode(content).decode()

    page = (root / "sub/page.html").read_text()
    assert f'srcset="../s.png{one} 1x, ../l.png{one} 2x"' in page
    assert f'src="../x%20y.js{one}"' in page
    assert f'"../_static/a.css{query(root / "_static/a.css")}"' in page
    for untouched in (NAME, "course.pdf", "example.org/s.png", "gone.js", "lite/s.png"):
        assert f'{untouched}"' in page


def test_changed_picture_changes_the_address_of_the_style_and_the_page(root):
    before = dict(publish.publish(root))
    assert dict(publish.publish(root)) == before  # again: nothing moves
    (root / "s.png").write_text("2")
    after = dict(publish.publish(root))
    assert not [name for name in before.keys() & after.keys() if "a.css" in name]
    assert before["index.html"] != after["index.html"]
    assert [name for name in before if "b.css" in name] == [
        name for name in after if "b.css" in name
    ]


def test_what_belongs_to_no_page_is_left_alone(root):
    names = ("lite/index.html", "_static/unused.css", "_static/template.html")
    before = [(root / name).read_text() for name in names]
    publish.publish(root)
    assert [(root / name).read_text() for name in names] == before


def test_policy_names_the_scripts_that_stand_in_the_page_and_no_other():
    inside = '<script src="a.js"></script><script>one()</script><script>two()</script>'
    policed = publish.with_policy(
        f"<meta content=\"script-src 'self'; img-src\">{inside}"
    )
    digests = sorted(
        base64.b64encode(hashlib.sha256(script).digest()).decode()
        for script in (b"one()", b"two()")
    )
    named = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert f"script-src 'self' {named}; img-src" in policed
    assert policed.endswith(inside)


def test_a_corner_without_words_is_no_heading_and_a_fold_has_the_name_it_shows():
    table = '<tr><th></th><th>loss</th></tr><th class="head"><p></p></th>'
    assert publish.mended(table) == "<tr><td></td><th>loss</th></tr><td></td>"
    fold = '<summary aria-label="Toggle hidden content">Show the code</summary>'
    assert publish.mended(fold) == "<summary>Show the code</summary>"
