"""Kolmogorov-Arnold networks for tables: train, explain, simplify, snap to formulas, save.

from kan import KANRegressor
model = KANRegressor(hidden=(5,), random_state=0).fit(X, y)   # numpy, polars or pandas
model.predict(X); model.explain(X[:3])                        # outputs, contributions of every edge
model.simplify().symbolify().formula()                        # prune and refit, snap and refit, SymPy
model.save("m.safetensors"); KANRegressor.load("m.safetensors")
"""

from kan.estimator import KANClassifier, KANRegressor
from kan.features import CategoricalFeature, NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId, Network

__all__ = ["CategoricalFeature", "EdgeId", "FittedModel", "KANClassifier", "KANRegressor", "Network", "NumericFeature"]
