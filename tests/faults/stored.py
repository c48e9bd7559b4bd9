"""Stored results as the worker wrote them, made whole again."""


def write_out(stored):
    """Puts into stored results what they leave out since the result before them says it too."""
    before = None
    for result in stored:
        if result["kind"] != "EVENT":
            continue
        if before is not None:
            result["topic"] = result["topic"] or before["topic"]
            for place, header in enumerate(result["headers"]):
                if header["name"]:
                    continue
                model = before["headers"][place]
                header["name"] = model["name"]
                if header["value"] is None:
                    header["value"] = model["value"]
                elif not header["value"] and place:
                    header["value"] = result["headers"][place - 1]["value"]
        if not result["id"]:
            result["id"] = next(h["value"] for h in result["headers"] if h["name"] == b"ce_id").decode()
        before = result
