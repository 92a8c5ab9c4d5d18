"""What we say when Pinterest does not answer as it should. msgids; each ends with what happens next."""

from app.domain.ports.errors import N_

NO_ACCOUNT = N_("There is no such Pinterest account, or it was closed. Check the link.")
NO_PIN = N_("There is no such pin on Pinterest any more. Check the link.")
CHANGED_HANDS = N_("This Pinterest name belongs to another account now. Paste a link to the one you mean.")
NO_NAME = N_("Pinterest's pages are found by name only. Paste a link to the account.")
PAGES_OFF = N_(
    "Reading Pinterest's public pages is switched off. Switch on PINTEREST_PUBLIC_PAGES, or connect the account."
)

# A connected account
NO_APP = N_(
    "No Pinterest app. Put the one from developers.pinterest.com into PINTEREST_APP_ID and PINTEREST_APP_SECRET."
)
APP_REFUSED = N_("Pinterest does not accept PINTEREST_APP_ID and PINTEREST_APP_SECRET. Put the right ones there.")
NOT_ACCEPTED = N_("Pinterest no longer accepts this connection. Connect the account again.")
NO_SCOPE = N_(
    "This Pinterest connection may not read that. Connect the account again and allow everything that is asked."
)
NOT_ITS_OWN = N_("A Pinterest connection reads only the account that it was made for.")
