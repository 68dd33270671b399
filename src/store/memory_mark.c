/* The memory driver: how far people have read or had changes, and the files they sent. */
#include "store/memory_data.h"

void memory_read(struct memory_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    struct memory_user *user = memory_user_of(s, ev->user);
    const struct vec *messages = &memory_room_of(s, ev->room)->messages;
    struct memory_mark *mark = map_get(&user->reads, ev->room.v);
    const struct message *m = NULL;
    if (ev->message.v != 0) {
        m = map_get(&s->message_by_id, ev->message.v);
        if (m == NULL || m->room.v != ev->room.v) {
            memory_void(ev, REFUSE_message_unknown);
            return;
        }
    } else if (messages->n > 0) {
        m = messages->p[messages->n - 1];
        ev->message.v = map_get(&s->message_by_id, m->id.v) == NULL ? 0 : m->id.v;    // pruned
    }
    if (m == NULL || (mark != NULL && mark->seq >= m->seq)) {
        ev->is_repeat = true;
        ev->seq = mark == NULL ? 0 : mark->seq;
        return;
    }
    if (mark == NULL) {
        mark = arena_zalloc(&s->arena, sizeof *mark);
        map_put(&user->reads, ev->room.v, mark);
    }
    ev->seq = mark->seq = m->seq;
}

void memory_confirm(struct memory_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    struct memory_user *user = memory_user_of(s, ev->user);
    user->cursor = MAX(user->cursor, MIN(ev->position, s->position));
}

/* ---- uploads */

struct memory_upload *memory_upload_of(struct memory_store *s, struct str media_url) {
    size_t n = strlen(UPLOADS_PATH);
    if (!str_starts(media_url, STR_LIT(UPLOADS_PATH))) {
        return NULL;
    }
    return text_map_get(&s->upload_by_name, (struct str){ media_url.p + n, media_url.n - n });
}

void memory_upload_hide(struct memory_store *s, struct str media_url) {
    struct memory_upload *upload = memory_upload_of(s, media_url);
    if (upload != NULL) {
        CHECK(upload->shown > 0);
        upload->shown--;
    }
}

void memory_upload_begin(struct memory_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    uint64_t weight = memory_user_of(s, ev->user)->upload_bytes + upload_weight(ev->bytes);
    if (ev->quota_bytes != 0 && weight > ev->quota_bytes) {
        memory_void(ev, REFUSE_quota_full);
    }
}

void memory_upload_add(struct memory_store *s, struct batch *batch, struct event *ev) {
    if (text_map_get(&s->upload_by_name, ev->label) != NULL) {
        ev->is_repeat = true;
        return;
    }
    memory_upload_begin(s, batch, ev);
    if (ev->is_void) {
        return;
    }
    struct memory_upload *upload = arena_zalloc(&s->arena, sizeof *upload);
    upload->added = (struct event){ .type = EV_upload_added,
                                    .at_ms = ev->at_ms,
                                    .user = ev->user,
                                    .label = arena_str(&s->arena, ev->label),
                                    .media_type = arena_str(&s->arena, ev->media_type),
                                    .bytes = ev->bytes };
    memory_user_of(s, ev->user)->upload_bytes += upload_weight(ev->bytes);
    vec_push(&s->uploads, upload);
    CHECK(text_map_put(&s->upload_by_name, upload->added.label, upload) == NULL);
}

void memory_upload_remove(struct memory_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    struct memory_upload *upload = text_map_get(&s->upload_by_name, ev->label);
    if (upload == NULL || upload->shown > 0) {
        memory_void(ev, upload == NULL ? REFUSE_upload_unknown : REFUSE_forbidden);
        return;
    }
    memory_user_of(s, upload->added.user)->upload_bytes -= upload_weight(upload->added.bytes);
    text_map_drop(&s->upload_by_name, ev->label);
    vec_drop(&s->uploads, upload);
}
