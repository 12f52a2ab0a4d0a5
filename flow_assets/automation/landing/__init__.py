"""When does data arrive? Lays a source's files into the landing folder, the way sources really deliver.

`land` writes deliveries; each source is one module that says what it delivers on which day, and a line in `SOURCES`.
Nothing here knows which datasets read the files.
"""

from flow_assets.automation.landing.delivery import Delivery, LandingReport, deliver
from flow_assets.automation.landing.sources import SOURCES, land

__all__ = ["SOURCES", "Delivery", "LandingReport", "deliver", "land"]
