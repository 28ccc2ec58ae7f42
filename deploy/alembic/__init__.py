"""Migrations, run by services.local.migrate; see CONTRIBUTING for how to add one."""
