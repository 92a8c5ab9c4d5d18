"""Pages: one template each, whole or as its named blocks.

A page is a template and a typed context; its fragments are the template's own blocks (house rule 12). The
same handler answers both, because what is asked for stands in the request's headers:

    (no HX-Request)              the whole page
    HX-Request, HX-Target: kpis  the block `kpis`: what htmx sends when a form or link targets #kpis
    HX-Request, X-Blocks: a,b    the blocks a and b, one after the other: what live.js sends after a burst of
                                 announcements that concerns several regions of the page

Rules that make this work:
- A region is one element whose id is the block's name: `{% block kpis %}<section id="kpis" ...>`. It declares
  what it listens to: `data-live="account:<id>"`, several topics separated by spaces, `account` for any account,
  `*` for everything. The element is always there; with nothing to show it is `hidden`.
- Blocks need nothing from outside but the page's context, the shell and the globals: no `{% set %}` or
  `{% import %}` above them. Macros are reached as `ui.<name>` (every macro of templates/components/).
- ids are the same on every rendering, so that the morph finds them again (popovers stay open, focus stays).
- A name the template does not have is left out; when none is known, the whole page is the answer.

live.js puts each element of the answer over the one with its id (idiomorph). The answer's `X-Now` is the
world's time, from which the page counts "3 minutes ago".

Rendering is synchronous and happens after the transaction: the context holds values, never rows that load.
"""

import hashlib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from litestar import Request, Response
from litestar.enums import MediaType
from markupsafe import Markup

from app.domain.ports.connections import ConnectedSource
from app.domain.ports.platform import Platform, Source
from app.domain.ports.values import Metric
from app.web import charts, formats, i18n, svg, wordlist, words
from app.web.forms import FLASH
from app.web.shell import Shell

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
VARY = "HX-Request, HX-Target, X-Blocks, Cookie, Accept-Language"


class Components:
    """Every macro of templates/components/ by name: `ui.num(...)`. Two of one name are refused."""

    def __init__(self) -> None:
        self._macros: dict[str, Any] = {}

    def load(self, env: Environment) -> None:
        """Take the macros in. A macro's globals are those of this moment, so `ui` itself must be one of them by now."""
        for path in sorted((TEMPLATES / "components").glob("*.html")):
            exported = env.get_template(f"components/{path.name}").module.__dict__
            for name, macro in exported.items():
                if name.startswith("_") or not callable(macro):
                    continue
                if name in self._macros:
                    raise ValueError(f"two components are named {name}: the second is in {path.name}")
                self._macros[name] = macro

    def __getattr__(self, name: str) -> Any:
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(f"no component is named {name}") from None


