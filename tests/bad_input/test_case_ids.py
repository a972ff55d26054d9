"""The tables of bad input, together."""

from test_bad_configuration import CONFIGURATION
from test_bad_data import DATA_FILES, OWN_IMAGES
from test_bad_options import NAMES
from test_bad_parameters import PARAMETERS
from test_bad_results import PLACES, RESULTS
from test_bad_stores import PORTS, STORES

CASES = [
    *PARAMETERS,
    *NAMES,
    *CONFIGURATION,
    *DATA_FILES,
    *OWN_IMAGES,
    *RESULTS,
    *PLACES,
    *STORES,
    *PORTS,
]


def test_the_table_has_each_case_once() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 60
