/* envelope: JSON in an envelope over WebSocket. */
#ifndef PARLOIR_DIALECT_ENVELOPE_ENVELOPE_H
#define PARLOIR_DIALECT_ENVELOPE_ENVELOPE_H

#include "dialect/dialect.h"

extern const struct dialect dialect_envelope;

#endif
