/* The commands there are, and one of them walked along line by line. Private to this folder.
 *
 * Whether a command is whole and what it says are one question: the scanner asks it of bytes that
 * may be too few or too many, the reader of a command that is whole.
 *
 * Thread   any.
 * Memory   the table is static; a walk borrows from the bytes. */
#ifndef PARLOIR_DIALECT_TCHATATOR_WALK_H
#define PARLOIR_DIALECT_TCHATATOR_WALK_H

#include "base/buf.h"
#include "core/detail.h"
#include "dialect/tchatator/command.h"
#include "dialect/tchatator/scan.h"

/* How a parameter is read. */
enum kind {
    KIND_NONE,
    KIND_API_TOKEN,    // text, not empty
    KIND_TOKEN,        // the same; who brings none is not authenticated
    KIND_ID,           // a number from 1
    KIND_WHOM,         // the same; 0: everyone
    KIND_PARTNER,      // the same; 0, -1 or empty: nobody
    KIND_LENGTH,       // of the content
    KIND_CONTENT,      // text
    KIND_CLIENT_ID,    // text of 1 to CLIENT_ID_CHARS_MAX characters
    KIND_FLAG,         // true, 1, on, oui, yes; false, 0, off, non, no
    KIND_HOURS,        // a number from 1, read as milliseconds
    KIND_FRAMING,      // "length" or "none"
    KIND_ROOMS,        // a flag
    KIND_COUNT
};

struct param {
    const char *key;
    const char *alias;    // another name for it, or NULL
    enum kind kind;
    bool is_required;
    size_t offset;    // in struct cmd, where its kind is written there
};

#define VERB_PARAMS_MAX 5

struct verb {
    const char *name;
    enum cmd_type type;
    struct param params[VERB_PARAMS_MAX];    // up to KIND_NONE
};

/* The row of a verb; and the verb of a name, compared as names. TCHATATOR_UNKNOWN: there is none,
 * and its row has no parameters. */
const struct verb *verb_row(enum tchatator_verb verb);
enum tchatator_verb tchatator_verb_find(struct str name);

/* The row of what is answered; NULL if no command of this dialect becomes that. */
const struct verb *verb_of(enum cmd_type type);

/* What can be wrong with a command: rows of problems.tbl.h. */
enum problem {
    PROBLEM_NONE,
#define PROBLEM(name, refusal, english, french) PROBLEM_##name,
#include "dialect/tchatator/problems.tbl.h"
#undef PROBLEM
    PROBLEM_COUNT
};

/* The refusal that answers a problem. */
enum refusal problem_refusal(enum problem problem);

/* Appends what was said as a problem's argument: cut to what people want to read. */
void problem_put_argument(struct buf *out, struct str said);

/* Appends a detail for people: from the table if it is the reader's, else in the core's words, with
 * what `row` (or NULL) calls its inputs. */
void problem_put_detail(struct buf *out, const struct detail *detail, const struct verb *row,
                        enum lang lang);

struct walk {
    struct str bytes;
    enum scan_silence silence;
    size_t at;    // how far it has come: found, the end of the command's text
    enum walk_found {
        WALK_GOING,
        WALK_MORE,        // it goes on behind the bytes
        WALK_DONE,        // it ends here, what it needs may be missing
        WALK_BROKEN,      // `problem`: it ends here, and what follows cannot be told from it
        WALK_TOO_LONG,    // a line, a command, or too many of them
    } found;
    size_t taken;    // WALK_DONE, WALK_BROKEN: the text, and an empty line that ended it
    enum tchatator_verb verb;
    enum problem problem;
    struct str argument;    // of the problem
    unsigned given;         // BIT() of each of the verb's parameters
    struct str values[VERB_PARAMS_MAX];
    unsigned lines;            // of parameters
    uint64_t content_units;    // message-length; 0: none
};

/* Walks along one command from the front of the bytes. With SCAN_SILENT_LONG it never ends in
 * WALK_MORE. */
void walk(struct str bytes, enum scan_silence silence, struct walk *w);

/* A line: its text without its end, and where what follows it begins. */
struct line {
    struct str text;
    size_t next;
    bool is_whole;    // it had an end
};
struct line line_at(struct str bytes, size_t at);

/* Whether it is no more than white space. */
bool line_is_blank(const struct line *line);

/* Whether it is longer than a line may be. A carriage return behind it may be half of its end. */
bool line_is_long(const struct line *line);

/* Reads message-length. */
enum problem read_length(struct str value, uint64_t *out);

#endif
