/* What is served over HTTP: ROUTE(path, handler). A handler answers the request or starts an
 * upgrade; GET and HEAD alone are let through to it, anything else is 405. On an entrance of the
 * hub every path is an upgrade. */
ROUTE("/healthz", route_health)
ROUTE("/readyz", route_ready)
ROUTE("/metrics", route_metrics)
ROUTE("/", route_root)
ROUTE("/ws/hub", route_hub)
ROUTE("/ws/chat", route_envelope)
