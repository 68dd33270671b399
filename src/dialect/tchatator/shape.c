/* What every answer looks like: see shape.h. */
#include "dialect/tchatator/shape.h"

#define READ_BYTES 1024    // of the client that reads once

static bool is_status(struct str line) {
    static const struct str statuses[] = { STR_LIT("200/OK"),     STR_LIT("401/UNAUTH"),
                                           STR_LIT("403/DENIED"), STR_LIT("416/MISFMT"),
                                           STR_LIT("426/TOOMRQ"), STR_LIT("500/ERROR") };
    for (size_t i = 0; i < COUNT(statuses); i++) {
        if (str_eq(line, statuses[i])) {
            return true;
        }
    }
    return false;
}

const char *shape_lacks(struct str answer) {
    struct str rest = answer;
    struct str status = str_cut(&rest, '\n');
    bool has_message = str_eq(status, STR_LIT("200/OK"));
    bool has_content = false;
    if (!is_status(status)) {
        return "a status";
    }
    if (!str_ends(answer, STR_LIT("\n"))) {
        return "a line feed at its end";
    }
    if (!str_is_utf8(answer) || str_find(answer, '\r') < answer.n) {
        return "plain text";
    }
    while (rest.n > 0) {
        struct str value = str_cut(&rest, '\n');
        struct str key = str_cut(&value, ':');
        if (key.n == 0 || value.n == 0) {
            return "a key or a value";
        }
        has_message = has_message || str_eq(key, STR_LIT("message"));
        has_content = has_content || str_eq(key, STR_LIT("content"));
    }
    if (!has_message) {
        return "a message";
    }
    return has_content || answer.n < READ_BYTES ? NULL : "brevity";
}
