"""What must be set before TensorFlow is imported."""

import os
import warnings


def prepare_environment() -> None:
    """Set what TensorFlow reads once, when it is imported, and keep what is no news off the terminal."""
    # TFT and TFMA need Keras 2; our models import Keras 3 all the same.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    # Even errors: TensorFlow logs some about CUDA wherever there is no GPU, and raises those that matter.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.api_core")
