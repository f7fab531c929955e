"""The lab: a closed world of known truth in which preference learning can be watched and checked.

`rlaif_lab.world` draws prompts and scores responses against the truth (pure Python, no model).
`rlaif_lab.shipped` says where the lab's own policy, judge and prompt templates lie.
`rlaif_lab.train` rebuilds the models from a seed.
"""
