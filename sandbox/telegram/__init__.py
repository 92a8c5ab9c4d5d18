"""A Telegram on loopback that speaks real MTProto, for the unchanged Telethon.

service     Telegram: listens, remembers keys and faults; what tests and the control server hold
wire        framing, key exchange and envelope, as the server sees them
connection  one client's connection: sessions, salts, acknowledgements, calls
calls       the table of methods, and what a method is given
content     people, channels and groups; channels' posts come from the sandbox's world
login, reading, people, inviting   the methods
"""

from sandbox.telegram.service import CENTERS, Telegram

__all__ = ["CENTERS", "Telegram"]
