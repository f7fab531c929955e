"""Any local causal language model with a chat template, by Hugging Face transformers."""
