"""The table in the fake's README that says which official client has verified which operation."""

BEGIN, END = "<!-- verified-by:begin -->", "<!-- verified-by:end -->"


def check(readme, results, update):
    """Compares the table with the results, or writes it. What is wrong, if something is."""
    text = readme.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        return [f"{readme} must have the lines {BEGIN} and {END} exactly once"]
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = f"{before}{BEGIN}\n{render(results)}{END}{after}"
    if wanted == text:
        return []
    if update:
        readme.write_text(wanted)
        return []
    return [f"the table in {readme} differs from the results: run scripts/sdk-interop --update-readme"]


def render(results):
    """One table per product: operations down, clients across, and the codes that were provoked."""
    tables = []
    for product in dict.fromkeys(record["product"] for record in results):
        records = [record for record in results if record["product"] == product]
        packages = {record["client"]: record["package"] for record in records}
        clients = list(packages)
        legend = "; ".join(f"{client}: {package}" for client, package in packages.items())
        lines = [f"{legend}.", "", f"| {product.upper()} | {' | '.join(clients)} | refused with |"]
        lines.append("|---" * (len(clients) + 2) + "|")
        for operation in sorted({record["operation"] for record in records}):
            rows = {record["client"]: record for record in records if record["operation"] == operation}
            cells = ["yes" if rows[client]["passed"] else "no" for client in clients]
            codes = sorted({code for record in rows.values() for code in record["refusals"]})
            lines.append(f"| `{operation}` | {' | '.join(cells)} | {', '.join(f'`{code}`' for code in codes)} |")
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)
