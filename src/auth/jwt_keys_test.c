/* Keys: which are taken, which are refused, and what is said about it. */
#include "auth/jwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/forge.h"
#include "test/unit.h"

/* Tries a key file's text; the sentence stays in `said`. */
static char said[512];

static enum err try_spec(struct jwt_keys_spec spec, struct str text, size_t *count) {
    struct jwt_keys *keys = NULL;
    SCOPED(buf_fini) struct buf why = BUF_INIT(sizeof said - 1);
    enum err err = jwt_keys_new_text(&spec, text, &keys, &why);
    snprintf(said, sizeof said, "%.*s", STR_FMT(buf_str(&why)));
    OKAY((err == OK) == (keys != NULL) && (err == OK) == (why.n == 0));
    *count = keys == NULL ? 0 : jwt_keys_count(keys);
    jwt_keys_unref(&keys);
    return err;
}

static enum err try_text(struct str text) {
    size_t count;
    return try_spec((struct jwt_keys_spec){ .key_file = "keys.txt" }, text, &count);
}

static enum err try_secret(const char *secret) {
    size_t count;
    return try_spec((struct jwt_keys_spec){ .secret = str_of(secret) }, STR_NONE, &count);
}

static bool says(const char *piece) {
    return strstr(said, piece) != NULL;
}

/* Tries a JWKS of one key with the members given. */
static enum err try_jwk(EVP_PKEY *key, const char *more) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 16);
    BUF_PUT_LIT(&text, " \n{\"keys\":[");
    forge_put_jwk(&text, key, more);
    BUF_PUT_LIT(&text, "]}\n");
    return try_text(buf_str(&text));
}

TEST(a_short_secret_is_refused) {
    EQ(try_secret("k3Vw9-0aQzPq71LmNx8YtRr5Wd2Xe6G"), ERR_DENIED);    // 31 bytes
    OKAY(says("shorter than 32"));
    EQ(try_secret("k3Vw9-0aQzPq71LmNx8YtRr5Wd2Xe6Gh"), OK);
}

TEST(a_sample_from_documentation_is_refused_however_it_is_written) {
    static const char *const samples[] = {
        "secret",
        "your_secret_key",
        "YOUR-SECRET-KEY",
        "changeme",
        "Change Me",
        "your-256-bit-secret",
        "your_super_secret_jwt_key_change_in_production",
        "a-string-secret-at-least-256-bits-long",
        "secretsecretsecretsecretsecretsecret",
        "changemechangemechangemechangeme",
        "01234567890123456789012345678901",
        "0123456789abcdef0123456789abcdef",
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        EQ(try_secret(samples[i]), ERR_DENIED);
        OKAY(says("sample"));
    }
    EQ(try_secret("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), ERR_DENIED);
    EQ(try_secret("abababababababababababababababababababab"), ERR_DENIED);
    EQ(try_secret("secretsecretsecretsecretsecretsecrex"), OK);    // not our business any more
}

TEST(dev_accepts_a_weak_secret) {
    size_t count = 0;
    struct jwt_keys_spec spec = { .secret = STR_LIT("secret"), .is_dev = true };
    EQ(try_spec(spec, STR_NONE, &count), OK);
    EQ(count, 1);
}

TEST(pem_public_keys_of_three_kinds_are_taken) {
    SCOPED(forge_key_free) EVP_PKEY *rsa = forge_rsa(2048);
    SCOPED(forge_key_free) EVP_PKEY *ec = forge_ec("P-256");
    SCOPED(forge_key_free) EVP_PKEY *ed = forge_ed25519();
    EVP_PKEY *const keys[] = { rsa, ec, ed };
    for (size_t i = 0; i < COUNT(keys); i++) {
        SCOPED(buf_fini) struct buf pem = BUF_INIT(8192);
        BUF_PUT_LIT(&pem, "\n\n");
        forge_put_pem(&pem, keys[i]);
        EQ(try_text(buf_str(&pem)), OK);
    }
}

TEST(a_private_key_is_refused) {
    SCOPED(forge_key_free) EVP_PKEY *ed = forge_ed25519();
    SCOPED(buf_fini) struct buf pem = BUF_INIT(8192);
    forge_put_private_pem(&pem, ed);
    EQ(try_text(buf_str(&pem)), ERR_PROTO);
    OKAY(says("private key") && says("keys.txt"));
    EQ(try_jwk(ed, "\"d\":\"AAAA\""), ERR_PROTO);
    OKAY(says("private key"));
}

TEST(keys_we_do_not_speak_are_refused_in_pem) {
    SCOPED(forge_key_free) EVP_PKEY *weak = forge_rsa(1024);
    SCOPED(forge_key_free) EVP_PKEY *curve = forge_ec("P-384");
    SCOPED(buf_fini) struct buf pem = BUF_INIT(8192);
    forge_put_pem(&pem, weak);
    EQ(try_text(buf_str(&pem)), ERR_PROTO);
    OKAY(says("1024 bits"));
    buf_reset(&pem);
    forge_put_pem(&pem, curve);
    EQ(try_text(buf_str(&pem)), ERR_PROTO);
    OKAY(says("P-256"));
}

TEST(what_is_no_key_file_is_refused_with_its_name) {
    static const char encrypted[] = "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n"
                                    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                                    "AAAA\n-----END PUBLIC KEY-----\n";
    static const char *const texts[] = {
        "",
        "   \n",
        "hello",
        "-----BEGIN PUBLIC KEY-----\n",
        "{",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[1,null,\"x\"]}",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        encrypted,
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        EQ(try_text(str_of(texts[i])), ERR_PROTO);
        OKAY(says("keys.txt"));
    }
}

TEST(two_pem_keys_in_one_file_are_refused) {
    SCOPED(forge_key_free) EVP_PKEY *ed = forge_ed25519();
    SCOPED(buf_fini) struct buf pem = BUF_INIT(8192);
    forge_put_pem(&pem, ed);
    forge_put_pem(&pem, ed);
    EQ(try_text(buf_str(&pem)), ERR_PROTO);
    OKAY(says("JWKS"));
}

TEST(keys_for_other_uses_are_passed_over) {
    SCOPED(forge_key_free) EVP_PKEY *ed = forge_ed25519();
    SCOPED(forge_key_free) EVP_PKEY *rsa = forge_rsa(2048);
    EQ(try_jwk(ed, "\"use\":\"sig\""), OK);
    EQ(try_jwk(ed, "\"use\":\"enc\""), ERR_PROTO);
    OKAY(says("no public key"));
    EQ(try_jwk(rsa, "\"alg\":\"RS256\""), OK);
    EQ(try_jwk(rsa, "\"alg\":\"RS512\""), ERR_PROTO);
    EQ(try_jwk(rsa, "\"alg\":\"HS256\""), ERR_PROTO);

    SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 16);
    BUF_PUT_LIT(&text,
                "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"EC\",\"crv\":\"P-521\"},");
    forge_put_jwk(&text, rsa, "");
    BUF_PUT_LIT(&text, ",{\"kty\":\"new\"}]}");
    size_t count = 0;
    EQ(try_spec((struct jwt_keys_spec){ .key_file = "k" }, buf_str(&text), &count), OK);
    EQ(count, 1);
}

TEST(broken_keys_of_our_kinds_are_refused) {
    static const char not_on_the_curve[] =
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\","
        "\"y\":\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\"}]}";
    static const char *const jwks[] = {
        "{\"keys\":[{\"kty\":\"RSA\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":5,\"e\":3}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"_____w\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}]}",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQ\"}]}",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"***\"}]}",
        not_on_the_curve,
    };
    for (size_t i = 0; i < COUNT(jwks); i++) {
        EQ(try_text(str_of(jwks[i])), ERR_PROTO);
    }
}

