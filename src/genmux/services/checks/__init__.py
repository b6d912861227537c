"""Does a request fit its model? Either all faults are told at once, or the request is made to fit and says how.

- `faults(request, model)`: everything that is wrong with a call, in words; `fit` makes a chat fit, with warnings.
- `checked(request, model)`: a generation with the defaults of its parameters; raises ValidationError with all faults.
"""

from genmux.services.checks.generations import PROMPTED, checked, inputs_of, params_of
from genmux.services.checks.requests import FEATURES_NEEDED, INDISPENSABLE, UNIVERSAL, faults, fit, general_faults

__all__ = [
    "FEATURES_NEEDED",
    "INDISPENSABLE",
    "PROMPTED",
    "UNIVERSAL",
    "checked",
    "faults",
    "fit",
    "general_faults",
    "inputs_of",
    "params_of",
]
