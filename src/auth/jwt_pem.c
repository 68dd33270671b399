/* Public keys from a PEM file. */
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "auth/jwt_key.h"

/* Whether `text` contains `piece`. */
static bool contains(struct str text, struct str piece) {
    return memmem(text.p, text.n, piece.p, piece.n) != NULL;
}

/* Asked for a pass phrase, we have none: without this the library would ask the terminal. */
static int no_phrase(char *out, int size, int is_write, void *ctx) {
    (void)out;
    (void)size;
    (void)is_write;
    (void)ctx;
    return -1;
}

/* The one public key of a PEM text; NULL: there is none. */
static EVP_PKEY *read_one(struct str text) {
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    if (bio == NULL) {
        return NULL;
    }
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, no_phrase, NULL);
    BIO_free(bio);
    return pkey;
}

enum err jwt_read_pem(struct jwt_keys *keys, struct str text, struct buf *why) {
    if (str_is_empty(text)) {
        BUF_PUT_LIT(why, "is empty");
        return ERR_PROTO;
    }
    if (contains(text, STR_LIT("PRIVATE KEY-----"))) {
        BUF_PUT_LIT(why, "has a private key; give the public one: openssl pkey -pubout");
        return ERR_PROTO;
    }
    struct str begin = STR_LIT("-----BEGIN ");
    struct str rest = text;
    rest.p += MIN(begin.n, rest.n);
    rest.n -= MIN(begin.n, rest.n);
    if (str_starts(text, begin) && contains(rest, begin)) {
        BUF_PUT_LIT(why, "has several PEM blocks; for several keys use a JWKS file");
        return ERR_PROTO;
    }
    EVP_PKEY *pkey = read_one(text);
    if (pkey == NULL) {
        BUF_PUT_LIT(why, "is neither a PEM public key (BEGIN PUBLIC KEY) nor a JWKS file");
        return ERR_PROTO;
    }
    return jwt_keys_add(keys, pkey, STR_NONE, why);
}
