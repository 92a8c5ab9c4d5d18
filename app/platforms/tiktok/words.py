"""What we say when TikTok or EnsembleData does not answer as it should. msgids; each ends with what happens next."""

from app.domain.ports.errors import N_

NO_ACCOUNT = N_("There is no such TikTok account, or it was closed. Check the link.")
NO_POST = N_("There is no such TikTok post, or it is private. Check the link.")
PRIVATE = N_("This TikTok account is private; its posts are not public.")
SHORT_LINK = N_("This short TikTok link leads to no post and no account. Paste the full address.")

# EnsembleData
NO_TOKEN = N_("No EnsembleData token. Put one into ENSEMBLE_API_TOKEN; until then TikTok's public pages are read.")
TOKEN_REFUSED = N_("EnsembleData refuses the token. Put a valid one into ENSEMBLE_API_TOKEN.")
PLAN_OVER = N_("EnsembleData does not serve this token now (%(status)s). Look at its subscription in their dashboard.")
UNITS_SPENT = N_("The EnsembleData units for today are used up. Reading goes on after midnight UTC.")

# The public pages
PAGES_OFF = N_(
    "Reading TikTok's public pages is switched off. Switch it on with TIKTOK_PUBLIC_PAGES, or put a token into "
    "ENSEMBLE_API_TOKEN."
)
LOGIN = N_("TikTok shows this page to signed-in people only. We stop here and try again later.")

# A connected account
NO_CLIENT = N_(
    "No TikTok client. Put TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET of an app at developers.tiktok.com into the "
    "settings."
)
OWN_ONLY = N_("This account is read only through its owner's connection. Connect it again, or paste its address.")
NOT_ITS_OWN = N_("A TikTok connection reads only the account that it was made for.")
NOT_ACCEPTED = N_("TikTok no longer accepts this connection. Connect the account again.")
NO_SCOPE = N_("This TikTok connection may not read that. Connect the account again and allow everything that is asked.")
CLIENT_REFUSED = N_(
    "TikTok refuses our client. Put a valid TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET into the settings."
)
