"""Every page. A new one is a handler here, a template and a test."""

from typing import Any

from app.web.pages import (
    accounts,
    collection,
    connections,
    creators,
    images,
    login,
    overview,
    posts,
    sandbox,
    senders,
    settings,
    setup,
    sources,
    workspace,
)


def handlers(*, sandboxed: bool) -> list[Any]:
    """The handlers of all pages; the sandbox's ribbon only where there is a sandbox."""
    pages = [
        accounts, collection, connections, creators, images, login, overview, posts, senders, settings, setup, sources,
        workspace,
    ]  # fmt: skip
    if sandboxed:
        pages.append(sandbox)
    return [handler for page in pages for handler in page.handlers]
