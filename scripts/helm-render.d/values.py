"""Values as Helm reads them."""


def merge(values, later):
    """Maps are merged, everything else is replaced, as Helm does with several files."""
    for name, value in later.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            merge(values[name], value)
        else:
            values[name] = value
