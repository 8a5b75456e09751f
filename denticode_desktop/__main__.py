"""Entry for `python -m denticode_desktop` and for the frozen program: the window, or `console …` for the console."""

import sys

from denticode_desktop.app import console_main, window_main

if __name__ == "__main__":
    if sys.argv[1:2] == ["console"]:
        sys.exit(console_main(sys.argv[2:]))
    sys.exit(window_main(sys.argv[1:]))
