"""The providers' consent pages for a person's own browser, which does not go through the proxy: plain HTTP on loopback.

`http://127.0.0.1:PORT/accounts.google.com/o/oauth2/v2/auth?...` is what the sandbox answers at
`https://accounts.google.com/o/oauth2/v2/auth?...`. A page's links and forms are relative ("?..." or "") for that
reason.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.answers import answer


def consent(sandbox: ASGIApp) -> ASGIApp:
    """All hosts of the sandbox, each under its name."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        host, _, path = scope["path"].removeprefix("/").partition("/")
        headers = [(name, value) for name, value in scope["headers"] if name != b"host"] + [(b"host", host.encode())]
        if path == "favicon.ico" or host == "favicon.ico":  # browsers ask for one, wherever they are
            await answer(send, 204)
            return
        inner = {**scope, "path": f"/{path}", "raw_path": f"/{path}".encode(), "headers": headers}
        await sandbox(inner, receive, send)

    return app
