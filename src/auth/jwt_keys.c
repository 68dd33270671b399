/* The set of keys a server believes: the shared secret, and public keys from a file.
 *
 * Promises:
 *   1. A key verifies one algorithm, found out from the key itself, never from a token.
 *   2. Two keys of one algorithm never have the same name.
 *   3. A private key is never accepted where a public one belongs: it should not be on this
 *   machine. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "auth/jwt_key.h"

#define RSA_BITS_MIN 2048

enum jwt_alg jwt_alg_of(struct str name) {
    static const char *const names[JWT_ALG_COUNT] = { "HS256", "RS256", "ES256", "EdDSA" };
    for (size_t i = 0; i < COUNT(names); i++) {
        if (str_eq(name, str_of(names[i]))) {
            return (enum jwt_alg)i;
        }
    }
    return JWT_ALG_COUNT;
}

static struct str copy_of(struct str s) {
    if (s.p == NULL) {
        return s;
    }
    return (struct str){ xstrndup(s.p, s.n), s.n };
}

static void drop_copy(struct str s) {
    if (s.p != NULL) {
        char *p = (char *)(uintptr_t)s.p;
        OPENSSL_cleanse(p, s.n);
        xfree(p);
    }
}

/* The algorithm a public key is for. */
static enum err alg_of_key(EVP_PKEY *pkey, enum jwt_alg *out, struct buf *why) {
    char group[32] = "";
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        if (EVP_PKEY_get_bits(pkey) < RSA_BITS_MIN) {
            buf_printf(why, "has an RSA key of %d bits; it must have %d or more",
                       EVP_PKEY_get_bits(pkey), RSA_BITS_MIN);
            return ERR_PROTO;
        }
        *out = JWT_RS256;
        return OK;
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1 ||
            strcmp(group, "prime256v1") != 0) {
            buf_printf(why, "has a key on the curve %s; only P-256 is spoken", group);
            return ERR_PROTO;
        }
        *out = JWT_ES256;
        return OK;
    case EVP_PKEY_ED25519: *out = JWT_EDDSA; return OK;
    default:
        BUF_PUT_LIT(why, "has a key that is neither RSA nor P-256 nor Ed25519");
        return ERR_PROTO;
    }
}

static bool has_key(const struct jwt_keys *keys, enum jwt_alg alg, struct str kid) {
    for (size_t i = 0; i < keys->count; i++) {
        const struct jwt_key *k = &keys->keys[i];
        if (k->alg == alg && kid.p != NULL && k->kid.p != NULL && str_eq(k->kid, kid)) {
            return true;
        }
    }
    return false;
}

enum err jwt_keys_add(struct jwt_keys *keys, EVP_PKEY *pkey, struct str kid, struct buf *why) {
    enum jwt_alg alg;
    enum err err = alg_of_key(pkey, &alg, why);
    if (err != OK) {
        goto fail;
    }
    err = ERR_PROTO;
    if (keys->count == COUNT(keys->keys)) {
        buf_printf(why, "has more than %d keys", JWT_KEYS_MAX);
        goto fail;
    }
    if (has_key(keys, alg, kid)) {
        buf_printf(why, "has the kid \"%.*s\" twice", STR_FMT(kid));
        goto fail;
    }
    keys->keys[keys->count++] = (struct jwt_key){ alg, copy_of(kid), pkey };
    return OK;

fail:
    EVP_PKEY_free(pkey);
    return err;
}

/* The library's objects and the texts, without any key. */
static struct jwt_keys *keys_empty(const struct jwt_keys_spec *spec) {
    struct jwt_keys *keys = xzalloc(sizeof *keys);
    keys->refs = 1;
    keys->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    keys->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    CHECK(keys->sha256 != NULL && keys->hmac != NULL);    // an OpenSSL without them is broken
    keys->issuer = copy_of(spec->issuer);
    keys->audience = copy_of(spec->audience);
    return keys;
}

