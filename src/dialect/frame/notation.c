/* Problems by name: only tests need that. */
#include "dialect/frame/notation.h"

#include <stdio.h>

#include "dialect/frame/frame.h"

static const char *const names[FRAME_PROBLEM_COUNT] = {
    [FRAME_FINE] = "",
#define PROBLEM(name, refusal, field, english, french) [FRAME_##name] = #name,
#include "dialect/frame/problems.tbl.h"
#undef PROBLEM
};

struct str notation_of(const struct cmd *cmd) {
    static char line[2 * DETAIL_BYTES_MAX];
    CHECK(cmd->problem < FRAME_PROBLEM_COUNT);
    (void)snprintf(line, sizeof line, "%s%s%.*s", names[cmd->problem], cmd->detail.n > 0 ? " " : "",
                   STR_FMT(cmd->detail));
    return str_of(line);
}

struct detail notation_read(const char *text) {
    struct str rest = str_of(text);
    struct str name = str_cut(&rest, ' ');
    for (uint64_t problem = FRAME_FINE + 1; problem < FRAME_PROBLEM_COUNT; problem++) {
        if (str_eq(name, str_of(names[problem]))) {
            return (struct detail){ DETAIL_words, .word = rest, .problem = problem };
        }
    }
    bool has_words = *text != '\0';
    return (struct detail){ has_words ? DETAIL_words : DETAIL_NONE, .word = str_of(text) };
}
