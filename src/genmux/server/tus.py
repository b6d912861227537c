"""What is said of resumable uploads to whoever asks: the tus protocol 1.0 (https://tus.io/protocols/resumable-upload)."""

UPLOADS = "/api/v1/assets/uploads"
TUS = "1.0.0"


def tus_headers(max_bytes: int) -> tuple[tuple[str, str], ...]:
    """The answer to OPTIONS; `max_bytes` is the largest file."""
    return (
        ("tus-resumable", TUS),
        ("tus-version", TUS),
        ("tus-extension", "creation,expiration,termination"),
        ("tus-max-size", str(max_bytes)),
    )
