/* Failures in words. */
#include "base/err.h"

#include "base/base.h"

static const char *const texts[ERR_COUNT] = {
    [OK] = "success",
    [ERR_IO] = "input or output failed",
    [ERR_BUSY] = "busy, try again later",
    [ERR_FULL] = "no room left",
    [ERR_PROTO] = "not what the format allows",
    [ERR_TOO_BIG] = "over a limit",
    [ERR_NOT_FOUND] = "not found",
    [ERR_EXISTS] = "exists already",
    [ERR_DENIED] = "denied",
    [ERR_EXPIRED] = "expired",
    [ERR_CLOSED] = "closed by the far end",
};

const char *err_text(enum err err) {
    return (unsigned)err < ERR_COUNT ? texts[err] : "unknown failure";
}
