"""Proximal policy optimization of a language model, implemented here from sampling to update.

`equations` is the mathematics. A step of `trainer` samples responses (`sampling`), batches them
(`episodes`), turns rewards into advantages (`experience`) and follows their gradient (`update`);
`actor_critic` holds the two networks, `reference` the third.
"""
