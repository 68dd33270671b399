/* What somebody looks for, and whether a text has it: the same for every driver.
 *
 *     "le Bœuf 日本 mod" ──search_parse──> phrases  le · boeuf · 日 本 · mod...
 *
 * A text is found when it has every phrase, in any order. A phrase is a word, or several that were
 * written without a space (base/fold.h): 日本 is two words that must stand side by side. The last
 * one is also found as the beginning of a word, since people look while they still type; not if
 * that word has one letter only, which half of all words begin with.
 *
 * Thread   any.   Memory   borrows the arena it was parsed with.
 * Bound    SEARCH_CHARS_MAX characters; a text's words are cut off at SEARCH_WORDS_BYTES_MAX. */
#ifndef PARLOIR_STORE_SEARCH_H
#define PARLOIR_STORE_SEARCH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fold.h"
#include "core/event.h"

#define SEARCH_WORDS_BYTES_MAX (1u << 20)
#define SEARCH_PHRASES_MAX 128
#define SEARCH_CANDIDATES_MAX 10000    // messages looked at for one answer

/* In the index: where a message is. Alone: in a public room; with a number: in that room. */
#define SEARCH_PLACE "\xee\x80\x80"    // U+E000

struct search {
    struct str phrases[SEARCH_PHRASES_MAX];    // words with a space between them
    size_t count;                              // 0: nothing that could be found
    bool is_prefix;                            // the last one
};

/* Reads what is looked for. Its phrases live in the arena. */
void search_parse(struct str query, struct arena *arena, struct search *out);

/* Whether the text has it all. `words` is scratch with the bound above: it is emptied first. */
bool search_finds(const struct search *search, struct str text, struct buf *words);

/* Whether messages of this type are found: what people wrote, not the reactions under it. */
bool search_covers(enum message_type type);

#endif
