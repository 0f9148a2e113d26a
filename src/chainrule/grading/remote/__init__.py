"""Student code at arm's length: a worker asks, over a socket, what a guest's process answers.

Plain data crosses (`codec.py`), in frames (`framing.py`), as requests and answers either way
(`connection.py`). The worker's end is `client.py`, where objects of the student's are proxies
(`proxy.py`); the guest's end is `server.py`, with a shell that runs cells (`shell.py`). What the
server says is a value, never a verdict. Start with `connection.py`. It may import `limits` and
`notebook`.
"""
