/* The quotas of the log: a few rows, looked through one by one, as in repeats.c. */
#include "base/quota.h"

static bool is_over(const struct quota_row *row, uint64_t now_ms) {
    return now_ms >= row->since_ms && now_ms - row->since_ms >= QUOTA_MS;
}

/* Empties a row, its sum going to *sum if there is one. */
static void forget(struct quota_row *row, struct quota_row *sum) {
    sum->surplus = 0;
    if (row->surplus > 0) {
        *sum = *row;
    }
    *row = (struct quota_row){ 0 };
}

struct quota_row *quota_of(struct quota *q, const char *event, uint64_t now_ms,
                           struct quota_row *sum) {
    sum->surplus = 0;
    struct quota_row *free_row = NULL;
    for (size_t i = 0; i < QUOTA_EVENTS_MAX; i++) {
        struct quota_row *row = &q->rows[i];
        if (row->event != NULL && strcmp(row->event, event) == 0) {
            if (!is_over(row, now_ms)) {
                return row;
            }
            forget(row, sum);
            free_row = row;
            break;
        }
        bool is_free = row->event == NULL || (is_over(row, now_ms) && row->surplus == 0);
        if (is_free && free_row == NULL) {
            free_row = row;
        }
    }
    if (free_row != NULL) {
        *free_row = (struct quota_row){ .event = event, .since_ms = now_ms };
    }
    return free_row;
}

bool quota_allows(struct quota_row *row, enum log_level level) {
    if (row->lines < LOG_EVENT_LINES_MAX) {
        return true;
    }
    row->level = level;
    row->surplus++;
    return false;
}

bool quota_take(struct quota *q, uint64_t now_ms, struct quota_row *sum) {
    for (size_t i = 0; i < QUOTA_EVENTS_MAX; i++) {
        struct quota_row *row = &q->rows[i];
        if (row->event != NULL && (now_ms == UINT64_MAX || is_over(row, now_ms))) {
            forget(row, sum);
            return true;
        }
    }
    return false;
}
