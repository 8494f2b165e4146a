"""Running chains: what is served (chains), and the one owner of tasks and loops (runner)."""
