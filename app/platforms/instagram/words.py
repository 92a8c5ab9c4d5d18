"""What we say when Instagram does not answer as it should. msgids; each ends with what happens or what to do."""

from app.domain.ports.errors import N_

# The public pages
PAGES_OFF = N_(
    "Reading Instagram's public pages is switched off. Switch on INSTAGRAM_PUBLIC_PAGES, or connect the account "
    "through Meta."
)
NO_SESSION = N_("No Instagram account of the instance. Put one into INSTAGRAM_USERNAME and INSTAGRAM_PASSWORD.")
PLEASE_WAIT = N_("Instagram asks this server to wait a while. We try again later.")
KEEPS_REFUSING = N_(
    "Instagram keeps refusing this server. We stop here and try again later; accounts connected through Meta are "
    "read all the same."
)
LOGIN_WALL = N_(
    "Instagram shows this server its login page in place of public pages. We stop here and try again later; accounts "
    "connected through Meta are read all the same."
)
FEEDBACK = N_(
    "Instagram takes our requests for a robot's and has blocked them. We stop here and try again later; accounts "
    "connected through Meta are read all the same."
)
OUR_CAUTION = N_("We have asked Instagram as often as is safe for now. We try again later.")
NO_ACCOUNT = N_("There is no such Instagram account, or it was closed. Check the link.")
NO_POST = N_("There is no such Instagram post, or it is not public. Check the link.")
CHANGED_HANDS = N_("This Instagram name belongs to another account now. Paste a link to the one you mean.")
PRIVATE = N_("This Instagram account is private; only public ones can be followed here.")
NOT_A_REEL = N_("This source reads single reels only; the post is a photo.")
NOT_SHOWN = N_("Instagram does not show this post to this server now. We try again later.")

# The instance's session
TWO_FACTOR = N_(
    "Instagram wants a code to log in (two-factor authentication). Use an account without it in INSTAGRAM_USERNAME, "
    "then restart."
)
CHECKPOINT = N_(
    "Instagram wants the account of INSTAGRAM_USERNAME confirmed. Log in with it in a browser, confirm it, then "
    "restart."
)
WRONG_PASSWORD = N_(
    "Instagram does not accept INSTAGRAM_USERNAME and INSTAGRAM_PASSWORD. Put the right ones there, then restart."
)
LOGIN_REFUSED = N_(
    "Instagram refuses the login of INSTAGRAM_USERNAME. Log in with it in a browser to see why, then restart."
)
LOGIN_LATER = N_("The login of INSTAGRAM_USERNAME did not come through. We try again later.")
SESSION_ENDED = N_(
    "Instagram has ended the session of INSTAGRAM_USERNAME. Log in with it in a browser to see why, then restart. We "
    "do not log in again by ourselves."
)

# Graph API
NO_APP = N_("No Meta app. Put one into FACEBOOK_APP_ID and FACEBOOK_APP_SECRET.")
RECONNECT = N_("Meta no longer accepts this connection: it has expired or was taken back. Connect the account again.")
NO_RIGHT = N_(
    "Meta says that this connection may not read that. Connect the account again and allow everything that is asked."
)
APP_REFUSED = N_("Meta does not accept FACEBOOK_APP_ID and FACEBOOK_APP_SECRET. Put the right ones there.")
CODE_REFUSED = N_("Meta does not accept this login any more. Connect the account again.")
TOO_MANY_CALLS = N_("Meta's limit of calls is used up for now. We try again later.")
BLOCKED = N_("Meta has blocked this app or account for a while. We try again later.")
NO_BUSINESS = N_(
    "None of your Facebook pages has an Instagram business or creator account. Link one to a page, then connect again."
)
NOT_BUSINESS = N_("Through Meta only business and creator accounts can be read, and this one is none.")
ONLY_BY_NAME = N_("Through Meta another account can be read by its name only. Paste a link to the account.")
NOT_OWN = N_("This connection opens another Instagram account.")
NOT_FOUND_HERE = N_("The post is too old to be found through Meta. Its last good numbers stay.")
OWN_DIRECTLY = N_("The connection's own account is read directly, with more numbers.")
