"""The optimizer soups: a policy for each reward, and their weights averaged."""