static void add_secret(struct jwt_keys *keys, struct str secret) {
    keys->secret = copy_of(secret);
    keys->keys[keys->count++] = (struct jwt_key){ .alg = JWT_HS256 };
}

static enum err read_key_text(struct jwt_keys *keys, const char *file, struct str text,
                              struct buf *why) {
    SCOPED(buf_fini) struct buf what = BUF_INIT(512);
    struct str trimmed = str_trim(text);
    bool is_json = !str_is_empty(trimmed) && trimmed.p[0] == '{';
    enum err err =
        is_json ? jwt_read_jwks(keys, trimmed, &what) : jwt_read_pem(keys, trimmed, &what);
    if (err != OK) {
        buf_printf(why, "%s ", file);
        buf_put_str(why, buf_str(&what));
    }
    return err;
}

enum err jwt_keys_new_text(const struct jwt_keys_spec *spec, struct str key_text,
                           struct jwt_keys **out, struct buf *why) {
    enum err err = ERR_DENIED;
    const char *weak = NULL;
    const char *file = spec->key_file == NULL ? "" : spec->key_file;
    struct jwt_keys *keys = keys_empty(spec);

    if (!str_is_empty(spec->secret)) {
        if (!spec->is_dev && !jwt_secret_check(spec->secret, &weak)) {
            buf_put_str(why, str_of(weak));
            goto fail;
        }
        add_secret(keys, spec->secret);
    }
    if (key_text.p != NULL && (err = read_key_text(keys, file, key_text, why)) != OK) {
        goto fail;
    }
    if (keys->count == 0) {
        BUF_PUT_LIT(why,
                    "there is neither a JWT secret nor a key file: no token could be verified");
        err = ERR_DENIED;
        goto fail;
    }
    ERR_clear_error();
    *out = keys;
    return OK;

fail:
    ERR_clear_error();
    jwt_keys_unref(&keys);
    return err;
}

/* Appends a whole small file. */
static enum err read_file(const char *path, struct buf *out, struct buf *why) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && buf_ok(out)) {
        char *room = buf_room(out, 4096);
        if (room == NULL) {
            break;
        }
        n = read(fd, room, 4096);
        buf_added(out, n > 0 ? (size_t)n : 0);
    }
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0) {
        buf_printf(why, "cannot read %s: %s", path, strerror(error));
        return ERR_IO;
    }
    if (!buf_ok(out)) {
        buf_printf(why, "%s is too large to be a key file", path);
        return ERR_PROTO;
    }
    return OK;
}

enum err jwt_keys_new(const struct jwt_keys_spec *spec, struct jwt_keys **out, struct buf *why) {
    if (spec->key_file == NULL || spec->key_file[0] == '\0') {
        return jwt_keys_new_text(spec, STR_NONE, out, why);
    }
    SCOPED(buf_fini) struct buf text = BUF_INIT(JWT_KEY_FILE_BYTES_MAX);
    enum err err = read_file(spec->key_file, &text, why);
    if (err != OK) {
        return err;
    }
    struct str key_text = text.p == NULL ? STR_LIT("") : buf_str(&text);
    return jwt_keys_new_text(spec, key_text, out, why);
}

struct jwt_keys *jwt_keys_ref(struct jwt_keys *keys) {
    __atomic_add_fetch(&keys->refs, 1, __ATOMIC_RELAXED);
    return keys;
}

void jwt_keys_unref(struct jwt_keys **at) {
    struct jwt_keys *keys = *at;
    *at = NULL;
    if (keys == NULL || __atomic_sub_fetch(&keys->refs, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (size_t i = 0; i < keys->count; i++) {
        EVP_PKEY_free(keys->keys[i].pkey);
        drop_copy(keys->keys[i].kid);
    }
    drop_copy(keys->secret);
    drop_copy(keys->issuer);
    drop_copy(keys->audience);
    EVP_MD_free(keys->sha256);
    EVP_MAC_free(keys->hmac);
    xfree(keys);
}

size_t jwt_keys_count(const struct jwt_keys *keys) {
    return keys->count;
}
