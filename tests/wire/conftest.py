from fake_dns import asking, dns
from service_under_test import serve, serve_all
from supervised import start

__all__ = ["asking", "dns", "serve", "serve_all", "start"]
