/* The load driver: very many WebSocket clients in one thread, for measuring a server from outside.
 *
 *     load fanout  --port P --pid PID --rooms R --members M --inflight K --bytes B --seconds S
 *     load direct  --port P --pid PID --rooms R
 *     load latency --port P --pause-ms MS
 *     load idle    --port P --pid PID --rooms R --members M
 *
 * fanout   each room has M members; the first keeps K messages in flight, the next one leaving when
 *          its own comes back.
 * direct   the same with everyone alone in a room: how many messages a second come back to those
 *          who wait for each.
 * latency  one room of two, one message at a time: how long from the one's sending to the other's
 *          hearing it, on an idle server and on one clock.
 * idle     connects everybody and lets them join: connections a second, and the server's CPU and
 *          memory for each.
 *
 * The clients speak the hub's frames; the peers in bench/peers answer the same ones (or, with
 * --socketio, packets with the same content), so that everything is measured by the same driver.
 * Every mode ends by waiting for whatever is still under way and by checking that everybody has
 * heard every message of his room exactly once. One line of JSON comes out; exit 1: something was
 * wrong. */
#include "bench/load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define WARM_UP_SHARE 5    // a fifth of the seconds, before counting starts
#define SETTLE_MS 5000     // of silence: what has not come by then is lost
#define TURN_MS 100
#define CONTENT_BYTES_MAX 4000
#define FRAME_BYTES_MAX 16384

/* ---- while the clock runs */

static void run_for(struct load *l, double seconds) {
    uint64_t until_us = clock_mono_us() + (uint64_t)(seconds * 1e6);
    while (clock_mono_us() < until_us) {
        crowd_turn(l, TURN_MS);
    }
}

/* Waits for what is under way; says what is missing. */
static void settle(struct load *l) {
    uint64_t said = 0;
    l->is_answering = false;
    for (int i = 0; i < l->opt.rooms; i++) {
        said += l->rooms[i].said;
    }
    while (l->heard < said * (uint64_t)l->opt.members && crowd_turn(l, SETTLE_MS) > 0) {
    }
    crowd_turn(l, 0);
    for (int i = 0; i < l->count; i++) {
        const struct client *c = &l->clients[i];
        if (c->heard != l->rooms[c->room].said) {
            talk_fault(l, "client %d heard %llu of the %llu messages of its room", i,
                       (unsigned long long)c->heard, (unsigned long long)l->rooms[c->room].said);
        }
    }
}

/* ---- what comes out */

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t percentile(const struct load *l, double share) {
    size_t last = l->latency_count == 0 ? 0 : l->latency_count - 1;
    return l->latency_count == 0 ? 0 : l->latency_us[(size_t)((double)last * share)];
}

static void print_traffic(struct load *l, double took_s, double cpu_s) {
    double deliveries = l->deliveries == 0 ? 1 : (double)l->deliveries;
    qsort(l->latency_us, l->latency_count, sizeof *l->latency_us, by_size);
    printf("{\"deliveries\":%llu,\"deliveries_per_s\":%.0f,\"messages_per_s\":%.0f,"
           "\"cpu_us_per_delivery\":%.4f,\"cpu_share\":%.3f,\"p50_us\":%u,\"p99_us\":%u,"
           "\"bytes_per_delivery\":%.1f,\"errors\":%llu}\n",
           (unsigned long long)l->deliveries, (double)l->deliveries / took_s,
           (double)l->messages / took_s, cpu_s * 1e6 / deliveries, cpu_s / took_s,
           percentile(l, 0.50), percentile(l, 0.99), (double)l->bytes / deliveries,
           (unsigned long long)l->errors);
}

/* ---- modes */

static void run_fanout(struct load *l) {
    crowd_connect(l);
    l->is_answering = true;
    for (int k = 0; k < l->opt.inflight; k++) {
        for (int i = 0; i < l->opt.rooms; i++) {
            talk_say(l, i);
        }
    }
    run_for(l, l->opt.seconds / WARM_UP_SHARE);

    double cpu_s = proc_cpu_s(l->opt.pid);
    uint64_t began_us = clock_mono_us();
    l->is_counting = true;
    run_for(l, l->opt.seconds);
    l->is_counting = false;
    double took_s = (double)(clock_mono_us() - began_us) / 1e6;
    cpu_s = proc_cpu_s(l->opt.pid) - cpu_s;

    settle(l);
    print_traffic(l, took_s, cpu_s);
}

