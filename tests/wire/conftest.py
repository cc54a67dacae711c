from cli_under_test import call
from fake_dns import asking, dns
from service_under_test import serve, serve_all
from supervised import start

__all__ = ["asking", "call", "dns", "serve", "serve_all", "start"]
