from typing import Annotated, get_args, get_origin

import pyarrow as pa

from flow_assets.declaration import schema
from flow_assets.declaration.type_names import type_name


def test_each_type_that_can_be_imported_has_its_name_in_messages() -> None:
    types = {name: get_args(kind)[1] for name, kind in vars(schema).items() if get_origin(kind) is Annotated}
    assert len(types) >= 8
    assert {name: type_name(kind) for name, kind in types.items()} == {name: name for name in types}


def test_other_types_have_arrows_names() -> None:
    assert type_name(pa.list_(pa.int32())) == "list<item: int32>"
    assert type_name(pa.timestamp("s")) == "timestamp[s]"
