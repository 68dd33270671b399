/* Search without an index: the meaning of a query. The sqlite driver asks its index the same
 * question in another language (sqlite_search.c); a test holds the two together. */
#include "store/search.h"

/* Makes every word of folded text stand between two spaces. */
static void space_out(char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (p[i] == FOLD_WORD_JOINED) {
            p[i] = FOLD_WORD_APART;
        }
    }
}

/* Whether the last word of the phrase is long enough to be the front of a longer one. */
static bool is_long(struct str phrase) {
    size_t at = phrase.n;
    while (at > 0 && phrase.p[at - 1] != FOLD_WORD_APART) {
        at--;
    }
    return str_chars((struct str){ phrase.p + at, phrase.n - at }) > 1;
}

void search_parse(struct str query, struct arena *arena, struct search *out) {
    SCOPED(buf_fini) struct buf words = BUF_INIT(SEARCH_WORDS_BYTES_MAX);
    fold_words(query, &words);
    struct str rest = words.n == 0 ? STR_NONE : arena_str(arena, buf_str(&words));
    out->count = 0;
    while (rest.p != NULL && out->count < SEARCH_PHRASES_MAX) {
        struct str phrase = str_cut(&rest, FOLD_WORD_APART);
        space_out((char *)phrase.p, phrase.n);    // ours, in the arena
        out->phrases[out->count++] = phrase;
    }
    out->is_prefix = out->count > 0 && is_long(out->phrases[out->count - 1]);
}

/* Whether " phrase " is in the text, or " phrase" if it need not end there. */
static bool has_phrase(struct str text, struct str phrase, bool is_prefix) {
    struct str rest = text;
    const char *found;
    while (rest.n > phrase.n && (found = memmem(rest.p, rest.n, phrase.p, phrase.n)) != NULL) {
        const char *end = found + phrase.n;
        bool begins = found[-1] == FOLD_WORD_APART;
        if (begins && (is_prefix || *end == FOLD_WORD_APART)) {
            return true;
        }
        rest = (struct str){ found + 1, (size_t)(text.p + text.n - found - 1) };
    }
    return false;
}

bool search_finds(const struct search *search, struct str text, struct buf *words) {
    buf_reset(words);
    buf_put_char(words, FOLD_WORD_APART);
    size_t before = words->n;
    fold_words(text, words);
    if (words->n == before || search->count == 0) {
        return false;
    }
    buf_put_char(words, FOLD_WORD_APART);
    space_out(words->p, words->n);
    words->p[words->n - 1] = FOLD_WORD_APART;              // also where the rest did not fit
    struct str folded = { words->p + 1, words->n - 1 };    // from the first word on
    for (size_t i = 0; i < search->count; i++) {
        bool is_prefix = search->is_prefix && i + 1 == search->count;
        if (!has_phrase(folded, search->phrases[i], is_prefix)) {
            return false;
        }
    }
    return true;
}

bool search_covers(enum message_type type) {
    return type != MESSAGE_REACTION;
}
