"""Keeps the catalogues and the texts together: `python -m app.web.translations [--update]`.

Without an option it says what is missing and fails; with --update it writes new messages into the catalogues
and drops those that nothing shows any more.
"""

import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.web.i18n import CATALOGUES, DEFAULT, LOCALES

APP = Path(__file__).resolve().parents[1]
METHODS = [("web/templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"web/templates/**.html": {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}}
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
# Lines that change without the texts changing
NOISE = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By|Report-Msgid-Bugs-To):.*\n',
    re.MULTILINE,
)


def extracted() -> Catalog:
    """Every message in the sources, with the files it stands in."""
    found = Catalog()
    for file, _line, message, comments, context in extract_from_dir(
        APP, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        found.add(message, locations=[(f"app/{file}", 0)], auto_comments=comments, context=context)
    return found


def path(locale: str) -> Path:
    return CATALOGUES / locale / "LC_MESSAGES" / "messages.po"


def read(locale: str) -> Catalog:
    """The catalogue as it is; an empty one when there is none."""
    if not path(locale).exists():
        return Catalog(locale=locale, fuzzy=False)
    with path(locale).open("rb") as file:
        return read_po(file, locale=locale)


def problems() -> list[str]:
    """What a reader would miss, one line each; an English message stands for itself."""
    sources = extracted()
    found = []
    for locale in LOCALES:
        catalogue = read(locale)
        for message in sources:
            if not message.id:
                continue
            known = catalogue.get(message.id, message.context)
            name = f"{locale}: {_first(message)!r}"
            if known is None:
                found.append(f"{name} is not in the catalogue (`make messages`)")
            elif locale != DEFAULT:
                found += [f"{name} {trouble}" for trouble in _troubles(known, catalogue.num_plurals)]
        found += [
            f"{locale}: {_first(message)!r} is shown nowhere (`make messages`)"
            for message in catalogue
            if message.id and sources.get(message.id, message.context) is None
        ]
    return found


def _troubles(message: Message, plurals: int) -> list[str]:
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    wanted = plurals if len(ids) > 1 else 1
    if message.fuzzy:
        return ["is marked fuzzy: read it and take the mark away"]
    if len(texts) < wanted or not all(texts):
        return ["is not translated" if not any(texts) else f"needs {wanted} forms"]
    allowed = {name for text in ids for name in PLACEHOLDER.findall(text)}
    needed = set(PLACEHOLDER.findall(ids[-1])) if len(ids) == 1 else set()
    for text in texts:
        used = set(PLACEHOLDER.findall(text or ""))
        if used - allowed or needed - used:
            return [f"has other placeholders than its source: {sorted(used ^ allowed)}"]
    return []


def _first(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple | list) else str(message.id)


def update() -> None:
    """Write the catalogues anew: what is in the sources, with the translations that are known."""
    sources = extracted()
    for locale in LOCALES:
        catalogue = read(locale)
        catalogue.project, catalogue.version, catalogue.copyright_holder = "Sightline", "1", "Sightline contributors"
        catalogue.header_comment = "# Sightline's texts. `make messages` keeps this file."
        catalogue.update(sources, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        out = BytesIO()
        write_po(out, catalogue, width=110, include_lineno=False, sort_output=True)
        path(locale).parent.mkdir(parents=True, exist_ok=True)
        path(locale).write_bytes(NOISE.sub(b"", out.getvalue()))


def main() -> None:
    if sys.argv[1:] == ["--update"]:
        update()
    found = problems()
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
