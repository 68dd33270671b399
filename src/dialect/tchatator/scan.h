/* Where the next command on a stream ends.
 *
 *      bytes that came ──tchatator_scan──> a whole command ──tchatator_read──> struct cmd
 *
 * The protocol has no mark for the end of a command: whether one is whole depends on what it needs,
 * on what follows it, and on nothing more coming. The scanner looks at all that has come since the
 * last end, and says what it found there; its caller has the bytes and the clock.
 *
 * However the network cuts the bytes, the same commands come out. Silence is the one thing beside
 * the bytes that counts.
 *
 * Thread   any: there is no state but the caller's enum scan_past.
 * Memory   results borrow from the bytes.
 * Bound    a line has TCHATATOR_LINE_BYTES_MAX, a command TCHATATOR_COMMAND_BYTES_MAX; what waits
 *          for its end is never more than one byte longer. */
#ifndef PARLOIR_DIALECT_TCHATATOR_SCAN_H
#define PARLOIR_DIALECT_TCHATATOR_SCAN_H

#include "base/str.h"

#define TCHATATOR_LINE_BYTES_MAX (16u << 10)       // without its end
#define TCHATATOR_COMMAND_BYTES_MAX (32u << 10)    // with the end of its last line
#define TCHATATOR_PARAMS_MAX 16u                   // lines behind the name, unknown ones too
#define TCHATATOR_SHORT_MS 50                      // SCAN_SILENT_SHORT
#define TCHATATOR_LONG_MS 2000                     // SCAN_SILENT_LONG

/* How long nothing has come behind the bytes. */
enum scan_silence {
    SCAN_SILENT_NOT,
    SCAN_SILENT_SHORT,    // for TCHATATOR_SHORT_MS
    SCAN_SILENT_LONG,     // for TCHATATOR_LONG_MS, or nothing will: the peer has ended
};

/* Which silence would change the result. */
enum scan_wait {
    SCAN_WAIT_IDLE,     // none: nothing has begun
    SCAN_WAIT_SHORT,    // SCAN_SILENT_SHORT, and the longer one
    SCAN_WAIT_LINE,     // SCAN_SILENT_LONG only
};

/* What the front of the bytes stands behind, and so what means nothing there. The stream's;
 * SCAN_PAST_NOTHING at its start. */
enum scan_past {
    SCAN_PAST_NOTHING,
    SCAN_PAST_COMMAND,    // key:value lines: it knows no such parameter, or has it already
    SCAN_PAST_FAULT,      // everything: it may belong to what was unknown or broken
};

struct scan {
    enum scan_found {
        SCAN_MORE,        // nothing whole yet
        SCAN_COMMAND,     // one, for tchatator_read
        SCAN_SKIP,        // bytes that mean nothing
        SCAN_TOO_LONG,    // there is no going on: answer, and close
    } found;
    size_t taken;           // bytes used up from the front; 0 with SCAN_MORE and SCAN_TOO_LONG
    struct str command;     // SCAN_COMMAND: all of its text
    enum scan_wait wait;    // SCAN_MORE
};

/* Looks at the front of what has come and was not used up yet. Call it again with the rest (and the
 * same silence) until it finds SCAN_MORE; then when bytes come, or the silence it waits for.
 *
 * *past lasts up to the next empty line, name of a command, or short silence. Who has no bytes
 * waiting need not call it for that: set *past to SCAN_PAST_NOTHING when the next ones come after
 * such a silence. */
void tchatator_scan(struct str bytes, enum scan_silence silence, enum scan_past *past,
                    struct scan *out);

#endif