static void run_latency(struct load *l) {
    crowd_connect(l);
    double cpu_s = proc_cpu_s(l->opt.pid);
    uint64_t began_us = clock_mono_us();
    uint64_t until_us = began_us + (uint64_t)(l->opt.seconds * 1e6);
    struct timespec pause = { .tv_sec = l->opt.pause_ms / 1000,
                              .tv_nsec = l->opt.pause_ms % 1000 * 1000000L };
    l->is_counting = true;
    while (clock_mono_us() < until_us) {
        talk_say(l, 0);
        while (l->rooms[0].heard < l->rooms[0].said && crowd_turn(l, SETTLE_MS) > 0) {
        }
        nanosleep(&pause, NULL);
    }
    l->is_counting = false;
    double took_s = (double)(clock_mono_us() - began_us) / 1e6;
    cpu_s = proc_cpu_s(l->opt.pid) - cpu_s;

    settle(l);
    print_traffic(l, took_s, cpu_s);
}

static void run_idle(struct load *l) {
    double cpu_s = proc_cpu_s(l->opt.pid);
    int64_t rss_bytes = proc_rss_bytes(l->opt.pid);
    uint64_t began_us = clock_mono_us();
    crowd_connect(l);
    double took_s = (double)(clock_mono_us() - began_us) / 1e6;
    cpu_s = proc_cpu_s(l->opt.pid) - cpu_s;
    run_for(l, l->opt.seconds);
    rss_bytes = proc_rss_bytes(l->opt.pid) - rss_bytes;

    printf("{\"connections\":%d,\"rss_bytes_per_connection\":%.0f,\"connects_per_s\":%.0f,"
           "\"cpu_us_per_connect\":%.2f,\"errors\":%llu}\n",
           l->count, (double)rss_bytes / l->count, l->count / took_s, cpu_s * 1e6 / l->count,
           (unsigned long long)l->errors);
}

/* `clock` is the member of each room whose hearing a message ends its time. */
static const struct mode {
    const char *name;
    void (*run)(struct load *l);
    int members;    // 0: as many as are asked for
    int rooms;
    int clock;
} modes[] = {
    { "fanout", run_fanout, 0, 0, 0 },
    { "direct", run_fanout, 1, 0, 0 },
    { "latency", run_latency, 2, 1, 1 },
    { "idle", run_idle, 0, 0, 0 },
};

static const struct mode *mode_find(const char *name) {
    for (size_t i = 0; i < COUNT(modes); i++) {
        if (strcmp(modes[i].name, name) == 0) {
            return &modes[i];
        }
    }
    return NULL;
}

/* ---- beginning */

static void usage(void) {
    fprintf(
        stderr,
        "usage: load fanout|direct|latency|idle --port P [--pid PID] [--rooms R]\n"
        "    [--members M] [--inflight 1..%d] [--bytes B] [--seconds S]\n"
        "    [--pause-ms MS] [--path PATH] [--secret S] [--user ID] [--raw|--socketio|--envelope]\n"
        "    [--deflate] [--text]\n",
        INFLIGHT_MAX);
    exit(2);
}

static int number(const char *text) {
    int64_t v;
    if (str_to_i64(str_of(text), &v) != OK || v < 0 || v > INT32_MAX) {
        usage();
    }
    return (int)v;
}

static void take_option(struct options *opt, int name, const char *value) {
    switch (name) {
    case 'p': opt->port = number(value); break;
    case 'i': opt->pid = number(value); break;
    case 'r': opt->rooms = number(value); break;
    case 'm': opt->members = number(value); break;
    case 'k': opt->inflight = number(value); break;
    case 'b': opt->bytes = number(value); break;
    case 'u': opt->first_user = number(value); break;
    case 'z': opt->pause_ms = number(value); break;
    case 's': opt->seconds = strtod(value, NULL); break;
    case 'a': opt->path = value; break;
    case 'e': opt->secret = value; break;
    case 'w': opt->proto = PROTO_RAW; break;
    case 'o': opt->proto = PROTO_SOCKETIO; break;
    case 'v': opt->proto = PROTO_ENVELOPE; break;
    case 'd': opt->is_deflated = true; break;
    case 't': opt->is_text = true; break;
    default: usage();
    }
}

