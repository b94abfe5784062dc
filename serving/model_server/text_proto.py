"""Configuration files in the text form of Protocol Buffers."""

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from serving.model_server.errors import one_line


def message_class(file: str, name: str) -> Any:
    """Make the class of a message that `tensorflow-serving-api` leaves out.

    It lives in a descriptor pool of its own, so it never clashes with another definition in the same process.

    Args:
        file: Text form of a `FileDescriptorProto` with the field names and numbers of TensorFlow Serving's proto file.
        name: Full name of the message.
    """
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(text_format.Parse(file, descriptor_pb2.FileDescriptorProto()).SerializeToString())
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    # Protocol Buffers 3.20 has only the older name.
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def read_text_proto(path: Path, message: Any, secret: bool = False) -> Any:
    """Fill a message from a file in text form, and return it.

    Args:
        path: The file.
        message: An empty message.
        secret: Whether the file's content must not show in an error.

    Raises:
        ValueError: The file cannot be read or is no such message; one line with the file, the place and the reason.
    """
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text") from error
    except text_format.ParseError as error:
        place = f"line {error.GetLine()}, column {error.GetColumn()}"
        where = f"{path}: not a {message.DESCRIPTOR.name} in text form: {place}"
        if secret:
            raise ValueError(where) from None
        # The parser begins its message with the place as well.
        reason = one_line(str(error)).removeprefix(f"{error.GetLine()}:{error.GetColumn()} : ")
        raise ValueError(f"{where}: {reason}") from error
