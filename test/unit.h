/* Unit tests: a sentence, a block, and three ways to be wrong.
 *
 *     TEST(a_banned_user_cannot_come_back) {
 *         EQ(rig_do(rig, "bob", JOIN("lobby")), REFUSE_BANNED);
 *     }
 *
 * A test registers itself; there is no list to keep. unit.c brings main(), so one x_test.c is one
 * program. It runs its tests in the order they are written, and those whose name contains the
 * first argument if there is one:
 *
 *     build/gcc/src/base_str_test a_split
 *
 * cmocka runs them: a failed check ends its test and the next one starts.
 *
 * Thread   checks belong to the thread that runs the test.
 * Memory   nothing is kept; arguments are evaluated once. */
#ifndef PARLOIR_TEST_UNIT_H
#define PARLOIR_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>    // wants the ones above to be there before it

#include "base/str.h"

/* One test, kept in a list that begins before main(). Only TEST() makes them. */
struct unit_test {
    const char *name;
    int line;
    void (*run)(void **state);
    struct unit_test *next;
};

/* Defines a test. Its name is the sentence that it shows to be true. */
#define TEST(sentence)                                                                             \
    static void test_##sentence(void **state);                                                     \
    __attribute__((constructor)) static void unit_add_##sentence(void) {                           \
        static struct unit_test test = { #sentence, __LINE__, test_##sentence, NULL };             \
        unit_add(&test);                                                                           \
    }                                                                                              \
    static void test_##sentence(__attribute__((unused)) void **state)

/* Two integers (or enums, bools, characters, pointers) are the same. */
#define EQ(a, b) unit_eq((intmax_t)(a), (intmax_t)(b), #a " == " #b, __FILE__, __LINE__)

/* The condition holds. */
#define OKAY(cond) ((cond) ? (void)0 : unit_failed(#cond, __FILE__, __LINE__))

/* A struct str has exactly the bytes of a C string. */
#define STR_EQ(str, literal) unit_str_eq((str), (literal), #str, __FILE__, __LINE__)

/* Puts `test` on the list, in the order of lines. Borrows it for the life of the program. */
void unit_add(struct unit_test *test);

/* What the three macros above call. Each ends the running test when the check does not hold,
 * after saying what was expected and what came. */
void unit_eq(intmax_t a, intmax_t b, const char *text, const char *file, int line);
void unit_failed(const char *text, const char *file, int line) __attribute__((noreturn));
void unit_str_eq(struct str got, const char *want, const char *text, const char *file, int line);

#endif