TEST(an_exponent_that_makes_every_signature_right_is_refused) {
    SCOPED(forge_key_free) EVP_PKEY *rsa = forge_rsa(2048);
    SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 16);
    BUF_PUT_LIT(&text, "{\"keys\":[");
    forge_put_jwk(&text, rsa, "");
    BUF_PUT_LIT(&text, "]}");
    EQ(try_text(buf_str(&text)), OK);
    char *e = memmem(text.p, text.n, "\"AQAB\"", 6);
    OKAY(e != NULL);
    memcpy(e, "\"AQ\"  ", 6);
    EQ(try_text(buf_str(&text)), ERR_PROTO);
    OKAY(says("broken"));
}

TEST(names_of_keys_are_short_texts_and_different) {
    SCOPED(forge_key_free) EVP_PKEY *ed = forge_ed25519();
    EQ(try_jwk(ed, "\"kid\":5"), ERR_PROTO);
    OKAY(says("kid"));
    char more[512];
    snprintf(more, sizeof more, "\"kid\":\"%0300d\"", 0);
    EQ(try_jwk(ed, more), ERR_PROTO);

    SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 16);
    BUF_PUT_LIT(&text, "{\"keys\":[");
    forge_put_jwk(&text, ed, "\"kid\":\"a\"");
    BUF_PUT_LIT(&text, ",");
    forge_put_jwk(&text, ed, "\"kid\":\"a\"");
    BUF_PUT_LIT(&text, "]}");
    EQ(try_text(buf_str(&text)), ERR_PROTO);
    OKAY(says("twice"));
}

TEST(a_set_of_keys_has_its_bound) {
    SCOPED(forge_key_free) EVP_PKEY *ed = forge_ed25519();
    SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 16);
    BUF_PUT_LIT(&text, "{\"keys\":[");
    for (int i = 0; i < JWT_KEYS_MAX + 2; i++) {
        char more[32];
        snprintf(more, sizeof more, "\"kid\":\"%d\"", i);
        buf_put_str(&text, i == 0 ? STR_LIT("") : STR_LIT(","));
        forge_put_jwk(&text, ed, more);
    }
    BUF_PUT_LIT(&text, "]}");
    EQ(try_text(buf_str(&text)), ERR_PROTO);
    OKAY(says("more than"));
}

TEST(a_key_file_is_read_from_disk) {
    char dir[] = "/tmp/parloir-keys-XXXXXX";
    char path[64];
    OKAY(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/key.pem", dir);
    SCOPED(forge_key_free) EVP_PKEY *ed = forge_ed25519();
    SCOPED(buf_fini) struct buf pem = BUF_INIT(8192);
    forge_put_pem(&pem, ed);

    SCOPED(buf_fini) struct buf why = BUF_INIT(512);
    struct jwt_keys_spec spec = { .key_file = path };
    struct jwt_keys *keys = NULL;
    EQ(jwt_keys_new(&spec, &keys, &why), ERR_IO);
    OKAY(keys == NULL && why.n > 0);

    FILE *file = fopen(path, "w");
    OKAY(file != NULL);
    EQ(fwrite(pem.p, 1, pem.n, file), pem.n);
    EQ(fclose(file), 0);
    EQ(jwt_keys_new(&spec, &keys, &why), OK);
    EQ(jwt_keys_count(keys), 1);
    jwt_keys_unref(&keys);
    unlink(path);

    spec.key_file = dir;    // a directory is no file
    EQ(jwt_keys_new(&spec, &keys, &why), ERR_IO);
    rmdir(dir);
}
