"""With what is it computed?

Landed bytes become Arrow tables here, inputs become the kind of frame a function asks for, and what it returns becomes
an Arrow table again. Each stage that can change content has a version that enters the key, raised by hand with a
golden test as its guard.
"""

from flow_assets.engines.frames import FRAMES_VERSION, FrameLoader, arrow_of, empty_table
from flow_assets.engines.readers import READER_VERSION, read_landed

__all__ = ["FRAMES_VERSION", "READER_VERSION", "FrameLoader", "arrow_of", "empty_table", "read_landed"]
