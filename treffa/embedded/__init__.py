"""Treffa on one machine: a database, a broker and the processes, started and watched by one supervisor.

`python -m treffa.embedded with --name test -- CMD` starts database and broker for one command;
`python -m treffa.embedded up --name demo` starts the whole. Nothing here imports Django.
"""
