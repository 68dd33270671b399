/* JSON: reading through yyjson (RFC 8259, strict, UTF-8 checked, any depth without recursion),
 * writing straight into a buffer.
 *
 * Reading never copies text: values borrow from the document, which borrows nothing (the input is
 * copied first). Key look-ups compare as names (str_eq_name): `from_user`,
 * `fromUser` and `FROM-USER` are one; of duplicate keys the last one counts, as in every browser.
 *
 * Thread   a reader belongs to one thread; a document must be dropped before the reader's next.
 * Memory   a reader keeps one pool that grows to bytes_max's need and is reused for every document.
 * Bound    bytes_max of input, given at birth: longer input is ERR_TOO_BIG, not parsed. */
#ifndef PARLOIR_BASE_JSON_H
#define PARLOIR_BASE_JSON_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define JSON_BYTES_MAX ((size_t)1 << 28)    // no reader takes longer documents

struct json_reader;    // heap; owns pool and document
struct json;           // a value inside the current document

/* Returns an owned reader for inputs of at most bytes_max bytes, itself at most JSON_BYTES_MAX. */
struct json_reader *json_reader_new(size_t bytes_max);
void json_reader_free(struct json_reader **r);

/* Parses one document; *out is its root and lives until the next parse or the reader's end.
 * ERR_PROTO: not JSON; json_reader_why() says what and where. ERR_TOO_BIG: over bytes_max. */
enum err json_parse(struct json_reader *r, struct str text, const struct json **out) MUST_USE;

/* One sentence on the last failure, such as "unexpected character at byte 17". Borrowed. */
const char *json_reader_why(const struct json_reader *r);

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

/* The kind of v; JSON_NULL for NULL. */
enum json_kind json_kind_of(const struct json *v);

/* The member of an object; NULL if v is no object (or NULL), has none, or has a null there. */
const struct json *json_get(const struct json *v, const char *key);

/* Elements of an array; 0 if v is no array. */
size_t json_count(const struct json *v);

/* Element i; NULL if v is no array or has no such element. O(1) for the one asked for last and the
 * one after it, and for any in an array of nothing but scalars: the array keeps the place. */
const struct json *json_at(const struct json *v, size_t i);

/* Text of v, which may hold zero bytes (\u0000); STR_NONE if v is no text. */
struct str json_text(const struct json *v);

/* A whole number >= 0, as a number (1, 1.0, 1e3) or text of digits. ERR_PROTO: anything else.
 * ERR_TOO_BIG: over 2^53 - 1, which JavaScript could not hold. */
enum err json_u64(const struct json *v, uint64_t *out) MUST_USE;

/* True or false. ERR_PROTO: anything else. */
enum err json_bool(const struct json *v, bool *out) MUST_USE;

/* Any number as a double. ERR_PROTO: anything else. */
enum err json_double(const struct json *v, double *out) MUST_USE;

/* Visits the members of an object in order: start with *at == 0; false at the end. */
bool json_each(const struct json *v, size_t *at, struct str *key, const struct json **member);

/* Writing. json_put_text writes `s` as a JSON string with quotes; s must be valid UTF-8. Control
 * characters, quote, backslash, U+2028 and U+2029 are escaped. */
void json_put_text(struct buf *b, struct str s);

#endif
