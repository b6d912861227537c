"""Speech and transcription as calls, and live sessions."""
