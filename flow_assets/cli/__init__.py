"""What can I ask from a shell?

One file a command, each thin: it reads its arguments, calls one room below, and prints. What a command does not need is
not imported, so that each starts as fast as it can.
"""

from flow_assets.cli.app import main

__all__ = ["main"]
