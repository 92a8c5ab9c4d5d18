"""The settings with which an installation reads this sandbox by every source: keys that its fakes accept."""

from sandbox.platforms import google_oauth, instagram_web, meta_login, pinterest_api

SETTINGS: dict[str, str] = {
    "GOOGLE_CLIENT_ID": google_oauth.CLIENT_ID,
    "GOOGLE_CLIENT_SECRET": google_oauth.CLIENT_SECRET,
    "TIKTOK_CLIENT_KEY": "sandbox-client",
    "TIKTOK_CLIENT_SECRET": "sandbox-secret",
    "ENSEMBLE_API_TOKEN": "ed-token-of-the-sandbox",
    "FACEBOOK_APP_ID": meta_login.APP_ID,
    "FACEBOOK_APP_SECRET": meta_login.APP_SECRET,
    "INSTAGRAM_USERNAME": instagram_web.READER,
    "INSTAGRAM_PASSWORD": instagram_web.PASSWORD,
    "PINTEREST_APP_ID": pinterest_api.APP_ID,
    "PINTEREST_APP_SECRET": pinterest_api.APP_SECRET,
    "VK_ACCESS_TOKEN": "vk-service-token-of-the-sandbox",
    "TELEGRAM_API_ID": "17349",
    "TELEGRAM_API_HASH": "344583e45741c457fe1862106095a5eb",
}
