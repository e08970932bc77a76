"""The toy kit: small nets and data for tests, doctests and quick looks.

``toys`` has the three small nets of ``configs/attack``, which a training of a
minute or two makes worth attacking, and the nets of Table 1 at their smallest;
``segmentor`` an untrained one that is swept in a second;
``plain_miss_rate`` the miss rate written slowly; ``naps`` work for processes;
``tool_process`` runs a tool in one of its own.
"""
