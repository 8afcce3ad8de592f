"""The message and its generated module."""

from __future__ import annotations

import hashlib

from google.protobuf import descriptor_pool

from recordio.record_pb2 import DESCRIPTOR, Record

#: SHA-256 of the serialised descriptor in `sagemaker.amazon.record_pb2` of the SageMaker SDK 2.257.
SDK_DESCRIPTOR = "1cd7001a01a1c8e6c7f4800f8b4394a676088dac2e7ae258c632bc64aaf74afc"


def test_descriptor_is_the_sdks() -> None:
    """Protobuf refuses a second file that defines the same messages, unless its name and its content are equal."""
    assert DESCRIPTOR.name == "record.proto"
    assert hashlib.sha256(DESCRIPTOR.serialized_pb).hexdigest() == SDK_DESCRIPTOR


def test_sdk_may_be_imported_into_the_same_process() -> None:
    again = descriptor_pool.Default().AddSerializedFile(DESCRIPTOR.serialized_pb)
    assert again.message_types_by_name["Record"] is Record.DESCRIPTOR
