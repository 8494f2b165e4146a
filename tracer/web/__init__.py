"""The server: who may ask (gate), what is answered (app, sse), how it starts and stops (server)."""
