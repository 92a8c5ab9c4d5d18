"""What we say when Wibes does not answer as it should. msgids; each ends with what happens or what to do."""

from app.domain.ports.errors import N_

PLATFORM = "Wibes"

PAGES_OFF = N_("Reading Wibes' public pages is switched off (WIBES_PUBLIC_PAGES); there is no other source.")
NO_CHANNEL = N_("There is no such account on Wibes any more. Check the link.")
NO_POST = N_("There is no such video on Wibes any more. Check the link.")
OTHER_CHANNEL = N_("This name now belongs to another account on Wibes. Add the account again under its new name.")
