"""What a request may cost, before it is sent: as an estimate, as a bound, and as an expression for forms."""

from genmux.services.estimates.estimator import Estimator
from genmux.services.estimates.evaluation import Evaluated, evaluate
from genmux.services.estimates.expression import Expression
from genmux.services.estimates.measures import check_operation, generation_of
from genmux.services.estimates.vocabulary import MEASURES, PARAMS

__all__ = [
    "MEASURES",
    "PARAMS",
    "Estimator",
    "Evaluated",
    "Expression",
    "check_operation",
    "evaluate",
    "generation_of",
]
