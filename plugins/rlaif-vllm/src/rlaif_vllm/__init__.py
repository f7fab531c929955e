"""Model `vllm`: local checkpoints in vLLM's offline engine."""
