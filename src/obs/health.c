/* What the server says about itself to whoever watches it. */
#include "obs/health.h"

#include <pthread.h>

#include "base/json.h"

struct health {
    pthread_mutex_t lock;
    bool is_writable;
    bool is_draining;
    size_t why_bytes;
    char why[HEALTH_WHY_BYTES];    // while not writable
};

static void set_why(struct health *h, struct str why) {
    struct str fit = { why.p, MIN(why.n, sizeof h->why) };
    while (fit.n > 0 && !str_is_utf8(fit)) {
        fit.n--;    // not in the middle of a character
    }
    if (fit.n > 0) {
        memcpy(h->why, fit.p, fit.n);
    }
    h->why_bytes = fit.n;
}

struct health *health_new(void) {
    struct health *h = xzalloc(sizeof *h);
    CHECK(pthread_mutex_init(&h->lock, NULL) == 0);
    set_why(h, STR_LIT("starting"));
    return h;
}

void health_free(struct health **at) {
    struct health *h = *at;
    if (h != NULL) {
        pthread_mutex_destroy(&h->lock);
        xfree(h);
        *at = NULL;
    }
}

void health_store_ok(struct health *h) {
    pthread_mutex_lock(&h->lock);
    h->is_writable = true;
    pthread_mutex_unlock(&h->lock);
}

void health_store_away(struct health *h, struct str why) {
    pthread_mutex_lock(&h->lock);
    h->is_writable = false;
    set_why(h, why);
    pthread_mutex_unlock(&h->lock);
}

void health_draining(struct health *h) {
    pthread_mutex_lock(&h->lock);
    h->is_draining = true;
    pthread_mutex_unlock(&h->lock);
}

unsigned health_live(struct health *h, struct buf *out) {
    (void)h;
    BUF_PUT_LIT(out, "{\"status\":\"ok\"}");
    return 200;
}

unsigned health_ready(struct health *h, bool has_room, struct buf *out) {
    pthread_mutex_lock(&h->lock);
    struct str why = h->is_draining    ? STR_LIT("shutting down")
                     : !h->is_writable ? (struct str){ h->why, h->why_bytes }
                     : !has_room       ? STR_LIT("the store's disk is full")
                                       : STR_NONE;
    if (why.n == 0) {
        BUF_PUT_LIT(out, "{\"status\":\"ok\"}");
    } else {
        BUF_PUT_LIT(out, "{\"status\":\"unavailable\",\"reason\":");
        json_put_text(out, why);
        buf_put_char(out, '}');
    }
    pthread_mutex_unlock(&h->lock);
    return why.n == 0 ? 200 : 503;
}
