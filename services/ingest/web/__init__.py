"""HTTP: ``/hooks/{source}[/{rest}]`` as a plain ASGI endpoint, probes and OpenAPI beside it."""
