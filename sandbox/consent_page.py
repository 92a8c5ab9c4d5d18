"""The page on which a person lets an application in: any provider's, real HTML, one form, relative."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}"
    "fieldset{border:1px solid #ccc;border-radius:.5rem;margin:1rem 0}label{display:block;padding:.25rem 0}"
    "button{font:inherit;padding:.5rem 1.5rem;margin-right:.5rem}small{color:#666}"
)


def consent_page(
    provider: str, accounts: Sequence[tuple[str, str]], scopes: Sequence[str], *, pick: bool = False
) -> Response:
    """accounts: (id, name) to choose from. The form comes back to the same address as a POST with `account` and
    `decision` ("allow" or "deny"). pick: each scope has a box, ticked at first; those left so come as `scope`."""
    choices = "".join(
        f'<label><input type="radio" name="account" value="{escape(key)}"{" checked" if n == 0 else ""}> '
        f"{escape(name)}</label>"
        for n, (key, name) in enumerate(accounts)
    )
    asked = "".join(
        f'<label><input type="checkbox" name="scope" value="{escape(scope)}" checked> {escape(scope)}</label>'
        if pick
        else f"<li>{escape(scope)}</li>"
        for scope in scopes
    )
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(provider)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(provider)}</h1><p><small>Sandbox</small></p>"
        '<form method="post" action=""><fieldset><legend>Continue as</legend>'
        f"{choices}</fieldset><p>Sightline asks to:</p>{asked if pick else f'<ul>{asked}</ul>'}"
        '<p><button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></p>'
        "</form></body></html>"
    )


def problem_page(provider: str, text: str) -> Response:
    """What a person meets who comes with an address that the provider does not take."""
    title = escape(provider)
    return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{escape(text)}</p>", 400)


def back(redirect_uri: str, **answer: str) -> Response:
    """The way back to the application, with the answer in its query."""
    mark = "&" if urlsplit(redirect_uri).query else "?"
    return RedirectResponse(f"{redirect_uri}{mark}{urlencode(answer)}", 303)
