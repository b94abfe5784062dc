"""Which requests are logged."""

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.model_server.request_log_config import read_logging

CONFIG = """
model_config_list {{
  config {{ name: "quiet" base_path: "/models/quiet" }}
  config {{
    name: "shoprank" base_path: "/models/shoprank"
    logging_config {{ {} }}
  }}
}}
"""


def config(logging):
    return text_format.Parse(CONFIG.format(logging), model_server_config_pb2.ModelServerConfig())


def collector(prefix, rate, file_type=""):
    return config(
        f'log_collector_config {{ filename_prefix: "{prefix}" type: "{file_type}" }}'
        f"sampling_config {{ sampling_rate: {rate} }}"
    )


def test_models_that_do_not_ask_are_not_logged():
    assert set(read_logging(collector("/logs/shoprank", 0.5))) == {"shoprank"}


def test_the_sample_is_seeded_and_has_the_rate():
    taken = []
    for seed in (0, 0, 1):
        logging = read_logging(collector("/logs/shoprank", 0.25, "tfrecord"), seed)["shoprank"]
        taken.append([logging.takes() for _ in range(4000)])
    assert taken[0] == taken[1] != taken[2]
    # Four standard deviations of a binomial count.
    assert abs(sum(taken[0]) - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5


@pytest.mark.parametrize(("rate", "taken"), [(0, 0), (1, 100)])
def test_none_and_all(rate, taken):
    logging = read_logging(collector("/logs/shoprank", rate))["shoprank"]
    assert sum(logging.takes() for _ in range(100)) == taken


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (collector("", 1), "log_collector_config.filename_prefix: is ''"),
        (collector("/", 1), "log_collector_config.filename_prefix: is '/'"),
        (collector("/logs/a", 1, "kafka"), "log_collector_config.type: must be tfrecord, is 'kafka'"),
        (collector("/logs/a", 1.5), "sampling_config.sampling_rate: must be between 0 and 1, is 1.5"),
        (collector("/logs/a", -0.1), "sampling_config.sampling_rate: must be between 0 and 1, is -0.1"),
        (collector("/logs/a", "nan"), "sampling_config.sampling_rate: must be between 0 and 1, is nan"),
    ],
)
def test_a_config_that_cannot_be_followed(bad, message):
    with pytest.raises(ValueError) as error:
        read_logging(bad)
    assert str(error.value) == f"model shoprank: logging_config: {message}"
