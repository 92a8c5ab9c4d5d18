"""Service calls, and signing in: by a code sent to the phone, by a login code that a phone scans, with a password."""

import base64
import inspect
import os
from datetime import timedelta
from hashlib import sha256
from typing import Any

from telethon import password as srp
from telethon.tl import functions, types

from sandbox.telegram.calls import Context, Refusal, method, wall
from sandbox.telegram.content import CODE, User
from sandbox.telegram.wire import DH_PRIME, GENERATOR, PRIME

# What may be called by somebody who is not signed in.
OPEN = (
    functions.help.GetConfigRequest,
    functions.help.GetNearestDcRequest,
    functions.auth.SendCodeRequest,
    functions.auth.ResendCodeRequest,
    functions.auth.CancelCodeRequest,
    functions.auth.SignInRequest,
    functions.auth.CheckPasswordRequest,
    functions.account.GetPasswordRequest,
    functions.auth.ExportLoginTokenRequest,
    functions.auth.ImportLoginTokenRequest,
    functions.auth.LogOutRequest,
)
_ALGORITHM = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
    salt1=b"sandbox-salt-1--", salt2=b"sandbox-salt-2--", g=GENERATOR, p=DH_PRIME
)


@method(functions.help.GetConfigRequest)
def get_config(context: Context, request: Any) -> Any:
    from sandbox.telegram.service import CENTERS

    options = [types.DcOption(center, address, 443, static=True) for center, address in CENTERS.items()]
    values: dict[str, Any] = {
        "date": wall(), "expires": wall() + timedelta(hours=1), "test_mode": False, "this_dc": context.center,
        "dc_options": options, "dc_txt_domain_name": "sandbox.invalid", "me_url_prefix": "https://t.me/",
    }  # fmt: skip
    for name, parameter in inspect.signature(types.Config.__init__).parameters.items():  # its many limits
        if name != "self" and parameter.default is inspect.Parameter.empty:
            values.setdefault(name, 200_000 if "size_max" in name else 1_000)
    return types.Config(**values)


@method(functions.help.GetNearestDcRequest)
def get_nearest(context: Context, request: Any) -> Any:
    return types.NearestDc("XX", context.center, context.center)


@method(functions.updates.GetStateRequest)
def get_state(context: Context, request: Any) -> Any:
    state = context.content.states.setdefault(context.me.id, 1)
    return types.updates.State(pts=state, qts=0, date=wall(), seq=1, unread_count=0)


@method(functions.updates.GetDifferenceRequest)
def get_difference(context: Context, request: Any) -> Any:
    return types.updates.DifferenceEmpty(date=wall(), seq=1)


@method(functions.updates.GetChannelDifferenceRequest)
def get_channel_difference(context: Context, request: Any) -> Any:
    return types.updates.ChannelDifferenceEmpty(pts=request.pts, final=True, timeout=300)


def _signed_in(context: Context, user: User) -> Any:
    if user.password:
        context.key.half = user.id
        raise Refusal(401, "SESSION_PASSWORD_NEEDED")
    return _let_in(context, user)


def _let_in(context: Context, user: User) -> Any:
    context.telegram.let_in(context.key, user.id)
    return types.auth.Authorization(user=context.content.shown_user(user.id, user))


def _owner(context: Context, phone: str) -> User:
    if len(phone.lstrip("+")) < 7:
        raise Refusal(400, "PHONE_NUMBER_INVALID")
    try:
        return context.content.person(phone)
    except LookupError:
        raise Refusal(400, "PHONE_NUMBER_UNOCCUPIED") from None


@method(functions.auth.SendCodeRequest, functions.auth.ResendCodeRequest)
def send_code(context: Context, request: Any) -> Any:
    user = _owner(context, request.phone_number)
    if user.center != context.center:
        raise Refusal(303, f"PHONE_MIGRATE_{user.center}")
    way = types.auth.SentCodeTypeApp(length=len(CODE))
    if isinstance(request, functions.auth.ResendCodeRequest):
        way = types.auth.SentCodeTypeSms(length=len(CODE))
    return types.auth.SentCode(type=way, phone_code_hash=f"sandbox-{user.id}", timeout=60)


@method(functions.auth.CancelCodeRequest)
def cancel_code(context: Context, request: Any) -> Any:
    return True


@method(functions.auth.SignInRequest)
def sign_in(context: Context, request: Any) -> Any:
    if request.phone_code != CODE:
        raise Refusal(400, "PHONE_CODE_INVALID")
    user = _owner(context, request.phone_number)
    if request.phone_code_hash != f"sandbox-{user.id}":
        raise Refusal(400, "PHONE_CODE_EXPIRED")
    return _signed_in(context, user)


