"""A sandbox Visma.net and a sandbox Orderful: stateful HTTP servers with fault injection.

They replace the vendors on a laptop and in tests. They use real sockets and keep their state in memory. Each can be
controlled in process (its class) or over HTTP (`/_sandbox/...`). The connector differs in base URLs only.

Control routes of both: `requests` (GET, DELETE), `faults` (GET, POST, DELETE), `fault-rates` (PUT), `health` (GET).
Visma: `documents` (GET, POST, PATCH, DELETE), `generate`, `touches`, `edits`, `renames`, `tokens/revoke` (POST),
`orders/<number>` (PATCH), `orders/<number>/supplier`, `options`, `companies`, `clients` (PUT). Orderful:
`transactions`, `deliveries` (GET), `inbound` (POST; the only way to send us an 860), `transactions/<id>` (DELETE),
`transactions/<id>/advance`, `transactions/<id>/answers`, `deliveries/<id>/confirm`, `accounts`, `partners` (POST),
`relationships`, `channels`, `pace`, `options` (PUT). Their bodies carry the names of the arguments of the methods they
call; durations are in seconds.
"""