class Renderer:
    """The templates, ready to render. One for the process; `main` makes it and keeps it in `app.state.renderer`.

    platforms: by name, for their labels and icons. prefix: where static files are served.
    """

    def __init__(self, platforms: Mapping[str, Platform], *, prefix: str = "/static", reload: bool = False) -> None:
        self._prefix = prefix
        self._asset = self._asset_now if reload else cache(self._asset_now)
        self.env = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=reload,
        )
        self.env.policies["ext.i18n.trimmed"] = True
        self.env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
        self.env.filters.update({f.__name__: f for f in formats.FILTERS})
        self.env.globals.update(
            asset=lambda path: self._asset(path),
            icon=icon,
            platform=platforms.__getitem__,
            platforms=tuple(platforms.values()),
            source_label=partial(source_label, platforms),
            sparkline=svg.sparkline,
            bar=svg.bar,
            heat_steps=svg.heat_steps,
            daily_chart=charts.daily,
            curve_chart=charts.curve,
            missing_text=i18n.missing_text,
            error_text=i18n.error_text,
            kind_text=i18n.kind_text,
            change=formats.change,
            zone_name=formats.zone_name,
            reader=i18n.reader,
            locales=i18n.LOCALES,
            word=partial(word, platforms),
            account_words=lambda name: {m.value: i18n.gettext(w) for m, w in platforms[name].account_metrics.items()},
            post_words=lambda name: {m.value: i18n.gettext(w) for m, w in platforms[name].post_metrics.items()},
            engagement_words=partial(wordlist.engagement, platforms),
            post_columns=partial(wordlist.post_columns, platforms),
            **words.GLOBALS,
            **wordlist.GLOBALS,
        )
        self._ui = Components()
        self.env.globals["ui"] = self._ui
        self._ui.load(self.env)

    def _asset_now(self, path: str) -> str:
        """The address of a static file, with its content in it: it may be cached for ever."""
        digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
        return f"{self._prefix}/{path}?v={digest}"

    def render(self, shell: Shell, name: str, context: msgspec.Struct, blocks: tuple[str, ...] = ()) -> str:
        """The template `name` with the fields of `context` and `shell`: whole, or only `blocks` in this order."""
        template = self.env.get_template(name)
        values = {field: getattr(context, field) for field in context.__struct_fields__}
        with i18n.reading_as(shell.reader):
            if not blocks:
                return template.render(**values, shell=shell)
            scope = template.new_context({**values, "shell": shell})
            parts = [part for block in blocks for part in template.blocks[block](scope)]
            if shell.flashes:  # a notice stands outside every block, and comes along out of band
                parts.append(self._ui.flashes(shell, swap=True))
            return "".join(parts)

    def page(
        self,
        request: Request[Any, Any, Any],
        shell: Shell,
        name: str,
        context: msgspec.Struct,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response[str]:
        """The page or the blocks that the request asks for."""
        blocks = wanted(request.headers, self.env.get_template(name))
        response = Response(
            self.render(shell, name, context, blocks),
            media_type=MediaType.HTML,
            status_code=status_code,
            headers={
                "Vary": VARY,
                "Cache-Control": "private, no-store",
                "X-Now": formats.iso(shell.now),
                **(headers or {}),
            },
        )
        if shell.flashes:  # said now, and not again
            response.delete_cookie(FLASH, path="/")
        return response


def wanted(headers: Mapping[str, str], template: Template) -> tuple[str, ...]:
    """Names of the blocks to answer with; none means the whole page."""
    if headers.get("HX-Request") != "true" or headers.get("HX-Boosted") or headers.get("HX-History-Restore-Request"):
        return ()
    asked = headers.get("X-Blocks") or headers.get("HX-Target") or ""
    return tuple(dict.fromkeys(name for name in asked.replace(" ", "").split(",") if name in template.blocks))


def page(
    request: Request[Any, Any, Any],
    shell: Shell,
    name: str,
    context: msgspec.Struct,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """Answer `request` with the template `name`: `return page(request, shell, "accounts/show.html", context)`.

    Call it after the transaction's block. An invalid form is answered with status_code=422.
    """
    renderer: Renderer = request.app.state.renderer
    return renderer.page(request, shell, name, context, status_code=status_code, headers=headers)


def source_label(platforms: Mapping[str, Platform], platform: str, source: str) -> str:
    """A source's name for people; what is stored when no source of that platform has this name any more."""
    its = platforms.get(platform)
    known: tuple[Source | ConnectedSource, ...] = (*its.sources, *its.connected) if its else ()
    return next((its.label for its in known if its.name == source), source)


def word(platforms: Mapping[str, Platform], platform: str, metric: str, of: str = "account") -> str:
    """The platform's own word for a number of its accounts or posts ("Subscribers"), in the reader's language."""
    its = platforms[platform]
    names = its.account_metrics if of == "account" else its.post_metrics
    return i18n.gettext(names.get(Metric(metric), metric))


@cache
def icon(name: str, extra: str = "") -> Markup:
    """One of the icons of icons.txt, inline and silent for screen readers. extra: classes, as "s" (small), "spin"."""
    path = STATIC / "vendor" / "icons" / f"{name}.svg"
    try:
        source = path.read_text()
    except FileNotFoundError:
        raise LookupError(f"no icon {name}: is it in app/web/icons.txt, and was `make setup` run since?") from None
    body = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    shapes = "".join(
        line.replace(" />", "/>") for line in map(str.strip, body.splitlines()) if "M0 0h24v24H0z" not in line
    )
    classes = f"icon {extra}".strip()
    return Markup(  # noqa: S704 - files of ours
        f'<svg class="{classes}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
        f' stroke-linejoin="round" aria-hidden="true">{shapes}</svg>'
    )
