"""`python -m infra` brings template.yaml up to date (`make template`)."""

from infra.generate import main

main()
