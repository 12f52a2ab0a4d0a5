"""Where does it live?

Content-addressed objects (`ObjectStore`), what is remembered of a computed partition (`Record`), how its rows lie in
files (`encode_partition`, buckets), and files on other people's servers (`RemoteFiles`). Nothing here decides whether
something must be computed (that is `memo`), nor says what is held now (that is `ledger`).
"""

from flow_assets.lake.buckets import bucket_expression_sql, bucket_numbers, bucket_of
from flow_assets.lake.layout import EncodedFile, encode_partition, read_bucket
from flow_assets.lake.objects import Blob, ObjectStore
from flow_assets.lake.records import BucketSpan, PartitionFile, Record
from flow_assets.lake.remote import RemoteFile, RemoteFiles

__all__ = [
    "Blob",
    "BucketSpan",
    "EncodedFile",
    "ObjectStore",
    "PartitionFile",
    "Record",
    "RemoteFile",
    "RemoteFiles",
    "bucket_expression_sql",
    "bucket_numbers",
    "bucket_of",
    "encode_partition",
    "read_bucket",
]
