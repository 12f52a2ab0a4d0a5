"""Where does it live?

Content-addressed objects (`ObjectStore`), what is remembered of a computed partition (`Record`), which files a dataset
consisted of (`DatasetVersion`), how rows lie in files (`encode_partition`, buckets), and files on other people's
servers (`RemoteFiles`). Nothing here decides whether something must be computed (that is `memo`), nor says what is held
now (that is `ledger`).
"""

from flow_assets.lake.buckets import bucket_expression_sql, bucket_numbers, bucket_of
from flow_assets.lake.layout import EncodedFile, encode_partition, read_bucket
from flow_assets.lake.objects import Blob, ObjectStore
from flow_assets.lake.records import BucketSpan, PartitionFile, Record
from flow_assets.lake.remote import RemoteFile, RemoteFiles
from flow_assets.lake.versions import DatasetVersion, VersionedPartition

__all__ = [
    "Blob",
    "BucketSpan",
    "DatasetVersion",
    "EncodedFile",
    "ObjectStore",
    "PartitionFile",
    "Record",
    "RemoteFile",
    "RemoteFiles",
    "VersionedPartition",
    "bucket_expression_sql",
    "bucket_numbers",
    "bucket_of",
    "encode_partition",
    "read_bucket",
]
