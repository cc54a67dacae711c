from service_under_test import serve, serve_all
from supervised import start

__all__ = ["serve", "serve_all", "start"]
