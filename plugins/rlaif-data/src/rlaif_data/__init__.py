"""Prompt sources: JSONL files and Hugging Face datasets."""