static void read_options(int argc, char **argv, struct options *opt) {
    static const struct option names[] = {
        { "port", 1, NULL, 'p' },     { "pid", 1, NULL, 'i' },      { "rooms", 1, NULL, 'r' },
        { "members", 1, NULL, 'm' },  { "inflight", 1, NULL, 'k' }, { "bytes", 1, NULL, 'b' },
        { "user", 1, NULL, 'u' },     { "pause-ms", 1, NULL, 'z' }, { "seconds", 1, NULL, 's' },
        { "path", 1, NULL, 'a' },     { "secret", 1, NULL, 'e' },   { "raw", 0, NULL, 'w' },
        { "socketio", 0, NULL, 'o' }, { "envelope", 0, NULL, 'v' }, { "deflate", 0, NULL, 'd' },
        { "text", 0, NULL, 't' },     { NULL, 0, NULL, 0 },
    };
    int name;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        take_option(opt, name, optarg);
    }
    opt->mode = optind < argc ? argv[optind] : "";
}

static void check_options(const struct options *opt) {
    if (opt->port == 0 || opt->rooms < 1 || opt->members < 1 || opt->inflight < 1 ||
        opt->inflight > INFLIGHT_MAX || opt->bytes < 1 || opt->bytes > CONTENT_BYTES_MAX) {
        usage();
    }
}

/* What messages say: one letter, or words as people write them, for who looks at compression. */
static void fill_content(struct load *l) {
    static const char words[] =
        "Good morning everybody! Shall we meet tomorrow around nine in front of the station, as we "
        "did last time? Somebody could bring coffee, and the plans of the second floor. I have the "
        "keys, and Paul has promised to come with his van, if it starts. ";
    memset(l->content, 'x', CONTENT_BYTES_MAX);
    for (size_t at = 0; l->opt.is_text && at < CONTENT_BYTES_MAX; at += sizeof words - 1) {
        memcpy(l->content + at, words, MIN(sizeof words - 1, CONTENT_BYTES_MAX - at));
    }
}

int main(int argc, char **argv) {
    struct load l = { .opt = { .path = "/ws/hub",
                               .secret = "a secret of the benchmarks, more than 32 bytes",
                               .rooms = 1,
                               .members = 10,
                               .inflight = 1,
                               .bytes = 200,
                               .seconds = 3,
                               .pause_ms = 2,
                               .first_user = 1000 } };
    read_options(argc, argv, &l.opt);
    const struct mode *mode = mode_find(l.opt.mode);
    if (mode == NULL) {
        usage();
    }
    l.opt.members = mode->members > 0 ? mode->members : l.opt.members;
    l.opt.rooms = mode->rooms > 0 ? mode->rooms : l.opt.rooms;
    check_options(&l.opt);

    l.read_buf = xzalloc(READ_BYTES);
    l.content = xzalloc(CONTENT_BYTES_MAX);
    fill_content(&l);
    if (l.opt.is_deflated) {
        l.inflater = inflater_new();
    }
    for (size_t i = 0; i < ONCE_MAX; i++) {
        l.once[i] = (struct heard_once){ BUF_INIT(FRAME_BYTES_MAX), BUF_INIT(FRAME_BYTES_MAX) };
    }
    l.frame = BUF_INIT(FRAME_BYTES_MAX);
    l.latency_us = xalloc(LATENCIES_MAX * sizeof *l.latency_us);
    crowd_make(&l);
    for (int i = 0; i < l.opt.rooms; i++) {
        l.clients[i * l.opt.members + mode->clock].is_clock = true;
    }
    mode->run(&l);
    return l.errors == 0 ? 0 : 1;
}
