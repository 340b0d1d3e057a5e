"""Seeds for people: each gets other numbers, and whoever knows the secret can compute them again."""

import hashlib
import hmac

from ..model.errors import InvalidValue

_DIGITS = 10**9


def seed_for(user: str, secret: str, seed: int = 1) -> int:
    """Return a user's seed for exercise number `seed`; blanks around the name and its case do not count.

    Raises InvalidValue if the name or the secret is empty.

    >>> seed_for("ada", "2026") == seed_for(" Ada ", "2026") != seed_for("ada", "2027")
    True
    """
    name = user.strip().casefold()
    if not name or not secret:
        raise InvalidValue("a seed for a user needs a name and a secret that are not empty")
    digest = hmac.new(secret.encode(), f"{name}\n{seed}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") % _DIGITS
