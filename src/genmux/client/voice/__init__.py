"""Speech, transcription and live sessions, for code with an event loop and for code without."""
