"""The one way out: a loopback proxy that only lets traffic through to public addresses, and a fetch over it."""

from app.lib.egress.addresses import Refused
from app.lib.egress.fetch import Fetched, FetchError
from app.lib.egress.gates import HostLimit, HostStats
from app.lib.egress.pace import Pace
from app.lib.egress.proxy import Egress

__all__ = ["Egress", "FetchError", "Fetched", "HostLimit", "HostStats", "Pace", "Refused"]
