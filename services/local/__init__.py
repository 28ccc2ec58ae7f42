"""The whole product on one machine: embedded PostgreSQL, embedded broker and the services under one supervisor.

Owns the folder ``.srez/`` (SREZ_HOME). Never part of the production image.
"""
