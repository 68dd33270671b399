/* Finds a dialect by its row. The one place that knows them all. */
#include "dialect/dialect.h"

#include "dialect/envelope/envelope.h"
#include "dialect/hub/hub.h"
#include "dialect/tchatator/tchatator.h"

const struct dialect *dialect_of(enum dialect_id id) {
    static const struct dialect *const dialects[DIALECT_COUNT] = {
#define DIALECT(name) [DIALECT_##name] = &dialect_##name,
#include "core/dialects.tbl.h"
#undef DIALECT
    };
    CHECK(id < DIALECT_COUNT);
    return dialects[id];
}
