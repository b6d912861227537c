"""Assets as rows: files, the bytes behind them, uploads on their way; and the storage in which the bytes lie."""
