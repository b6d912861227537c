"""Pictures and videos in the shapes of OpenAI: jobs behind them, files beside them."""
