"""What we say when Telegram does not answer as it should. msgids; each ends with what happens or what to do."""

from app.domain.ports.errors import N_

PLATFORM = "Telegram"

# Both sources
NO_CHANNEL = N_("There is no public Telegram channel of this name any more. Check the link.")
OTHER_CHANNEL = N_("This name now belongs to another Telegram channel. Add the channel again under its new name.")
NO_NAME = N_("The channel's public name is not known, and Telegram finds channels by name only. Paste its t.me link.")

# The API, and the accounts it is read with
NO_APPLICATION = N_("No Telegram application. Put one from my.telegram.org into TELEGRAM_API_ID and TELEGRAM_API_HASH.")
APPLICATION_REFUSED = N_(
    "Telegram refuses the application. Put a valid one into TELEGRAM_API_ID and TELEGRAM_API_HASH."
)
SESSION_OVER = N_("Telegram has ended this account's session. Connect the Telegram account again.")
BANNED = N_("Telegram has closed this account. Connect another Telegram account.")
FROZEN = N_(
    "Telegram has frozen this account. It rests until its owner appeals in the Telegram app and connects it again."
)
LIMITED = N_("Telegram has limited this account. It rests until its owner asks @SpamBot why and connects it again.")
FLOOD = N_("Telegram asks this account to wait. We go on when the wait is over.")

# Signing in
NOT_A_PHONE = N_("This is no phone number. Type it with its country code, such as +44 20 7946 0000.")
NO_ACCOUNT = N_("Telegram has no account with this phone number. Check the number.")
WRONG_CODE = N_("The code is not right. Type the one that Telegram sent last.")
WRONG_PASSWORD = N_("The password is not right. Type the two-factor password of the Telegram account.")
CODE_OVER = N_("The code has run out. Begin again to get another.")
NO_OTHER_WAY = N_("Telegram has no other way to send the code. Type the one that was sent last.")
TOO_MANY_CODES = N_(
    "Telegram takes no more attempts with this account for now. Try again tomorrow, or scan the QR code."
)
EMAIL_NEEDED = N_(
    "Telegram wants an e-mail address for this account first. Set it up in the Telegram app, then begin again."
)
ATTEMPT_OVER = N_("This attempt to sign in has ended. Begin again.")

# The public preview
PAGES_OFF = N_(
    "Reading Telegram's public pages is switched off (TELEGRAM_PUBLIC_PAGES). Connect a Telegram account to "
    "read channels."
)
NO_PREVIEW = N_("This channel shows no public preview on t.me. Connect a Telegram account to read its posts.")
NOT_A_CHANNEL = N_("This name belongs to a person, a bot or a group on Telegram, not to a channel. Check the link.")
