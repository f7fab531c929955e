"""The lab: a closed world with a known truth, for watching and checking preference learning.

`rlaif_lab.world` draws prompts and scores responses against the truth (pure Python, no model).
`rlaif_lab.shipped` has the paths of the lab's own policy and judge.
`rlaif_lab.train` rebuilds the models from a seed.
"""
