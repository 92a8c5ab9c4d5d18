"""Pages whole and in blocks, and the rules that templates keep."""

import re
from datetime import UTC, datetime

import msgspec
import pytest
from jinja2 import DictLoader, UndefinedError

from app.web import render, vendor
from app.web.i18n import Reader
from app.web.render import TEMPLATES, Renderer, wanted
from app.web.shell import Flash, Shell
from tests.factories import fake_platform

NOW = datetime(2025, 4, 14, 11, 5, tzinfo=UTC)
PAGE = (
    "<html>{% block title %}{{ shell.user }}{% endblock %}"
    '{% block kpis %}<dl id="kpis">{{ views|number }} {{ _("Views") }}</dl>{% endblock %}'
    '{% block log %}<ol id="log">{{ ui.dot("ok") }}</ol>{% endblock %}</html>'
)
SOURCES = {str(path.relative_to(TEMPLATES)): path.read_text() for path in sorted(TEMPLATES.rglob("*.html"))}


class Context(msgspec.Struct):
    views: int


def shell(**values: object) -> Shell:
    base: dict[str, object] = {
        "locale": "en", "theme": "light", "timezone": "UTC", "now": NOW, "path": "/", "csrf": "token",
    }  # fmt: skip
    return Shell(**{**base, **values})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    made = Renderer({"youtube": fake_platform()})
    made.env.loader = DictLoader({"page.html": PAGE})
    return made


def test_a_whole_page(renderer: Renderer) -> None:
    html = renderer.render(shell(), "page.html", Context(1234567))
    assert html.startswith("<html>")
    assert "1,234,567" in html


def test_blocks_in_the_order_they_were_asked_for(renderer: Renderer) -> None:
    html = renderer.render(shell(), "page.html", Context(1), ("log", "kpis"))
    assert html == '<ol id="log"><span class="dot ok"></span></ol><dl id="kpis">1 Views</dl>'


def test_a_notice_comes_along_with_blocks_out_of_band(renderer: Renderer) -> None:
    html = renderer.render(shell(flashes=(Flash(text="Saved."),)), "page.html", Context(1), ("kpis",))
    assert 'id="flashes"' in html
    assert 'hx-swap-oob="true"' in html
    assert "Saved." in html


def test_what_the_context_does_not_have_is_an_error(renderer: Renderer) -> None:
    class Other(msgspec.Struct):
        likes: int

    with pytest.raises(UndefinedError):
        renderer.render(shell(), "page.html", Other(1))


@pytest.mark.parametrize(
    ("headers", "blocks"),
    [
        ({}, ()),
        ({"X-Blocks": "kpis"}, ()),
        ({"HX-Request": "true", "HX-Target": "kpis"}, ("kpis",)),
        ({"HX-Request": "true", "X-Blocks": "log, kpis,log"}, ("log", "kpis")),
        ({"HX-Request": "true", "X-Blocks": "gone,log"}, ("log",)),
        ({"HX-Request": "true", "HX-Target": "gone"}, ()),
        ({"HX-Request": "true"}, ()),
        ({"HX-Request": "true", "HX-Target": "kpis", "HX-Boosted": "true"}, ()),
        ({"HX-Request": "true", "HX-Target": "kpis", "HX-History-Restore-Request": "true"}, ()),
    ],
)
def test_headers_say_which_blocks(renderer: Renderer, headers: dict[str, str], blocks: tuple[str, ...]) -> None:
    assert wanted(headers, renderer.env.get_template("page.html")) == blocks


def test_an_asset_s_address_changes_with_its_content(renderer: Renderer) -> None:
    first = renderer.env.globals["asset"]("css/base.css")  # type: ignore[operator]
    other = renderer.env.globals["asset"]("css/tokens.css")  # type: ignore[operator]
    assert re.fullmatch(r"/static/css/base\.css\?v=[0-9a-f]{12}", first)
    assert first.partition("?")[2] != other.partition("?")[2]


def test_two_components_of_one_name_are_refused() -> None:
    components, env = render.Components(), Renderer({}).env
    components.load(env)
    with pytest.raises(ValueError, match="two components are named"):
        components.load(env)


def test_an_unknown_icon_says_where_to_put_it() -> None:
    with pytest.raises(LookupError, match=r"icons\.txt"):
        render.icon("no-such-icon")


def test_the_shell_knows_who_reads() -> None:
    assert shell(locale="ru").reader == Reader("ru", "UTC", NOW)


@pytest.mark.parametrize("name", SOURCES)
def test_a_live_region_is_the_block_of_its_name(name: str) -> None:
    source = SOURCES[name]
    blocks = set(re.findall(r"{%-? block (\w+)", source))
    for tag in re.findall(r"<\w+[^>]*?\bdata-live=", source):
        region = re.search(r'\bid="([^"]+)"', tag)
        assert region, f"a live region without an id: {tag}"
        assert region[1] in blocks, f"#{region[1]} is live but no block of {name}"


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_that_the_content_policy_forbids(name: str) -> None:
    source = SOURCES[name]
    assert not re.search(r"\sstyle=|\son\w+=\"|hx-on|javascript:|<style|hx-vals=['\"]js:", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))


def test_every_component_that_is_called_exists() -> None:
    components = Renderer({}).env.globals["ui"]
    called = {name for source in SOURCES.values() for name in re.findall(r"\bui\.(\w+)\(", source)}
    assert called
    assert [name for name in sorted(called) if not hasattr(components, name)] == []


def test_icons_txt_names_what_is_used_and_nothing_else() -> None:
    everything = "\n".join(SOURCES.values())
    quoted = set(re.findall(r'"([a-z0-9-]+)"', everything))
    names = set(vendor.icon_names())
    called = set(re.findall(r'\bicon\("([a-z0-9-]+)"', everything))
    assert called - {"arrow-"} <= names  # arrow-up and arrow-down are put together
    # a platform's icon is named by the platform
    unused = {n for n in names - quoted if not n.startswith(("brand-", "arrow-"))}
    assert unused == set()
