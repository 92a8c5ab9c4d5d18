"""Errors in the format of Google's APIs. Messages and shapes as in recorded answers and in public reports of them."""

from typing import Any

from starlette.responses import JSONResponse

QUOTA = (
    "The request cannot be completed because you have exceeded your "
    '<a href="/youtube/v3/getting-started#quota">quota</a>.'
)
BAD_KEY = "API key not valid. Please pass a valid API key."
NO_IDENTITY = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
CONSOLE = "https://console.developers.google.com/apis/api/youtube.googleapis.com/overview?project=123456789012"
DISABLED = (
    "YouTube Data API v3 has not been used in project 123456789012 before or it is disabled. "
    f"Enable it by visiting {CONSOLE} then retry. If you enabled this API recently, "
    "wait a few minutes for the action to propagate to our systems and retry."
)
_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_SERVICE = "youtube.googleapis.com"


def failure(
    status: int,
    reason: str,
    message: str,
    domain: str,
    *,
    name: str | None = None,
    details: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
    **more: str,
) -> JSONResponse:
    """{"error": {code, message, errors: [{message, domain, reason, ...more}], status?, details?}}."""
    error: dict[str, Any] = {"code": status, "message": message}
    error["errors"] = [{"message": message, "domain": domain, "reason": reason, **more}]
    if name:
        error["status"] = name
    if details:
        error["details"] = details
    return JSONResponse({"error": error}, status, headers)


def quota_exceeded() -> JSONResponse:
    return failure(403, "quotaExceeded", QUOTA, "youtube.quota")


def key_invalid() -> JSONResponse:
    details: list[dict[str, Any]] = [
        {"@type": _INFO, "reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": {"service": _SERVICE}},
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": BAD_KEY},
    ]
    return failure(400, "badRequest", BAD_KEY, "global", name="INVALID_ARGUMENT", details=details)


def no_key() -> JSONResponse:
    return failure(403, "forbidden", NO_IDENTITY, "global", name="PERMISSION_DENIED")


def api_disabled() -> JSONResponse:
    links = [{"description": "Google developers console API activation", "url": CONSOLE}]
    metadata = {"consumer": "projects/123456789012", "service": _SERVICE}
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.Help", "links": links},
        {"@type": _INFO, "reason": "SERVICE_DISABLED", "domain": "googleapis.com", "metadata": metadata},
    ]
    return failure(
        403,
        "accessNotConfigured",
        DISABLED,
        "usageLimits",
        name="PERMISSION_DENIED",
        details=details,
        extendedHelp=CONSOLE,
    )


def bad_token() -> JSONResponse:
    header = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return failure(
        401,
        "authError",
        "Invalid Credentials",
        "global",
        name="UNAUTHENTICATED",
        headers={"www-authenticate": header},
        locationType="header",
        location="Authorization",
    )


def insufficient_scopes(service: str = _SERVICE) -> JSONResponse:
    details: list[dict[str, Any]] = [
        {
            "@type": _INFO,
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"service": service},
        }
    ]
    return failure(
        403, "insufficientPermissions", "Insufficient Permission", "global", name="PERMISSION_DENIED", details=details
    )


def forbidden() -> JSONResponse:
    return failure(403, "forbidden", "Forbidden", "global")


def bad_query(message: str) -> JSONResponse:
    return failure(400, "badRequest", message, "global", name="INVALID_ARGUMENT")


def bad_parameter(reason: str, message: str, location: str, domain: str = "youtube.parameter") -> JSONResponse:
    return failure(400, reason, message, domain, locationType="parameter", location=location)


def playlist_not_found() -> JSONResponse:
    message = "The playlist identified with the request's <code>playlistId</code> parameter cannot be found."
    return failure(
        404, "playlistNotFound", message, "youtube.playlistItem", locationType="parameter", location="playlistId"
    )
