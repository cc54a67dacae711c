from service_under_test import serve, serve_all

__all__ = ["serve", "serve_all"]
