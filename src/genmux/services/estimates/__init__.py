"""What a request may cost, before it is sent."""

from genmux.services.estimates.estimator import Estimator

__all__ = ["Estimator"]
