"""What counts as a host name and a public address. Pure."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BAD_URL = re.compile(r"[\x00-\x20\x7f\\]")

# Routed, or looks so to `is_global`, but not a plain public host. IPv6 that carries an IPv4 address inside
# (6to4, Teredo, NAT64) leads to whatever that address is, and none of it is a place a platform lives at.
_NEVER_4 = tuple(IPv4Network(net) for net in ("192.0.0.0/24", "192.88.99.0/24"))
_GLOBAL_6 = IPv6Network("2000::/3")
_NEVER_6 = tuple(IPv6Network(net) for net in ("2001::/23", "2002::/16", "3fff::/20", "5f00::/16"))


class Refused(Exception):
    """Our own rule says no: the text is a short reason, without the address it would have led to."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def is_public(address: str) -> bool:
    """Whether an IPv4 or IPv6 address belongs to the public Internet and to nothing special."""
    ip = ip_address(address)
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified or not ip.is_global:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in net for net in _NEVER_4)
    return ip in _GLOBAL_6 and not any(ip in net for net in _NEVER_6)


def clean_host(host: str) -> str:
    """The host in lower case, without brackets or a trailing dot: a DNS name or a canonical public address.

    Raises Refused for everything else, the many spellings of an IPv4 address (2130706433, 0x7f.1, 0177.0.0.1) among it.
    """
    name = host.lower()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
        literal: IPv4Address | IPv6Address | None
        try:
            literal = IPv6Address(name)
        except ValueError:
            literal = None
        if literal is None or "%" in name:
            raise Refused("not a host name")
    else:
        name = name.removesuffix(".")
        labels = name.split(".")
        if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
            raise Refused("not a host name")
        if not _NUMBER.fullmatch(labels[-1]):
            return name
        try:
            literal = IPv4Address(name)
        except ValueError:
            raise Refused("an address in an unusual spelling") from None
    if not is_public(str(literal)):
        raise Refused("not a public address")
    return str(literal)


def clean_url(url: str) -> str:
    """The URL, when it is http(s) to a host name or public address on the scheme's own port, without user and password.

    Raises Refused.
    """
    if len(url) > 8192 or _BAD_URL.search(url):
        raise Refused("not a URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("not a URL") from None
    if parts.scheme not in PORTS:
        raise Refused("only http and https")
    if "@" in parts.netloc:
        raise Refused("a user name in the address")
    if port not in (None, PORTS[parts.scheme]):
        raise Refused("only ports 80 and 443")
    host = parts.hostname or ""
    try:
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise Refused("not a host name") from None
    clean = clean_host(f"[{ascii_host}]" if ":" in ascii_host else ascii_host)
    return parts._replace(netloc=f"[{clean}]" if ":" in clean else clean).geturl()
