"""A sandbox Visma.net and a sandbox Orderful: small HTTP servers with state that misbehave on request.

They stand in for the vendors on a laptop and in tests. They speak over real sockets, keep everything in memory and have
the faults that the vendors are known to have. Each can be steered in process (its class) or over HTTP
(`/_sandbox/...`).
Production code knows nothing of them: only base URLs differ.

Control routes of both: `requests` (GET, DELETE), `faults` (GET, POST, DELETE), `fault-rates` (PUT), `health` (GET).
Visma: `documents` (GET, POST, PATCH, DELETE), `generate`, `touches`, `edits`, `renames`, `tokens/revoke` (POST),
`orders/<number>` (PATCH), `orders/<number>/supplier`, `options`, `companies`, `clients` (PUT). Orderful:
`transactions`, `deliveries` (GET), `inbound` (POST; the only way to send an 860 to us), `transactions/<id>` (DELETE),
`transactions/<id>/advance`, `transactions/<id>/answers`, `deliveries/<id>/confirm`, `accounts`, `partners` (POST),
`relationships`, `channels`, `pace`, `options` (PUT). Their bodies carry the names of the arguments of the methods they
call; durations are in seconds.
"""