@method(functions.account.GetPasswordRequest)
def get_password(context: Context, request: Any) -> Any:
    user = context.content.users.get(context.key.half or context.key.user_id)
    more = {
        "new_algo": _ALGORITHM,
        "new_secure_algo": types.SecurePasswordKdfAlgoUnknown(),
        "secure_random": os.urandom(8),
    }
    if user is None or not user.password:
        return types.account.Password(**more)
    verifier = pow(GENERATOR, int.from_bytes(srp.compute_hash(_ALGORITHM, user.password), "big"), PRIME)
    multiplier = int.from_bytes(sha256(DH_PRIME + srp.big_num_for_hash(GENERATOR)).digest(), "big")
    secret = int.from_bytes(os.urandom(256), "big")
    ours = (multiplier * verifier + pow(GENERATOR, secret, PRIME)) % PRIME
    context.key.exchange = (verifier, secret, ours, user.id)
    return types.account.Password(
        has_password=True, current_algo=_ALGORITHM, srp_B=srp.big_num_for_hash(ours), srp_id=user.id, hint="sandbox",
        **more,
    )  # fmt: skip


@method(functions.auth.CheckPasswordRequest)
def check_password(context: Context, request: Any) -> Any:
    if context.key.exchange is None:
        raise Refusal(400, "SRP_ID_INVALID")
    verifier, secret, ours, user_id = context.key.exchange

    def digest(*parts: bytes) -> bytes:
        return sha256(b"".join(parts)).digest()

    theirs, our_bytes = request.password.A, srp.big_num_for_hash(ours)
    scrambled = int.from_bytes(digest(theirs, our_bytes), "big")
    shared = pow(int.from_bytes(theirs, "big") * pow(verifier, scrambled, PRIME), secret, PRIME)
    proof = digest(
        srp.xor(digest(DH_PRIME), digest(srp.big_num_for_hash(GENERATOR))),
        digest(_ALGORITHM.salt1), digest(_ALGORITHM.salt2), theirs, our_bytes, digest(srp.big_num_for_hash(shared)),
    )  # fmt: skip
    if proof != request.password.M1:
        raise Refusal(400, "PASSWORD_HASH_INVALID")
    return _let_in(context, context.content.users[user_id])


@method(functions.auth.ExportLoginTokenRequest)
def export_login_token(context: Context, request: Any) -> Any:
    telegram, key = context.telegram, context.key
    person = telegram.scanned_by(key.token) if key.token else 0
    if person:
        user = context.content.users[person]
        if user.center != context.center:
            return types.auth.LoginTokenMigrateTo(dc_id=user.center, token=_bytes(key.token))
        return types.auth.LoginTokenSuccess(_signed_in(context, user))
    fresh = os.urandom(32)
    key.token = base64.urlsafe_b64encode(fresh).decode().rstrip("=")
    telegram.tokens[key.token] = key
    return types.auth.LoginToken(expires=wall() + timedelta(seconds=telegram.code_seconds), token=fresh)


@method(functions.auth.ImportLoginTokenRequest)
def import_login_token(context: Context, request: Any) -> Any:
    person = context.telegram.scanned_by(base64.urlsafe_b64encode(request.token).decode().rstrip("="))
    if not person:
        raise Refusal(400, "AUTH_TOKEN_EXPIRED")
    return types.auth.LoginTokenSuccess(_signed_in(context, context.content.users[person]))


@method(functions.auth.AcceptLoginTokenRequest)
def accept_login_token(context: Context, request: Any) -> Any:
    """Another client that is signed in plays the phone."""
    token = base64.urlsafe_b64encode(request.token).decode().rstrip("=")
    if token not in context.telegram.tokens:
        raise Refusal(400, "AUTH_TOKEN_INVALID")
    context.telegram.world.scanned[token] = context.me.phone
    context.telegram.edited()
    return types.Authorization(
        hash=1, device_model="sandbox", platform="sandbox", system_version="1", api_id=1, app_name="sandbox",
        app_version="1", date_created=wall(), date_active=wall(), ip="127.0.0.1", country="XX", region="",
    )  # fmt: skip


@method(functions.auth.LogOutRequest)
def log_out(context: Context, request: Any) -> Any:
    context.key.revoked, context.key.user_id = "AUTH_KEY_UNREGISTERED", 0
    context.telegram.remember()
    return types.auth.LoggedOut()


def _bytes(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
