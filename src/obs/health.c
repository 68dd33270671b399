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

bool health_is_ready(struct health *h) {
    pthread_mutex_lock(&h->lock);
    bool is_ready = h->is_writable && !h->is_draining;
    pthread_mutex_unlock(&h->lock);
    return is_ready;
}

unsigned health_live(struct health *h, struct buf *out) {
    (void)h;
    BUF_PUT_LIT(out, "{\"status\":\"ok\"}");
    return 200;
}

unsigned health_ready(struct health *h, struct buf *out) {
    pthread_mutex_lock(&h->lock);
    bool is_ready = h->is_writable && !h->is_draining;
    if (is_ready) {
        BUF_PUT_LIT(out, "{\"status\":\"ok\"}");
    } else {
        struct str why = { h->why, h->why_bytes };
        BUF_PUT_LIT(out, "{\"status\":\"unavailable\",\"reason\":");
        json_put_text(out, h->is_draining ? STR_LIT("shutting down") : why);
        buf_put_char(out, '}');
    }
    pthread_mutex_unlock(&h->lock);
    return is_ready ? 200 : 503;
}
