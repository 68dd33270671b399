/* The main() of every unit test program, and the checks of unit.h.
 *
 * Tests hang on a list that constructors fill before main() runs; main() copies it into the table
 * that cmocka wants and lets cmocka do the rest. */
#include "test/unit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/base.h"

#define TESTS_MAX 1024

static struct unit_test *first;

void unit_add(struct unit_test *test) {
    struct unit_test **at = &first;    // constructors run in any order the linker likes
    while (*at != NULL && (*at)->line < test->line) {
        at = &(*at)->next;
    }
    test->next = *at;
    *at = test;
}

void unit_eq(intmax_t a, intmax_t b, const char *text, const char *file, int line) {
    if (a != b) {
        print_error("%s does not hold: %" PRIdMAX " is not %" PRIdMAX "\n", text, a, b);
        _fail(file, line);
    }
}

void unit_failed(const char *text, const char *file, int line) {
    print_error("%s does not hold\n", text);
    _fail(file, line);
    abort();    // cmocka has left by now, but does not tell the compiler so
}

void unit_str_eq(struct str got, const char *want, const char *text, const char *file, int line) {
    if (!str_eq(got, str_of(want))) {
        print_error("%s is \"%.*s\", not \"%s\"\n", text, STR_FMT(got), want);
        _fail(file, line);
    }
}

int main(int argc, char **argv) {
    static struct CMUnitTest table[TESTS_MAX];
    const char *wanted = argc > 1 ? argv[1] : "";
    size_t count = 0;

    for (const struct unit_test *test = first; test != NULL; test = test->next) {
        if (strstr(test->name, wanted) != NULL) {
            CHECK(count < TESTS_MAX);
            table[count++] = (struct CMUnitTest){ .name = test->name, .test_func = test->run };
        }
    }
    if (count == 0) {
        print_error("no test has \"%s\" in its name\n", wanted);
        return 2;
    }
    return _cmocka_run_group_tests(argv[0], table, count, NULL, NULL) == 0 ? 0 : 1;
}
