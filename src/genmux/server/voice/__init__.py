"""Speech and transcription in the shapes of OpenAI, with any model."""
