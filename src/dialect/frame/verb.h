/* Verbs: the types of frames, whose they are, and the fields each is made of; and fields: one value
 * of a frame, read into one member of a command. Private to this folder.
 *
 * Thread   any.
 * Memory   the table is static; what is read borrows from the JSON document. */
#ifndef PARLOIR_DIALECT_FRAME_VERB_H
#define PARLOIR_DIALECT_FRAME_VERB_H

#include "dialect/frame/frame.h"

/* How a field is read. Those marked * must be there. */
enum kind {
    KIND_NONE,
    KIND_NAME,          // * text of 1 to 64 characters
    KIND_ROOM,          // * the same, "lobby/" or "1/" in front of it taken off: server 1
    KIND_ROOM_MAYBE,    //   the same
    KIND_CONTENT,       // * text, not empty
    KIND_WORDS,         //   text; whether there must be some depends on other fields
    KIND_QUERY,         // * text
    KIND_TOKEN,         // * text, not empty
    KIND_CLIENT_ID,     //   text of 1 to 64 characters
    KIND_TYPE,          //   the name of an enum message_type that people may send
    KIND_ACTION,        //   the name of an enum reaction
    KIND_URL,           //   text of at most MEDIA_URL_BYTES_MAX bytes
    KIND_MEDIA_TYPE,    //   text of at most MEDIA_TYPE_BYTES_MAX bytes
    KIND_SECONDS,       //   number, read as milliseconds
    KIND_ID,            // * number
    KIND_NUMBER,        //   number
    KIND_LIMIT,         //   number, brought into 1 to HISTORY_LIMIT_MAX
    KIND_SWITCH,        //   true unless it says false
    KIND_COUNT
};

struct json;

struct field {
    enum kind kind;
    const char *key;      // as problems name it
    const char *alias;    // another name for it, or NULL
    size_t offset;        // in struct cmd
};

#define FIELDS_MAX 10

/* What a frame needs beyond its single fields. */
enum verb_needs {
    NEEDS_FIELDS,
    NEEDS_PLACE,    // a room or a person
    NEEDS_BODY,     // what makes a message or a reaction whole
};

struct verb {
    const char *name;
    enum dialect_id whose;
    enum cmd_type type;    // CMD_COUNT: a batch
    enum verb_needs needs;
    bool is_on;    // what typing_set is told if no field says so
    struct field fields[FIELDS_MAX];
};

/* Whether a value is text without NUL. */
enum frame_problem field_check_text(const struct json *v);

/* Reads a value (NULL: there is none) into its member. Nothing is written if it cannot be. */
enum frame_problem field_read(const struct field *field, const struct json *v, struct cmd *out);

/* The verb of a name (compared as names): the dialect's own if it has one, else the other's; NULL
 * if neither has. */
const struct verb *verb_find(struct str name, enum dialect_id dialect);

#endif
