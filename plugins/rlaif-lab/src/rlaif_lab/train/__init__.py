"""Rebuild the lab's tokenizer, policy and judge from a seed: `python -m rlaif_lab.train`."""
