/* Problems by name: only tests need that. */
#include "dialect/tchatator/notation.h"

#include <stdio.h>

#include "dialect/tchatator/walk.h"

static const char *const names[PROBLEM_COUNT] = {
    [PROBLEM_NONE] = "",
#define PROBLEM(name, refusal, english, french) [PROBLEM_##name] = #name,
#include "dialect/tchatator/problems.tbl.h"
#undef PROBLEM
};

struct str tchatator_notation_of(const struct cmd *cmd) {
    static char line[2 * DETAIL_BYTES_MAX];
    CHECK(cmd->problem < PROBLEM_COUNT);
    (void)snprintf(line, sizeof line, "%s%s%.*s", names[cmd->problem], cmd->detail.n > 0 ? " " : "",
                   STR_FMT(cmd->detail));
    return str_of(line);
}

struct detail tchatator_notation_read(const char *text) {
    struct str rest = str_of(text);
    struct str name = str_cut(&rest, ' ');
    for (uint64_t problem = PROBLEM_NONE + 1; problem < PROBLEM_COUNT; problem++) {
        if (str_eq(name, str_of(names[problem]))) {
            return (struct detail){ DETAIL_words, .word = rest, .problem = problem };
        }
    }
    return (struct detail){ DETAIL_words, .word = str_of(text) };
}
