"""What must be set before TensorFlow is imported."""

import os


def prepare_environment() -> None:
    """Set what TensorFlow reads once, when it is imported."""
    # TFT and TFMA need Keras 2; our models import Keras 3 all the same.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
