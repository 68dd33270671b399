/* Words for failures. */
#include "base/err.h"

#include "base/base.h"
#include "test/unit.h"

TEST(every_failure_has_words_of_its_own) {
    for (int a = 0; a < ERR_COUNT; a++) {
        OKAY(err_text((enum err)a) != NULL && err_text((enum err)a)[0] != '\0');
        for (int b = 0; b < a; b++) {
            OKAY(strcmp(err_text((enum err)a), err_text((enum err)b)) != 0);
        }
    }
}

TEST(a_number_that_is_no_failure_has_words_too) {
    OKAY(err_text(ERR_COUNT) != NULL);
    OKAY(err_text((enum err) - 1) != NULL);
}
