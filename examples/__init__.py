"""Packages of datasets besides the flights, to copy from; nothing in flow_assets knows of them."""
