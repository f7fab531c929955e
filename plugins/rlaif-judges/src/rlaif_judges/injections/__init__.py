"""A suite of attacks on judges: responses that are written for the judge and not for the person.

from rlaif_judges.injections import injections

for case in injections():
    ...  # judge (case.prompt, case.honest, case.attacking): the honest one should win
"""

from rlaif_judges.injections.suite import Injection, Kind, injections

__all__ = ["Injection", "Kind", "injections"]
