"""What we say when Telegram does not answer as it should. msgids; each ends with what happens or what to do."""

from app.domain.ports.errors import N_

PLATFORM = "Telegram"

# Both sources
NO_CHANNEL = N_("There is no public Telegram channel of this name any more. Check the link.")
OTHER_CHANNEL = N_("This name now belongs to another Telegram channel. Add the channel again under its new name.")
NO_NAME = N_("The channel's public name is not known, and Telegram finds channels by name only. Paste its t.me link.")

# The public preview
PAGES_OFF = N_(
    "Reading Telegram's public pages is switched off (TELEGRAM_PUBLIC_PAGES). Connect a Telegram account to "
    "read channels."
)
NO_PREVIEW = N_("This channel shows no public preview on t.me. Connect a Telegram account to read its posts.")
NOT_A_CHANNEL = N_("This name belongs to a person, a bot or a group on Telegram, not to a channel. Check the link.")
