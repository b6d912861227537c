"""Pictures in files: read with care, written in three formats."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genmux.contract.inputs import MediaInput
from genmux.providers.local.settings import missing_extra
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from PIL.Image import Image

READ = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""What is read; Pillow knows more formats, and some of them start other programs."""

MOST_PIXELS = 40_000_000
"""The largest picture that is read: as many pixels as 8,000 × 5,000."""

FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "png": ("PNG", "image/png", {}),
    "jpeg": ("JPEG", "image/jpeg", {"subsampling": 0}),
    "webp": ("WEBP", "image/webp", {"method": 4}),
}
"""By our name: Pillow's, the media type, and how it is written."""

QUALITIES = {"low": 60, "medium": 80, "high": 95}
"""What our words mean to JPEG and WebP; PNG loses nothing."""


def check_pillow() -> None:
    """Raise ConfigurationError when Pillow is not installed."""
    try:
        import_module("PIL.Image")
    except ImportError as error:
        raise missing_extra(error) from error


def open_picture(given: MediaInput, role: str) -> "Image":
    """The first picture of a file, upright, as RGB or RGBA. Raises InvalidRequestError that says what is wrong with it."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if given.file is None:
        message = f"`{role}` is not a file; embedded engines are given files"
        raise InvalidRequestError(message, param=role)
    try:
        with Image.open(given.file.path, formats=READ) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise _too_large(role, f"{opened.width}x{opened.height}")
            upright = ImageOps.exif_transpose(opened)
            clear = "A" in upright.getbands() or "transparency" in upright.info
            return upright.convert("RGBA" if clear else "RGB")
    except Image.DecompressionBombError as error:
        raise _too_large(role, "more") from error
    except UnidentifiedImageError as error:
        message = f"`{role}` is no picture that can be read; these can: {', '.join(READ)}"
        raise InvalidRequestError(message, param=role) from error
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
    ) as error:  # Pillow's plugins raise all of these for broken files
        message = f"`{role}` is a broken picture: {error}"
        raise InvalidRequestError(message, param=role) from error


def save_picture(image: "Image", path: Path, *, format_: str, quality: str = "high", comment: str | None = None) -> str:
    """Write a picture and give its media type; what has no transparency in JPEG becomes white. Raises OSError."""
    pillow, media_type, options = FORMATS[format_]
    chosen = dict(options)
    if format_ == "jpeg":
        image = on_color(image, (255, 255, 255))
        chosen |= {"quality": QUALITIES[quality], **({"comment": comment} if comment else {})}
    elif format_ == "webp":
        chosen |= {"quality": QUALITIES[quality], "lossless": quality == "high" and image.mode == "RGBA"}
        chosen |= {"xmp": _xmp(comment)} if comment else {}
    elif comment:
        chosen["pnginfo"] = _png_text(comment)
    image.save(path, pillow, **chosen)
    return media_type


def on_color(image: "Image", color: tuple[int, int, int]) -> "Image":
    """A picture without transparency, laid on a color where it had some."""
    from PIL import Image

    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, color)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _png_text(comment: str) -> Any:
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    told.add_itxt("Comment", comment)
    return told


def _xmp(comment: str) -> bytes:
    from xml.sax.saxutils import escape

    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
        f'<rdf:li xml:lang="x-default">{escape(comment)}</rdf:li>'
        "</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _too_large(role: str, size: str) -> InvalidRequestError:
    message = f"`{role}` has {size} pixels; at most {MOST_PIXELS:,} are taken"
    return InvalidRequestError(message, param=role)
