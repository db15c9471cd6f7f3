"""Routes that existing front ends call: translations onto the routes of version 1.

Names of fields are theirs; what they do is what the route of version 1 does that is called.
"""

from services.gateway.api.compat import (
    adbots,
    admin,
    admin_stock,
    auth,
    bot,
    bot_state,
    health,
    payment,
    user,
)

PARTS = tuple(
    part.router for part in (bot, bot_state, adbots, auth, payment, user, admin, admin_stock, health)
)
"""The routers of all of them."""
