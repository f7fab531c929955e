from rlaif_trl.reward_model import ScalarHead
from rlaif_core.api import *
def test_smoke(job):
    seen=[]
    j=job(progress=lambda *a: seen.append(a), heldout=frozenset({"p1","p2"}))
    r=ScalarHead(ScalarHead.Params(learning_rate=3e-3,num_train_epochs=4))
    m=r.fit(j)
    print(m); print(seen[0], seen[-1]); print(sorted(x.name for x in j.output.rglob("*")))
    r.load(str(j.output))
    p=Prompt("a",(Message("user","say 12"),))
    print(r.score([p,p],["12 please","12 now!!!"]), (j.output/"config.json").read_text())
    assert 0
