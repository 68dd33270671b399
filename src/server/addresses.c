/* Who knocks: see addresses.h. Old entries are swept whenever the register has doubled, so an
 * attacker with many addresses costs memory in proportion to what he holds open, not to what he
 * once held. */
#include "server/addresses.h"

#include <arpa/inet.h>
#include <pthread.h>

#include "base/map.h"
#include "server/server.h"
#include "server/worker.h"

#define SWEEP_COUNT_MIN 1024
#define TURNED_AWAY_MAX 8    // connections of one address that are being told there are too many

struct address {
    char text[CONN_ADDRESS_BYTES];
    uint32_t connections;
    uint32_t turned_away;    // beside them, for as long as it takes to say so
    uint32_t failures;       // since window_ms
    uint64_t window_ms;
    uint64_t refused_until_ms;
};

struct addresses {
    pthread_mutex_t lock;
    struct text_map by_text;
    size_t sweep_at;    // entries
};

struct addresses *addresses_new(void) {
    struct addresses *a = xzalloc(sizeof *a);
    pthread_mutex_init(&a->lock, NULL);
    a->sweep_at = SWEEP_COUNT_MIN;
    return a;
}

void addresses_free(struct addresses **out) {
    struct addresses *a = *out;
    if (a == NULL) {
        return;
    }
    size_t at = 0;
    struct address *one;
    while ((one = text_map_next(&a->by_text, &at)) != NULL) {
        xfree(one);
    }
    text_map_fini(&a->by_text);
    pthread_mutex_destroy(&a->lock);
    xfree(a);
    *out = NULL;
}

/* The name the address is counted under; false: it is not counted. */
static bool key_of(const struct session *s, char key[CONN_ADDRESS_BYTES]) {
    conn_address(&s->conn, key);
    struct in6_addr v6;
    if (inet_pton(AF_INET6, key, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)) {
        memset(&v6.s6_addr[8], 0, 8);
        CHECK(inet_ntop(AF_INET6, &v6, key, CONN_ADDRESS_BYTES) != NULL);
    }
    return strcmp(key, "unix") != 0;
}

static bool is_forgettable(const struct address *one, uint64_t now_ms) {
    return one->connections == 0 && one->turned_away == 0 &&
           now_ms >= one->window_ms + ADDRESS_WINDOW_MS && now_ms >= one->refused_until_ms;
}

static void sweep(struct addresses *a, uint64_t now_ms) {
    struct text_map kept = { 0 };
    size_t at = 0;
    struct address *one;
    while ((one = text_map_next(&a->by_text, &at)) != NULL) {
        if (is_forgettable(one, now_ms)) {
            xfree(one);
        } else {
            text_map_put(&kept, str_of(one->text), one);
        }
    }
    text_map_fini(&a->by_text);
    a->by_text = kept;
    a->sweep_at = MAX(SWEEP_COUNT_MIN, 2 * kept.count);
}

static struct address *find(struct addresses *a, const char *key, uint64_t now_ms) {
    struct address *one = text_map_get(&a->by_text, str_of(key));
    if (one == NULL) {
        if (a->by_text.count >= a->sweep_at) {
            sweep(a, now_ms);
        }
        one = xzalloc(sizeof *one);
        memcpy(one->text, key, CONN_ADDRESS_BYTES);
        text_map_put(&a->by_text, str_of(one->text), one);
    }
    return one;
}

enum address_entry addresses_enter(struct addresses *a, struct session *s) {
    char key[CONN_ADDRESS_BYTES];
    if (!key_of(s, key)) {
        return ADDRESS_MAY_STAY;
    }
    uint64_t count_max = s->worker->settings->config->limits_connections_per_address;
    enum address_entry entry = ADDRESS_IS_FLOOD;
    pthread_mutex_lock(&a->lock);
    struct address *one = find(a, key, s->worker->loop.now_ms);
    if (count_max == 0 || one->connections < count_max) {
        entry = ADDRESS_MAY_STAY;
        one->connections++;
    } else if (one->turned_away < TURNED_AWAY_MAX) {
        entry = ADDRESS_IS_FULL;
        one->turned_away++;
    }
    s->address = entry == ADDRESS_IS_FLOOD ? NULL : one;    // which stays while it is counted
    s->is_turned_away = entry == ADDRESS_IS_FULL;
    pthread_mutex_unlock(&a->lock);
    return entry;
}

void addresses_leave(struct addresses *a, struct session *s) {
    if (s->address == NULL) {
        return;
    }
    pthread_mutex_lock(&a->lock);
    uint32_t *count = s->is_turned_away ? &s->address->turned_away : &s->address->connections;
    CHECK(*count > 0);
    (*count)--;
    pthread_mutex_unlock(&a->lock);
    s->address = NULL;
}

bool addresses_failed(struct addresses *a, const struct session *s) {
    char key[CONN_ADDRESS_BYTES];
    uint64_t count_max = s->worker->settings->config->auth_failures_per_minute;
    if (count_max == 0 || !key_of(s, key)) {
        return true;
    }
    uint64_t now_ms = s->worker->loop.now_ms;
    pthread_mutex_lock(&a->lock);
    struct address *one = find(a, key, now_ms);
    bool is_late = now_ms < one->refused_until_ms;
    if (now_ms >= one->window_ms + ADDRESS_WINDOW_MS) {
        one->window_ms = now_ms;
        one->failures = 0;
    }
    if (!is_late && ++one->failures >= count_max) {
        one->refused_until_ms = now_ms + ADDRESS_WINDOW_MS;
        one->failures = 0;
    }
    pthread_mutex_unlock(&a->lock);
    return !is_late;
}

bool addresses_is_refused(struct addresses *a, const struct session *s) {
    char key[CONN_ADDRESS_BYTES];
    if (!key_of(s, key)) {
        return false;
    }
    pthread_mutex_lock(&a->lock);
    struct address *one = text_map_get(&a->by_text, str_of(key));
    bool is_refused = one != NULL && s->worker->loop.now_ms < one->refused_until_ms;
    pthread_mutex_unlock(&a->lock);
    return is_refused;
}
