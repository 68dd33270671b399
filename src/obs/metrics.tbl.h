/* Every metric there is, as /metrics prints it with `parloir_` in front.
 *
 *   COUNTER(name, label, help)      only grows; by convention its name ends in _total
 *   GAUGE(name, label, help)        goes up and down
 *   HISTOGRAM(name, label, unit, help)
 *
 *   label   none, dialect, reason (enum metric_reason), worker (a number from 0)
 *   unit    SECONDS: observed in microseconds, printed in seconds; COUNTS: plain numbers */

GAUGE(connections, dialect, "Connections open now.")
COUNTER(connections_total, dialect, "Connections accepted since the start.")
COUNTER(connection_errors_total, reason,
        "Connections that ended, or never began, because of an error.")
COUNTER(reconnections_total, dialect, "Connections of users who had left less than a minute before.")
COUNTER(messages_in_total, dialect, "Messages that clients sent.")
COUNTER(messages_out_total, dialect, "Messages delivered to connections.")
COUNTER(bytes_in_total, dialect, "Bytes read from connections.")
COUNTER(bytes_out_total, dialect, "Bytes written to connections.")
COUNTER(frames_encoded_total, dialect,
        "Wire forms encoded; one serves every connection of its kind.")
HISTOGRAM(delivery_seconds, dialect, SECONDS,
          "From a message's arrival to its hand-over to the kernel for a receiver.")
GAUGE(outbox_bytes, worker, "Bytes waiting for connections.")
COUNTER(slow_readers_dropped_total, dialect, "Connections closed because their outbox was full.")
HISTOGRAM(batch_commands, none, COUNTS, "Commands in one batch of the core.")
HISTOGRAM(batch_writes, none, COUNTS, "Writes in one transaction of the store.")
HISTOGRAM(commit_seconds, none, SECONDS, "Time to commit and sync one transaction.")
COUNTER(commit_errors_total, none, "Transactions the store could not commit.")
COUNTER(store_questions_total, none, "Questions the store's readers answered.")
COUNTER(messages_pruned_total, none, "Messages that rooms were not to keep any longer.")
GAUGE(messages_unindexed, none,
      "Messages and changes that the index of search has not taken in yet.")
GAUGE(queue_credits_used, none, "Commands under way in the ring.")
GAUGE(queue_credits_max, none, "Commands that may be under way in the ring.")
COUNTER(intake_stalls_total, worker,
        "Times a worker stopped reading because all credits were used.")
GAUGE(resident_rooms, none, "Rooms in memory.")
GAUGE(resident_users, none, "Users in memory.")
GAUGE(sessions, worker, "Sessions, the parked ones among them.")
HISTOGRAM(loop_lag_seconds, worker, SECONDS, "How late a worker's timer came.")
COUNTER(auth_failures_total, reason, "Credentials that were refused.")
COUNTER(rate_limited_total, dialect, "Commands refused because of a rate limit.")
COUNTER(refusals_total, dialect, "Commands the rules refused, rate limits among them.")
COUNTER(protocol_errors_total, dialect, "Input that was not what its protocol allows.")
COUNTER(http_requests_total, none, "HTTP requests answered.")
COUNTER(uploads_total, none, "Files taken in.")
COUNTER(upload_bytes_total, none, "Bytes of the files taken in.")
COUNTER(upload_errors_total, none, "Uploads that were refused or failed.")
COUNTER(uploads_removed_total, none, "Files removed because no message showed them.")
