"""What we say when VK does not answer as it should. msgids; each ends with what happens next."""

from app.domain.ports.errors import N_

NO_TOKEN = N_("No VK token. Put the service token of an app at dev.vk.com into VK_ACCESS_TOKEN.")
TOKEN_REFUSED = N_("VK refuses the token. Put a valid service token into VK_ACCESS_TOKEN.")
APP_OFF = N_("VK has switched off the app that the token belongs to. Switch it on at dev.vk.com, or use another token.")
VALIDATION = N_("VK wants the owner of the token to confirm who they are. Sign in at vk.com, then read again.")
NO_RIGHT = N_("The VK token may not read this. Put one with more rights into VK_ACCESS_TOKEN.")
TOO_FAST = N_("VK asks us to slow down. We go on in a few seconds.")
DAY_SPENT = N_("The day's limit of VK's API is used up. Reading goes on tomorrow.")
FLOOD = N_("VK takes our requests for a flood. We stop here and try again later.")
CAPTCHA = N_("VK wants proof that no robot is reading. We stop here and try again later.")

NO_ACCOUNT = N_("There is no such VK page or community. Check the link.")
NOT_AN_ACCOUNT = N_("This VK address belongs to an application, not to a person or a community. Check the link.")
CLOSED = N_("This VK page was deleted or blocked.")
PRIVATE = N_("This VK page or community is private; VK does not show its posts.")

# A connected community
KEY_HINT = N_(
    "The community's own access key: Manage, API usage, Access tokens. It needs the right to read the community's data."
)
NO_COMMUNITY = N_("This key belongs to no community. Make one in the community's settings: Manage, API usage.")
NOT_ITS_OWN = N_("A VK key reads only the community that it was made for.")
KEY_REFUSED = N_("VK no longer accepts this key. Make a new one in the community's settings and connect it again.")
NO_STATISTICS = N_(
    "This VK key may not read the community's statistics. Make one with more rights and connect it again."
)
