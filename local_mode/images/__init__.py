"""The images of the algorithms: what they are called here and at AWS, how they are built, what is inside."""

from local_mode.images.building import build, require, tag_as_aws
from local_mode.images.catalogue import IMAGES, Image, find
from local_mode.images.contents import Contents, inspect

__all__ = ["IMAGES", "Contents", "Image", "build", "find", "inspect", "require", "tag_as_aws"]
