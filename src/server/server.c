/* The server: see server.h. What is started is stopped in the reverse order, by one function that
 * takes a half-started server too. */
#include "server/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "auth/keyfile.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "core/batch.h"
#include "media/files.h"
#include "obs/metrics.h"
#include "server/credential.h"
#include "server/demo.h"
#include "server/restore.h"
#include "server/sweep.h"
#include "server/worker.h"

#define PATH_BYTES_MAX 4096
#define READY_BYTES_MAX 1024
#define CONTROL_SOCKET_MODE 0600
#define LISTEN_SOCKET_MODE 0666
#define EXIT_BAD_CONFIG 2
#define DRAIN_GRACE_MS 1500      // for close handshakes, after server.drain_ms
#define STORE_BUSY_MS 2000       // for a command line to be done with the store
#define STORE_BUSY_LOOK_MS 20    // between two looks

/* ---- round the ring */

static void on_batch(void *ctx, unsigned worker, struct batch *batch) {
    struct server *server = ctx;
    worker_deliver(&server->workers[worker], batch);
}

static void on_answer(void *ctx, struct answer *answer) {
    struct server *server = ctx;
    unsigned worker = worker_of_session(answer->ask.session);
    CHECK(worker < server->worker_count);
    worker_answer(&server->workers[worker], answer);
}

static void on_credits(void *ctx) {
    struct server *server = ctx;
    for (unsigned i = 0; i < server->worker_count; i++) {
        worker_give_credits(&server->workers[i]);
    }
}

static void on_kept(void *ctx, const struct event *ev) {
    credential_on_fact(ctx, ev);
}

static const struct ring_ops ring_ops = {
    .on_batch = on_batch,
    .on_answer = on_answer,
    .on_kept = on_kept,
    .on_credits = on_credits,
};

/* ---- start */

/* A command line that is at work without a server has the store for a moment. */
static enum err open_soon(struct server *server, struct str url, struct buf *why) {
    uint64_t until_ms = clock_mono_ms() + STORE_BUSY_MS;
    enum err err;
    while ((err = store_open(url, &server->store, why)) == ERR_BUSY && clock_mono_ms() < until_ms) {
        buf_reset(why);
        nanosleep(&(struct timespec){ .tv_nsec = STORE_BUSY_LOOK_MS * 1000000L }, NULL);
    }
    return err;
}

static enum err open_store(struct server *server, struct buf *why) {
    const struct settings *settings = server_settings(server);
    SCOPED(buf_fini) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    SCOPED(buf_fini) struct buf secret = BUF_INIT(KEY_FILE_TEXT_MAX);
    settings_put_path(settings->config, "token.key", &path);
    bool is_new = false;
    enum err err = key_file_load(path.p, &secret, &is_new, why);
    if (err != OK) {
        return err;
    }
    server->token_key = token_key_of(buf_str(&secret));
    err = open_soon(server, settings->config->store_url, why);
    if (err != OK) {
        return err;
    }
    struct core_limits limits;
    settings_core_limits(settings, &limits);
    server->core = core_new(&limits);
    err = restore(server->store, server->core, on_kept, server, why);
    return err == OK && settings->config->is_dev ? demo_make(server->core, server->store) : err;
}

static enum err start_ring(struct server *server, struct buf *why) {
    const struct config *config = server_settings(server)->config;
    struct core_limits limits;
    settings_core_limits(server_settings(server), &limits);
    struct keep keep;
    settings_keep(server_settings(server), &keep);
    return ring_start(
        &(struct ring_parts){
            .core = server->core,
            .store = server->store,
            .health = server->health,
            .limits = &limits,
            .keep = &keep,
            .worker_count = server->worker_count,
            .credits = (uint32_t)config->server_credits,
            .away_ms = (uint32_t)config->store_away_ms,
            .tape_path = str_is_empty(config->tape_file) ? NULL : config->tape_file.p,
            .ops = &ring_ops,
            .ctx = server,
        },
        &server->ring, why);
}

/* Opens one address on every worker; a Unix socket on the first alone. Appends what is in use to
 * `ready`. */
