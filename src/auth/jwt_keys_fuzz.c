/* Key files: whatever is in them, there are keys or a sentence, and never a key that is not
 * safe. */
#include "auth/jwt_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct jwt_keys_spec spec = { .key_file = "file" };
    struct jwt_keys *keys = NULL;
    SCOPED(buf_fini) struct buf why = BUF_INIT(512);
    if (n > JWT_KEY_FILE_BYTES_MAX) {
        return 0;
    }
    enum err err = jwt_keys_new_text(&spec, (struct str){ (const char *)p, n }, &keys, &why);
    if (err != OK) {
        CHECK(keys == NULL && (why.n > 0 || why.over));
        return 0;
    }
    CHECK(why.n == 0 && keys->count > 0 && keys->count <= JWT_KEYS_MAX + 1);
    for (size_t i = 0; i < keys->count; i++) {
        CHECK(keys->keys[i].alg != JWT_HS256 && keys->keys[i].pkey != NULL);
    }
    jwt_keys_unref(&keys);
    return 0;
}
