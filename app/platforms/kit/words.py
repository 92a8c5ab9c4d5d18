"""What we say of any platform's failures. msgids; `platform` is its label."""

from app.domain.ports.errors import N_

TOO_FAST = N_("%(platform)s asks us to slow down. We try again later.")
UNWELL = N_("%(platform)s has a fault of its own (%(status)s). We try again later.")
UNREACHABLE = N_("%(platform)s could not be reached. We try again later.")
SILENT = N_("%(platform)s did not answer in time. We try again later.")
BROKE_OFF = N_("%(platform)s broke off in the middle of its answer. We try again later.")
CHANGED = N_("%(platform)s answers in a form we do not know (%(field)s). The last good numbers stay.")
NOT_THERE = N_("There is nothing at this address of %(platform)s any more. Check the link.")
REFUSED = N_("%(platform)s refuses to show its pages to this server. We stop here and try again later.")
BOT_CHECK = N_("%(platform)s wants proof that no robot is reading. We stop here and try again later.")
ROBOTS = N_("%(platform)s asks robots not to read these pages (robots.txt). We do not read them.")
NO_BROWSER = N_(
    "These pages need a browser, and there is none on the server. Run `sightline browser install` there; the last "
    "numbers stay until then."
)
