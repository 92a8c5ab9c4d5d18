"""The platforms on your own machine, for tests and the demo. The application never imports it.

core       Sandbox: proxy -> TLS -> one ASGI app per host, with faults and a journal between
world      what there is: channels, posts, numbers, at any moment (population, posts, growth, edits, quota, clock)
platforms  how each platform shows it; another platform is one more module there
telegram   a Telegram that speaks MTProto, at its data centers' addresses
control    what the demo's panel and tests ask it over loopback; `python -m sandbox` is the process
testing    the sandbox of a test process
replay     recorded answers in place of the fakes
"""
