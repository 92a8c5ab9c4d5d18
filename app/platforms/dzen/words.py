"""What we say when Dzen does not answer as it should. msgids; each ends with what happens or what to do."""

from app.domain.ports.errors import N_

PLATFORM = "Dzen"

PAGES_OFF = N_("Reading Dzen's public pages is switched off (DZEN_PUBLIC_PAGES); there is no other source.")
NO_CHANNEL = N_("There is no such channel on Dzen any more. Check the link.")
NO_POST = N_("There is no such publication on Dzen any more. Check the link.")
OTHER_CHANNEL = N_("This name now belongs to another channel on Dzen. Add the channel again under its new name.")
