-- One ledger a run; see calls.sql for the answers.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE failures (                 -- calls that failed for good; asked again by a resumed run
    key TEXT NOT NULL, model TEXT NOT NULL, error TEXT NOT NULL, attempts INTEGER NOT NULL,
    at REAL NOT NULL
);

CREATE TABLE prompts (
    split TEXT NOT NULL,                -- train, heldout
    position INTEGER NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (split, position)
) WITHOUT ROWID;

CREATE TABLE responses (
    round INTEGER NOT NULL,
    split TEXT NOT NULL,                -- train, before, after
    prompt_id TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (round, split, prompt_id, position)
) WITHOUT ROWID;

CREATE TABLE votes (
    round INTEGER NOT NULL,
    split TEXT NOT NULL,                -- train, evaluation, second (training pairs again)
    prompt_id TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL,  -- response ids, as proposed
    "order" TEXT NOT NULL,              -- ab, ba
    vote INTEGER NOT NULL,
    p_first REAL, abstention TEXT, detail TEXT NOT NULL, explanation TEXT NOT NULL,
    confidence REAL,
    PRIMARY KEY (round, split, prompt_id, a, b, "order", vote)
) WITHOUT ROWID;

CREATE TABLE judged (
    round INTEGER NOT NULL, split TEXT NOT NULL, prompt_id TEXT NOT NULL,
    a TEXT NOT NULL, b TEXT NOT NULL, p_a REAL, agreement REAL NOT NULL,
    PRIMARY KEY (round, split, prompt_id, a, b)
) WITHOUT ROWID;

CREATE TABLE preferences (
    round INTEGER NOT NULL, id TEXT NOT NULL, prompt_id TEXT NOT NULL,
    chosen TEXT NOT NULL, rejected TEXT NOT NULL,
    p_chosen REAL NOT NULL, agreement REAL NOT NULL, votes INTEGER NOT NULL,
    confidence REAL NOT NULL,
    stage TEXT NOT NULL,                -- kept, or what dropped it: pair, or a filter's name
    reason TEXT NOT NULL,               -- empty if kept
    PRIMARY KEY (round, id)
) WITHOUT ROWID;

CREATE TABLE losses (                   -- what never became a preference, and why
    round INTEGER NOT NULL, prompt_id TEXT NOT NULL, stage TEXT NOT NULL, reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (round, prompt_id, stage, reason)
) WITHOUT ROWID;

CREATE TABLE stages (
    round INTEGER NOT NULL, stage TEXT NOT NULL, seconds REAL NOT NULL,
    figures TEXT NOT NULL,              -- JSON
    done INTEGER NOT NULL,
    PRIMARY KEY (round, stage)
) WITHOUT ROWID;

CREATE TABLE training (                 -- one row an optimizer step
    round INTEGER NOT NULL, stage TEXT NOT NULL, step INTEGER NOT NULL, figures TEXT NOT NULL,
    PRIMARY KEY (round, stage, step)
) WITHOUT ROWID;
