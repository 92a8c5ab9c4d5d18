"""What we say when YouTube does not answer as it should. msgids; each ends with what happens or what to do."""

from app.domain.ports.errors import N_

# The application programming interface
NO_KEY = N_("No YouTube API key. Put one into YOUTUBE_API_KEY; until then YouTube's public pages are read.")
KEY_REFUSED = N_("YouTube refuses the API key. Put a valid one into YOUTUBE_API_KEY.")
KEY_RESTRICTED = N_(
    "The API key may not be used from this server. Change the key's restrictions in the Google Cloud console."
)
API_OFF = N_(
    "YouTube Data API v3 is switched off for the API key's project. Switch it on in the Google Cloud console, "
    "under APIs & Services."
)
REFUSED = N_(
    "YouTube refuses the request (%(reason)s). Look at the API key and its project in the Google Cloud console."
)
QUOTA_SPENT = N_("The YouTube quota for today is used up. Reading goes on after midnight Pacific time.")
NO_CUSTOM_NAMES = N_(
    "The YouTube API cannot look up addresses with a custom name. Paste the channel's @handle instead."
)

# Both sources
TOO_FAST = N_("YouTube asks us to slow down. We try again later.")
UNWELL = N_("YouTube has a fault of its own (%(status)s). We try again later.")
SILENT = N_("YouTube did not answer in time. We try again later.")
BROKE_OFF = N_("YouTube broke off in the middle of its answer. We try again later.")
UNREACHABLE = N_("YouTube could not be reached. We try again later.")
CHANGED = N_("YouTube's answer has a form we do not know (%(field)s). The last good numbers stay.")
NO_CHANNEL = N_("There is no such channel, or it was closed. Check the link.")
NO_VIDEO = N_("There is no such video, or it is private. Check the link.")

# Signed-in owners of channels
NO_CLIENT = N_(
    "Google sign-in is not set up here. Put a client of the Google Cloud console into GOOGLE_CLIENT_ID and "
    "GOOGLE_CLIENT_SECRET."
)
CLIENT_REFUSED = N_(
    "Google refuses this installation's client (%(reason)s). Put a valid one into GOOGLE_CLIENT_ID and "
    "GOOGLE_CLIENT_SECRET."
)
WAY_BACK_REFUSED = N_(
    "Google does not know the way back to this installation. Add %(address)s to the client's authorized redirect URIs "
    "in the Google Cloud console."
)
CODE_REFUSED = N_("Google did not accept this sign-in: it was used already or took too long. Connect once more.")
GRANT_OVER = N_("Google no longer accepts this connection: it ran out or was withdrawn. Connect it again.")
SIGN_IN_REFUSED = N_("YouTube no longer accepts this sign-in. Connect the channel again.")
NOT_ALLOWED = N_(
    "When this channel was connected, one of the permissions was left out. Connect it again and leave every box ticked."
)
NOT_THE_OWNER = N_(
    "YouTube does not show these numbers to this sign-in (%(reason)s). Connect again with the account that owns the "
    "channel."
)
OTHER_CHANNEL = N_("This sign-in now opens another channel. Connect the right one again.")
NO_OWN_CHANNEL = N_("This Google account has no YouTube channel. Connect again and choose another account.")
OWN_API_OFF = N_(
    "YouTube Data API v3 or YouTube Analytics API is switched off for the sign-in's project. Switch both on in the "
    "Google Cloud console, under APIs & Services."
)

# The public pages
PAGES_OFF = N_("Reading YouTube's public pages is switched off. Put a YouTube API key into YOUTUBE_API_KEY.")
BOT_CHECK = N_(
    "YouTube wants proof that no robot is reading. We stop here and try again later; with a YouTube API key this "
    "does not happen."
)
PAGE_REFUSED = N_(
    "YouTube refuses to show its pages to this server. We stop here and try again later; with a YouTube API key this "
    "does not happen."
)
MEMBERS_ONLY = N_("Only members of the channel may see this video; its numbers are not public.")
AGE_LIMIT = N_("YouTube shows this video to signed-in adults only, so its page cannot be read without an API key.")
NOT_HERE = N_("YouTube does not show this video in the country of this server.")
UNREADABLE = N_("YouTube does not show this video now (%(reason)s). We try again later.")
