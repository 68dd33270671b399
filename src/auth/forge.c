/* Forging keys and tokens, straight on OpenSSL and not through the code under test. */
#include "auth/forge.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "base/rng.h"

EVP_PKEY *forge_rsa(unsigned bits) {
    EVP_PKEY *key = EVP_RSA_gen(bits);
    CHECK(key != NULL);
    return key;
}

EVP_PKEY *forge_ec(const char *group) {
    EVP_PKEY *key = EVP_EC_gen(group);
    CHECK(key != NULL);
    return key;
}

EVP_PKEY *forge_ed25519(void) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    CHECK(key != NULL);
    return key;
}

void forge_key_free(EVP_PKEY **key) {
    EVP_PKEY_free(*key);
    *key = NULL;
}

static void put_bio(struct buf *out, BIO *bio) {
    char *text = NULL;
    long n = BIO_get_mem_data(bio, &text);
    CHECK(n > 0);
    buf_put(out, text, (size_t)n);
    BIO_free(bio);
}

void forge_put_pem(struct buf *out, EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PUBKEY(bio, key) == 1);
    put_bio(out, bio);
}

void forge_put_private_pem(struct buf *out, EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    put_bio(out, bio);
}

/* Appends ,"name":"number" with the number in `bytes` bytes, or as few as it needs if 0. */
static void put_number(struct buf *out, EVP_PKEY *key, const char *param, const char *name,
                       int bytes) {
    BIGNUM *n = NULL;
    uint8_t raw[1024];
    CHECK(EVP_PKEY_get_bn_param(key, param, &n) == 1);
    int length = bytes == 0 ? BN_num_bytes(n) : bytes;
    CHECK(BN_bn2binpad(n, raw, length) == length);
    BN_free(n);
    buf_printf(out, ",\"%s\":\"", name);
    base64url_put(out, raw, (size_t)length);
    buf_put_char(out, '"');
}

void forge_put_jwk(struct buf *out, EVP_PKEY *key, const char *more) {
    int type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_RSA) {
        BUF_PUT_LIT(out, "{\"kty\":\"RSA\"");
        put_number(out, key, OSSL_PKEY_PARAM_RSA_N, "n", 0);
        put_number(out, key, OSSL_PKEY_PARAM_RSA_E, "e", 0);
    } else if (type == EVP_PKEY_EC) {
        BUF_PUT_LIT(out, "{\"kty\":\"EC\",\"crv\":\"P-256\"");
        put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, "x", 32);
        put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", 32);
    } else {
        uint8_t raw[32];
        size_t n = sizeof raw;
        CHECK(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
        BUF_PUT_LIT(out, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
        base64url_put(out, raw, n);
        buf_put_char(out, '"');
    }
    if (more[0] != '\0') {
        buf_printf(out, ",%s", more);
    }
    buf_put_char(out, '}');
}

void forge_put_unsigned(struct buf *out, struct str header, struct str claims) {
    base64url_put(out, header.p, header.n);
    buf_put_char(out, '.');
    base64url_put(out, claims.p, claims.n);
}

void forge_sign_hs256(struct buf *token, struct str secret) {
    uint8_t mac[32];
    unsigned n = 0;
    CHECK(HMAC(EVP_sha256(), secret.p == NULL ? "" : secret.p, (int)secret.n,
               (const uint8_t *)token->p, token->n, mac, &n) != NULL);
    buf_put_char(token, '.');
    base64url_put(token, mac, n);
}

/* The two numbers of an ECDSA signature side by side. */
static size_t raw_of_der(uint8_t *signature, size_t n) {
    const uint8_t *p = signature;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    CHECK(sig != NULL);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32) == 32);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    return 64;
}

void forge_sign(struct buf *token, EVP_PKEY *key) {
    uint8_t signature[1024];
    size_t n = sizeof signature;
    int type = EVP_PKEY_get_base_id(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = type == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    CHECK(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
    CHECK(EVP_DigestSign(ctx, signature, &n, (const uint8_t *)token->p, token->n) == 1);
    EVP_MD_CTX_free(ctx);
    if (type == EVP_PKEY_EC) {
        n = raw_of_der(signature, n);
    }
    buf_put_char(token, '.');
    base64url_put(token, signature, n);
}
