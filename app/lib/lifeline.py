"""Run a Python module that does not outlive its parent: `python -m app.lib.lifeline FD MODULE [ARG ...]`.

FD is the reading end of a pipe whose other end only the parent holds. When the parent is gone, however
it went, the pipe ends: the module gets SIGTERM, GRACE seconds to finish, and then its whole process
group is killed. Works wherever there are pipes; nothing has to be told to the module.
"""

import atexit
import os
import runpy
import signal
import sys
import threading
import time

GRACE = 8.0  # a database that hung on the same parent is gone at once: there is little left to finish


def hold(fd: int) -> None:
    """From now on follow the parent at the other end of pipe `fd`. The caller leads its process group."""
    os.set_inheritable(fd, False)
    gone = threading.Event()

    def watch() -> None:
        while os.read(fd, 1):
            pass
        gone.set()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os.killpg(0, signal.SIGKILL)

    def sweep() -> None:
        if gone.is_set():  # nobody is left above us to end what we started
            os.killpg(0, signal.SIGKILL)

    atexit.register(sweep)
    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def main() -> None:
    fd, module, *arguments = sys.argv[1:]
    hold(int(fd))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