static enum err open_address(struct server *server, struct str text, enum entrance_kind kind,
                             struct buf *ready, struct buf *why) {
    struct listen_address address;
    enum err err = listen_address_parse(text, &address);
    if (err != OK) {
        buf_printf(why,
                   "%.*s is not an address to listen on: write 127.0.0.1:8080, [::1]:8080 or "
                   "unix:/path, each with tls: before it if wanted",
                   STR_FMT(text));
        return err;
    }
    unsigned count = address.is_unix ? 1 : server->worker_count;
    unsigned mode = kind == ENTRANCE_OPERATOR ? CONTROL_SOCKET_MODE : LISTEN_SOCKET_MODE;
    for (unsigned i = 0; i < count && err == OK; i++) {
        int fd = -1;
        err = listen_open(&address, mode, &fd);
        if (err != OK) {
            bool is_taken = errno == EADDRINUSE;
            buf_printf(why, "cannot listen on %.*s: %s", STR_FMT(text),
                       is_taken ? "another program listens there: stop it, or choose another"
                                : strerror(errno));
            return err;
        }
        err = worker_add_entrance(&server->workers[i], fd, kind, address.is_tls);
    }
    if (err != OK) {
        buf_printf(why, "cannot listen on %.*s: %s", STR_FMT(text), err_text(err));
        return err;
    }
    char shown[LISTEN_TEXT_BYTES];
    listen_address_text(&address, shown);
    buf_printf(ready, "%s%s", ready->n > 0 ? "," : "", shown);
    return OK;
}

static enum err open_addresses(struct server *server, const struct config_list *list,
                               enum entrance_kind kind, struct buf *ready, struct buf *why) {
    enum err err = OK;
    for (size_t i = 0; i < list->count && err == OK; i++) {
        err = open_address(server, list->items[i], kind, ready, why);
    }
    return err;
}

#define CONTROL_PATH_BYTES_MAX 107    // sun_path, without its last zero

static enum err open_control(struct server *server, struct buf *why) {
    SCOPED(buf_fini) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    SCOPED(buf_fini) struct buf ready = BUF_INIT(READY_BYTES_MAX);
    BUF_PUT_LIT(&path, "unix:");
    settings_put_path(server_settings(server)->config, "parloir.sock", &path);
    if (path.n - 5 > CONTROL_PATH_BYTES_MAX) {
        buf_printf(why,
                   "data.dir: %s is too long a path for the control socket: a socket's path has %d "
                   "bytes at most",
                   path.p + 5, CONTROL_PATH_BYTES_MAX);
        return ERR_TOO_BIG;
    }
    return open_address(server, buf_str(&path), ENTRANCE_OPERATOR, &ready, why);
}

static enum err start_workers(struct server *server, struct buf *why) {
    for (unsigned i = 0; i < server->worker_count; i++) {
        enum err err = worker_init(&server->workers[i], server, i);
        if (err != OK) {
            buf_printf(why, "worker %u has no descriptors for its loop: %s", i, err_text(err));
            return err;
        }
        server->prepared_count++;
    }
    return OK;
}

/* Tells systemd, if it is there (sd_notify(3)): a datagram to the socket it named. */
static void tell_systemd(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (path == NULL || strlen(path) >= sizeof to.sun_path || path[0] == '\0') {
        return;
    }
    memcpy(to.sun_path, path, strlen(path));
    if (path[0] == '@') {
        to.sun_path[0] = '\0';    // the abstract namespace
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, bytes) < 0) {
            LOG_WARN("systemd.not_told", ERRNO(errno));
        }
        close(fd);
    }
}

