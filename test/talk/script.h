/* A script: a conversation as lines, read whole before anything of it is played.
 *
 *     # Who speaks in a public room has joined it.
 *     # people: ann=1 bob=2
 *     ann hub > {"type":"message","room":"general","content":"hi"}
 *     ann hub < {"type":"message","data":{"content":"hi"}}
 *
 * Every form a line can have stands in test/talk/README.md.
 *
 * Thread   one.
 * Memory   a script owns its text; steps and people borrow from it. */
#ifndef PARLOIR_TALK_SCRIPT_H
#define PARLOIR_TALK_SCRIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define PEOPLE_MAX 32
#define SETTINGS_MAX 16

enum step_kind {
    STEP_COMES,       // who dialect comes
    STEP_REFUSED,     // who dialect refused STATUS
    STEP_RENEWS,      // who dialect renews
    STEP_SAYS,        // who dialect > TEXT
    STEP_HEARS,       // who dialect < TEXT
    STEP_SILENCE,     // who dialect . silence
    STEP_CLOSED,      // who dialect closed CODE
    STEP_LEAVES,      // who leaves
    STEP_VANISHES,    // who vanishes
    STEP_BELONGS,     // who belongs to ROOM
    STEP_STORE,       // store full, store back
    STEP_CLOCK,       // clock +MS
    STEP_RESTART,     // restart
};

struct step {
    enum step_kind kind;
    unsigned line;
    struct str who;        // "ann", "ann#2", "operator"; empty: it is about nobody
    struct str dialect;    // "hub", "core"; empty: the operator's lines
    struct str text;       // a frame, claims, a room
    struct str query;      // COMES, REFUSED: "?lang=en"; RENEWS: "?token=" and what follows
    uint64_t number;       // status, code, milliseconds; SAYS, HEARS: how many times
    uint64_t ttl_s;        // COMES, REFUSED, RENEWS: of the token
    bool is_on;            // STORE: back
};

struct person {
    struct str name;
    uint64_t id;
};

struct script {
    char *owned;         // the text
    const char *name;    // borrowed: the file's
    struct str title;    // its first comment
    struct step *steps;
    size_t step_count;
    struct person people[PEOPLE_MAX];
    size_t person_count;
    const char *settings[SETTINGS_MAX];    // "section.key=value"
    size_t setting_count;
    struct arena arena;
};

/* Reads a script from a copy of `text`. ERR_PROTO: a line is none of the forms; `why` names it. */
enum err script_parse(const char *name, struct str text, struct script **out, struct buf *why)
    MUST_USE;

/* Reads it from a file. ERR_IO: it cannot be read. */
enum err script_read(const char *path, struct script **out, struct buf *why) MUST_USE;

/* Frees it; a NULL *script is fine. */
void script_free(struct script **script);

/* The person a session belongs to: "ann" of "ann#2". */
struct str script_person(struct str who);

/* The id of a person; 0: nobody of that name is in the script. */
uint64_t script_id(const struct script *script, struct str person);

#endif
