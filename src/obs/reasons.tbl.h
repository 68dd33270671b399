/* Values of the label `reason`: why a connection ended or a credential was refused.
 *
 *   REASON(NAME, "as printed") */

REASON(OTHER, "other")
REASON(TLS, "tls")
REASON(PROTOCOL, "protocol")
REASON(UTF8, "utf8")
REASON(TOO_BIG, "too_big")
REASON(TIMEOUT, "timeout")
REASON(ORIGIN, "origin")
REASON(OVERLOAD, "overload")
REASON(ADDRESS_LIMIT, "address_limit")
REASON(USER_LIMIT, "user_limit")
REASON(RESET, "reset")
REASON(MISSING, "missing")
REASON(MALFORMED, "malformed")
REASON(EXPIRED, "expired")
REASON(DENIED, "denied")
REASON(BANNED, "banned")
REASON(RATE, "rate")