static enum err open_doors(struct server *server, struct buf *why) {
    const struct config *config = server_settings(server)->config;
    SCOPED(buf_fini) struct buf http = BUF_INIT(READY_BYTES_MAX);
    SCOPED(buf_fini) struct buf hub = BUF_INIT(READY_BYTES_MAX);
    SCOPED(buf_fini) struct buf tchatator = BUF_INIT(READY_BYTES_MAX);
    enum err err = open_addresses(server, &config->http_listen, ENTRANCE_HTTP, &http, why);
    if (err == OK) {
        err =
            open_addresses(server, &config->tchatator_listen, ENTRANCE_TCHATATOR, &tchatator, why);
    }
    if (err == OK) {
        err = open_addresses(server, &config->hub_listen, ENTRANCE_HUB, &hub, why);
    }
    if (err == OK) {
        err = open_control(server, why);
    }
    if (err != OK) {
        return err;
    }
    for (unsigned i = 0; i < server->worker_count; i++) {
        worker_start(&server->workers[i]);
        server->started_count++;
    }
    health_store_ok(server->health);
    LOG_INFO("server.ready", TEXT("http", buf_str(&http)), TEXT("hub", buf_str(&hub)),
             TEXT("tchatator", buf_str(&tchatator)), TEXT("data", config->data_dir),
             U64("workers", server->worker_count), U64("pid", (uint64_t)getpid()));
    tell_systemd("READY=1");
    return OK;
}

/* ---- signals */

/* Frees what no worker goes by any more, but for the first: what only a restart changes is still as
 * it was there. */
static void forget_older(struct server *server) {
    struct settings *now = server_settings(server);
    for (unsigned i = 0; i < server->worker_count; i++) {
        if (atomic_load(&server->workers[i].settings_seen) != now) {
            return;
        }
    }
    while (now->older != NULL && now->older->older != NULL) {
        struct settings *gone = now->older;
        now->older = gone->older;
        gone->older = NULL;
        settings_free(&gone);
    }
}

static void reload(struct server *server) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(CONFIG_VALUE_BYTES_MAX);
    struct settings *fresh = NULL;
    if (settings_new(&server->sources, &fresh, &why) != OK) {
        LOG_ERROR("config.refused", TEXT("why", buf_str(&why)), STR("kept", "the old one"));
        return;
    }
    forget_older(server);
    struct settings *old = server_settings(server);
    const struct settings *first = old;
    while (first->older != NULL) {
        first = first->older;
    }
    SCOPED(buf_fini) struct buf restart = BUF_INIT(CONFIG_VALUE_BYTES_MAX);
    config_put_restart_needed(first->config, fresh->config, &restart);
    fresh->older = old;
    if (fresh->tls == NULL && old->tls != NULL) {
        fresh->tls = tls_context_ref(old->tls);    // an open tls: address never speaks in the clear
    }
    log_setup(fresh->config->log_level, fresh->config->log_format, STDERR_FILENO);
    atomic_store(&server->settings, fresh);
    struct core_limits limits;
    settings_core_limits(fresh, &limits);
    ring_set_limits(server->ring, &limits, (uint32_t)fresh->config->store_away_ms);
    struct keep keep;
    settings_keep(fresh, &keep);
    ring_set_keep(server->ring, &keep);
    for (unsigned i = 0; i < server->worker_count; i++) {
        worker_poke(&server->workers[i]);
    }
    LOG_INFO("config.reloaded", TEXT("needs_restart", buf_str(&restart)));
}

/* Until a signal asks for the end. */
static void wait_for_end(struct server *server, const sigset_t *signals) {
    struct timespec second = { .tv_sec = 1 };
    struct sweep *sweep = sweep_start(server, server_settings(server)->config->media_orphan_ms);
    while (true) {
        int sig = sigtimedwait(signals, NULL, &second);
        if (sig == SIGHUP) {
            reload(server);
            sweep_set(sweep, server_settings(server)->config->media_orphan_ms);
        } else if (sig == SIGTERM || sig == SIGINT) {
            LOG_INFO("server.draining", U64("signal", (uint64_t)sig));
            sweep_stop(&sweep);
            return;
        }
        log_flush();
    }
}

/* ---- stop */

