"""The strict front: one WSGI application before moto's own."""
