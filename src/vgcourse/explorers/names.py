"""Activations and initializers as people write them."""

ACTIVATIONS = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "prelu": "PReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
}
INITIALIZERS = {
    "lecun_normal": "LeCun, normal",
    "lecun_uniform": "LeCun, uniform",
    "glorot_normal": "Glorot, normal",
    "glorot_uniform": "Glorot, uniform",
    "he_normal": "He, normal",
    "he_uniform": "He, uniform",
    "truncated_normal": "truncated normal",
}