static void on_deadline(int sig) {
    static const char line[] = "lvl=error ev=server.cut_off why=\"ending in order took longer than "
                               "server.drain_ms; nothing acknowledged is lost\"\n";
    (void)sig;
    log_drain();
    struct pollfd reader = { .fd = STDERR_FILENO, .events = POLLOUT };
    if (poll(&reader, 1, 0) > 0) {    // nobody reads: nobody to be told
        ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
        (void)ignored;
    }
    _exit(EXIT_FAILURE);
}

/* If the end does not come in time, it comes anyway: nothing acknowledged is lost by it. */
static void set_deadline(uint64_t ms) {
    struct sigaction action = { .sa_handler = on_deadline };
    sigaction(SIGALRM, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    alarm((unsigned)((ms + 999) / 1000));
}

static void stop(struct server *server) {
    health_draining(server->health);
    atomic_store_explicit(&server->is_draining, true, memory_order_release);
    tell_systemd("STOPPING=1");
    for (unsigned i = 0; i < server->started_count; i++) {
        worker_poke(&server->workers[i]);
    }
    for (unsigned i = 0; i < server->started_count; i++) {
        worker_join(&server->workers[i]);
    }
    ring_stop(&server->ring);
}

static void server_fini(struct server *server) {
    for (unsigned i = 0; i < server->prepared_count; i++) {
        worker_fini(&server->workers[i]);
    }
    xfree(server->workers);
    core_free(&server->core);
    if (server->store != NULL) {
        server->store->ops->free(&server->store);
    }
    media_files_free(&server->media);
    addresses_free(&server->addresses);
    token_table_free(&server->tokens);
    health_free(&server->health);
    struct settings *settings = server_settings(server);
    settings_free(&settings);
}

static enum err start(struct server *server, struct buf *why) {
    enum err err = open_store(server, why);
    if (err == OK) {
        const struct config *config = server_settings(server)->config;
        err = media_files_open(config->data_dir.p, config->media_spare_bytes, &server->media, why);
    }
    if (err == OK) {
        err = start_workers(server, why);
    }
    if (err == OK) {
        err = start_ring(server, why);
    }
    if (err == OK) {
        err = open_doors(server, why);
    }
    return err;
}

static void name_dialects(void) {
    static const char *const names[] = {
        "operator",
#define DIALECT(name) #name,
#include "core/dialects.tbl.h"
#undef DIALECT
    };
    metrics_name_dialects(names, COUNT(names));
}

/* Every connection is a descriptor: takes as many as the system lets us have. */
static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            LOG_WARN("server.limit_kept", ERRNO(errno));
        }
    }
}

int server_run(const struct config_sources *sources) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    SCOPED(buf_fini) struct buf why = BUF_INIT(CONFIG_VALUE_BYTES_MAX);
    struct settings *settings = NULL;
    if (settings_new(sources, &settings, &why) != OK) {
        log_setup(LOG_LEVEL_INFO, config_log_format(sources), STDERR_FILENO);
        LOG_ERROR("config.refused", TEXT("why", buf_str(&why)));
        return EXIT_BAD_CONFIG;
    }
    log_setup(settings->config->log_level, settings->config->log_format, STDERR_FILENO);
    log_start();
    name_dialects();
    raise_file_limit();

    struct server server = {
        .sources = *sources,
        .health = health_new(),
        .addresses = addresses_new(),
        .tokens = token_table_new(),
        .worker_count = (unsigned)settings->config->server_workers,
        .started_ms = clock_mono_ms(),
    };
    atomic_init(&server.settings, settings);
    server.workers = xzalloc(server.worker_count * sizeof *server.workers);

    enum err err = start(&server, &why);
    if (err == OK) {
        wait_for_end(&server, &signals);
        set_deadline(server_settings(&server)->config->server_drain_ms + DRAIN_GRACE_MS);
    } else {
        LOG_ERROR("server.not_started", TEXT("why", buf_str(&why)), STR("kind", err_text(err)));
    }
    stop(&server);
    server_fini(&server);
    alarm(0);    // what is left is bounded by itself
    log_flush_all();
    if (err == OK) {
        LOG_INFO("server.stopped", U64("status", 0));
    }
    log_stop();
    return err == OK ? 0 : 1;
}
