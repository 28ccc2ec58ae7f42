"""The pure core: values in, values out, time as an argument (STYLE "Pure core").

The day in the order in which it is judged: ``versions`` → ``day`` → ``exposure`` → ``norms`` → ``target`` →
``funnel`` → ``trust`` → ``deviation`` → ``rung`` → ``tasks`` → ``closing``; beside it ``causes``, ``detectors``,
``attribution`` and ``technical`` tell a fault of the line from a fault of people.
"""
