/* Configuration files from nowhere: they load or are refused with a sentence, and what loads is
 * whole. */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    char *text = xstrndup((const char *)p, n);
    struct config *config = NULL;
    SCOPED(buf_fini) struct buf why = BUF_INIT(4096);
    struct config_sources sources = { .file = "fuzz.conf", .file_text = text };

    enum err err = config_load(&sources, &config, &why);
    CHECK(config_log_format(&sources) <= LOG_FORMAT_JSON);
    if (err == OK) {
        CHECK(config_log_format(&sources) == (enum log_format)config->log_format);
        CHECK(why.n == 0 && config->store_url.n > 0 && config->data_dir.n > 0);
        CHECK(config->server_workers >= 1 && config->server_workers <= 64);
        CHECK(config->log_level <= LOG_LEVEL_DEBUG && config->mobile_proof <= MOBILE_PROOF_OPEN);
        CHECK(config_rate_of(config, STR_LIT("hub")).burst <= 1000000);
        config_free(&config);
    } else {
        CHECK(err == ERR_PROTO && config == NULL && why.n > 0);
        for (size_t i = 0; i < why.n; i++) {
            CHECK((unsigned char)why.p[i] >= 0x20 && (unsigned char)why.p[i] < 0x7f);
        }
    }
    xfree(text);
    return 0;
}
