"""Signs webhooks as the Standard Webhooks specification says (HMAC-SHA256 over id, stamp and body)."""

import base64
import hashlib
import hmac


def signed(body: bytes, *, message_id: str, secret: str, stamp: float) -> dict[str, str]:
    """The three headers. `secret` begins with `whsec_`, what follows is base64; `stamp` is Unix time."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = b"%b.%d.%b" % (message_id.encode(), int(stamp), body)
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(int(stamp)), "webhook-signature": f"v1,{signature}"}
