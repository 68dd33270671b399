/* A batch as text.
 *
 * Everything a batch says is in the text, so that the digest of the text is the digest of the
 * batch: a field that were left out would be a difference no replay sees. */
#include "core/print.h"

#include "core/line.h"

#define ITEM_BYTES_MAX ((size_t)1 << 30)    // far beyond what a decoder lets in
#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

void event_print(const struct event *ev, struct buf *out) {
    line_put_text(out, "type", str_of(event_name(ev->type)));
#define FIELD_ID(name) line_put_number(out, #name, ev->name.v);
#define FIELD_NUMBER(name) line_put_number(out, #name, ev->name);
#define FIELD_TEXT(name) line_put_text(out, #name, ev->name);
#define FIELD_ENUM(name, type, count) line_put_number(out, #name, (uint64_t)ev->name);
#define FIELD_FLAG(name) line_put_number(out, #name, ev->name);
#include "core/event_fields.tbl.h"
#undef FIELD_ID
#undef FIELD_NUMBER
#undef FIELD_TEXT
#undef FIELD_ENUM
#undef FIELD_FLAG
}

static void print_event(const struct event *ev, struct buf *out) {
    static const char *const audiences[] = { "nobody", "room", "sessions" };
    BUF_PUT_LIT(out, "event");
    event_print(ev, out);
    line_put_text(out, "audience", str_of(audiences[ev->audience]));
    for (size_t i = 0; i < ev->session_count; i++) {
        line_put_number(out, "to", ev->sessions[i].v);
    }
}

static void print_reply(const struct reply *r, struct buf *out) {
    BUF_PUT_LIT(out, "reply");
    line_put_text(out, "cmd", str_of(cmd_name(r->cmd)));
    line_put_text(out, "refusal", str_of(refusal_name(r->refusal)));
    line_put_number(out, "session", r->session.v);
    line_put_number(out, "dialect", r->dialect);
    line_put_number(out, "form", r->form);
    line_put_number(out, "part", r->part);
    line_put_number(out, "at_ms", r->at_ms);
    line_put_text(out, "ref", r->ref);
    line_put_text(out, "detail", str_of(detail_name(r->detail.kind)));
    line_put_text(out, "input", str_of(input_name(r->detail.input)));
    line_put_text(out, "unit", str_of(unit_name(r->detail.unit)));
    line_put_number(out, "given", r->detail.given);
    line_put_number(out, "max", r->detail.max);
    line_put_text(out, "word", r->detail.word);
    line_put_number(out, "problem", r->detail.problem);
    line_put_number(out, "retry_after_ms", r->retry_after_ms);
    line_put_number(out, "room", r->room.v);
    line_put_text(out, "room_name", r->room_name);
    line_put_number(out, "user", r->user.v);
    line_put_text(out, "username", r->username);
    line_put_text(out, "mobile", r->mobile);
    line_put_number(out, "role", r->role);
    line_put_number(out, "until_ms", r->until_ms);
    line_put_number(out, "message", r->message);
    line_put_number(out, "is_on", r->is_on);
    line_put_number(out, "is_typing", r->is_typing);
    line_put_number(out, "is_return", r->is_return);
    line_put_text(out, "event", r->event == NULL ? STR_NONE : str_of(event_name(r->event->type)));
}

static void print_ask(const struct ask *ask, struct buf *out) {
    static const char *const kinds[ASK_KIND_COUNT] = { "room_history", "direct_history", "list",
                                                       "resume",       "search",         "unread",
                                                       "changes" };
    BUF_PUT_LIT(out, "ask");
    line_put_text(out, "kind", str_of(kinds[ask->kind]));
    line_put_number(out, "session", ask->session.v);
    line_put_number(out, "dialect", ask->dialect);
    line_put_number(out, "form", ask->form);
    line_put_number(out, "part", ask->part);
    line_put_text(out, "ref", ask->ref);
    line_put_number(out, "room", ask->room.v);
    line_put_text(out, "room_name", ask->room_name);
    line_put_number(out, "user", ask->user.v);
    line_put_number(out, "other", ask->other.v);
    line_put_text(out, "content", ask->content);
    line_put_number(out, "before", ask->before);
    line_put_number(out, "after", ask->after);
    line_put_number(out, "offset", ask->offset);
    line_put_number(out, "after_seq", ask->after_seq);
    line_put_number(out, "limit", ask->limit);
    line_put_number(out, "list_kind", ask->list_kind);
    line_put_number(out, "is_on", ask->is_on);
}

void item_print(const struct item *item, struct buf *out) {
    switch (item->kind) {
    case ITEM_REPLY: print_reply(&item->reply, out); break;
    case ITEM_EVENT: print_event(&item->event, out); break;
    case ITEM_ASK: print_ask(&item->ask, out); break;
    }
    buf_put_char(out, '\n');
}

void batch_print(const struct batch *b, struct buf *out) {
    BATCH_EACH(item, b) {
        item_print(item, out);
    }
}

static uint64_t fnv(uint64_t hash, struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        hash = (hash ^ (unsigned char)s.p[i]) * FNV_PRIME;
    }
    return hash;
}

uint64_t batch_digest(const struct batch *b) {
    SCOPED(buf_fini) struct buf line = BUF_INIT(ITEM_BYTES_MAX);
    uint64_t hash = FNV_START;
    BATCH_EACH(item, b) {
        buf_reset(&line);
        item_print(item, &line);
        hash = fnv(hash, buf_str(&line));
    }
    return hash;
}
