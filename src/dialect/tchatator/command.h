/* What a command of the tchatator says, once it is read.
 *
 * Thread   everything here has no state and may be called from any thread.
 * Memory   a command that was read borrows from the text it was read from. */
#ifndef PARLOIR_DIALECT_TCHATATOR_COMMAND_H
#define PARLOIR_DIALECT_TCHATATOR_COMMAND_H

#include "core/cmd.h"

enum tchatator_verb {
    TCHATATOR_UNKNOWN,    // no command of this name
    TCHATATOR_LOGIN,
    TCHATATOR_DISCONNECTED,
    TCHATATOR_SEND_MSG,
    TCHATATOR_UPDT_MSG,
    TCHATATOR_DEL_MSG,
    TCHATATOR_NEW_CHG_AVAILABLE,
    TCHATATOR_BLOCK_USER,
    TCHATATOR_UNBLOCK_USER,
    TCHATATOR_BAN_USER,
    TCHATATOR_UNBAN_USER,
    TCHATATOR_USER_INFO,
    TCHATATOR_CLIENT_INFO,
    TCHATATOR_VERB_COUNT
};

/* What a command says. */
struct tchatator_command {
    enum tchatator_verb verb;    // known also of one that is malformed, if its name was
    struct cmd cmd;              // all but its session; CMD_malformed: refusal, problem, detail
    struct str token;            // api-token or token; empty: none was given
    bool wants_framing;          // LOGIN: framing:length
    bool wants_rooms;            // LOGIN: rooms:on
    char detail[DETAIL_BYTES_MAX];    // the problem's argument: what cmd.detail points to
};

/* Reads the text of one command, as tchatator_scan found it. There is no failure: what is wrong
 * with it becomes CMD_malformed (a token that is not there: with REFUSE_unauthenticated). *out
 * borrows its texts from the command, and points into itself: it is not copied.
 *
 *   LOGIN          CMD_session_open; cmd.detail is the token, for the door, as dialect.h has it
 *   CLIENT_INFO    CMD_typing_set; cmd.user 0: in conversation with nobody, nothing is to be done
 *   BLOCK_USER     CMD_block_add; cmd.is_on: it keeps from everyone, cmd.other: from that user,
 *                  neither: from a pro who asks, from everyone if it is an admin;
 *                  cmd.duration_ms 0: the default
 *   others         as their rows in verb.c say */
void tchatator_read(struct str command, struct tchatator_command *out);

/* Makes *out the command that answers SCAN_TOO_LONG. */
void tchatator_refuse_too_long(struct tchatator_command *out);

/* The name of a verb as the protocol writes it ("SEND_MSG"), static; "?" for TCHATATOR_UNKNOWN. */
const char *tchatator_verb_name(enum tchatator_verb verb);

#endif
